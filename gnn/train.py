"""Training a model for service: judged on the past, then fitted to the whole graph."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path

from etl.tables import Tables
from gnn.artifact.files import save_artifact
from gnn.artifact.model import ModelArtifact
from gnn.components.assembly import assemble
from gnn.components.fitting import MIN_BASKETS, MIN_ITEMS, fit_model, ranked_items
from gnn.components.further_parts import fit_further_parts
from gnn.components.tuning import judge
from gnn.config import TrainingConfig
from gnn.data.purchases import read_purchases
from gnn.data.sequences import is_sequential
from gnn.data.splits import split_by_time
from gnn.errors import TrainingError
from gnn.network.training import Progress, no_progress
from gnn.registry import promote, promoted, remove_unfinished
from graph.edges import EdgeTables

logger = logging.getLogger(__name__)

#: Where a run keeps its checkpoints, in the models folder.
CHECKPOINTS = ".training"
#: Where vectors of texts are kept from one training to the next, in the models folder.
TEXT_CACHE = ".text.sqlite"


def train(
    tables: Tables,
    edges: EdgeTables,
    models: Path,
    *,
    config: TrainingConfig,
    progress: Progress | None = None,
) -> ModelArtifact:
    """Train, save to `models` / `model_version`, and put it in service where no model is.

    Epochs, blend and EASE rows are chosen by a model that is fitted to `tables` before a cut, and metrics are
    measured on what follows; the model that is saved is then fitted to all of `edges`, the graph as its store
    exports it. A killed run goes on from its last epoch when it is started again with the same inputs.

    Raises:
        TrainingError: If there are no baskets, or `edges` is the graph of other tables.
    """
    started = time.perf_counter()
    if edges.tables_version != tables.manifest.tables_version:
        raise TrainingError("the graph was loaded from other tables: run bundlegraph load")
    if not tables.manifest.num_baskets:
        raise TrainingError("no baskets in the tables: ingest interactions with a user or a basket")
    models.mkdir(parents=True, exist_ok=True)
    remove_unfinished(models)
    report = progress or no_progress

    split = split_by_time(tables, config=config)
    text_cache = models / TEXT_CACHE if config.reads_texts else None
    purchases = read_purchases(tables, edges)
    is_sequence = is_sequential(purchases)
    judgement = judge(
        tables,
        split=split,
        is_sequence=is_sequence,
        config=config,
        checkpoint=models / CHECKPOINTS / "judged.pt",
        text_cache=text_cache,
        progress=report,
    )
    judged_s = time.perf_counter() - started
    model = fit_model(
        purchases,
        edges,
        config=config,
        ranked=ranked_items(purchases, config, is_sequence=is_sequence),
        is_sequence=is_sequence,
        validation=None,
        max_epochs=judgement.num_epochs,
        checkpoint=models / CHECKPOINTS / "final.pt",
        progress=report,
    )
    further = fit_further_parts(
        tables,
        edges,
        model,
        split=split,
        judgement=judgement,
        text_cache=text_cache,
        config=config,
        progress=report,
    )
    report("packing", 0, 1)
    warnings = list(judgement.warnings)
    if model.kind == "closed_form":
        warnings.insert(
            0,
            f"too little data for a GNN (under {MIN_BASKETS} baskets or {MIN_ITEMS} ranked items): "
            "counts and a closed form serve",
        )
    run = {
        "num_epochs": judgement.num_epochs,
        "judged_s": round(judged_s, 1),
        "total_s": round(time.perf_counter() - started, 1),
    }
    artifact = assemble(
        tables,
        edges,
        model,
        weights=judgement.weights,
        predicted_links=further.predicted_links,
        substitutes=further.substitutes,
        category_links=further.category_links,
        bundle_model=further.bundle_model,
        sequence_model=further.sequence_model,
        cold_model=further.cold_model,
        content_links=further.content_links,
        config=config.to_json() | {"run": run},
        metrics=judgement.metrics | further.metrics,
        warnings=warnings,
    )
    folder = save_artifact(artifact, models)
    if promoted(models) is None:
        promote(models, artifact.info.model_version)
    shutil.rmtree(models / CHECKPOINTS, ignore_errors=True)
    report("packing", 1, 1)
    logger.info("trained %s in %.0f s", folder.name, time.perf_counter() - started)
    return artifact
