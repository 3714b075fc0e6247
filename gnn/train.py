"""Training a model for service: prepare, tune, fit, save."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path

from etl.tables import Tables
from gnn.artifact.files import save_artifact
from gnn.artifact.model import ModelArtifact
from gnn.components.assembly import assemble
from gnn.components.context import FitContext
from gnn.components.learned import MIN_BASKETS, MIN_ITEMS, learn
from gnn.components.tuning import tune
from gnn.config import TrainingConfig
from gnn.data.purchases import read_purchases
from gnn.data.sequences import is_sequential
from gnn.data.training_data import split_by_time, training_data
from gnn.errors import TrainingError
from gnn.network.training import Progress, no_progress
from gnn.registry import has_readable_promoted, promote, remove_unfinished, training_lock
from graph.edges import EdgeTables

logger = logging.getLogger(__name__)

#: Checkpoints of a run, in the models folder.
CHECKPOINTS = ".training"
#: Vectors of texts, kept from one training to the next, in the models folder.
TEXT_CACHE = ".text.sqlite"


def train(
    tables: Tables,
    edges: EdgeTables,
    models: Path,
    *,
    config: TrainingConfig,
    progress: Progress | None = None,
) -> ModelArtifact:
    """Train, save to `models` / `model_version`, and put it in service where no model is that can serve.

    The tuning is chosen by a model that is fitted to `tables` before a cut, and metrics are measured on what
    follows; the model that is saved is then fitted to all of `edges`, the graph as its store exports it. A
    killed run continues from its last epoch when it is started again with the same inputs.

    Raises:
        TrainingError: If there are no baskets, `edges` is the graph of other tables, or another run trains.
    """
    _check(tables, edges)
    report = progress or no_progress
    started = time.perf_counter()
    with training_lock(models):
        remove_unfinished(models)
        split = split_by_time(tables, config=config)
        is_sequence = is_sequential(read_purchases(tables, edges))
        text_cache = models / TEXT_CACHE if config.reads_texts else None

        result = tune(
            tables,
            split,
            is_sequence=is_sequence,
            config=config,
            checkpoint=models / CHECKPOINTS / "tuning.pt",
            text_cache=text_cache,
            progress=report,
        )
        tuned_s = time.perf_counter() - started

        data = training_data(tables, edges, config=config, is_sequence=is_sequence)
        learned = learn(
            data,
            config=config,
            validation=None,
            max_epochs=result.tuning.num_epochs,
            checkpoint=models / CHECKPOINTS / "final.pt",
            progress=report,
        )
        warnings = list(result.warnings)
        if learned.kind == "closed_form":
            warnings.insert(
                0,
                f"too little data for a GNN (under {MIN_BASKETS} baskets or {MIN_ITEMS} ranked items to "
                "train on): counts and a closed form serve",
            )
        context = FitContext(data, learned, result.tuning, config, text_cache, report)
        run = {"num_epochs": result.tuning.num_epochs, "tuned_s": round(tuned_s, 1)}
        artifact = assemble(context, run=run, metrics=result.metrics, warnings=warnings)

        save_artifact(artifact, models)
        if not has_readable_promoted(models):
            promote(models, artifact.info.model_version)
        shutil.rmtree(models / CHECKPOINTS, ignore_errors=True)
    logger.info("trained %s in %.0f s", artifact.info.model_version, time.perf_counter() - started)
    return artifact


def _check(tables: Tables, edges: EdgeTables) -> None:
    if edges.tables_version != tables.manifest.tables_version:
        raise TrainingError("the graph was loaded from other tables: run bundlegraph load")
    if not tables.manifest.num_baskets:
        raise TrainingError("no baskets in the tables: ingest interactions with a user or a basket")
