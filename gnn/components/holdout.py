"""A holdout: the model fitted to the data before validation, and the queries that follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from gnn.artifact.model import ModelArtifact
from gnn.components.assembly import SCORING, assemble
from gnn.components.context import FitContext, Tuning
from gnn.components.learned import learn
from gnn.components.tasks import RankingTask, task_of
from gnn.config import TrainingConfig
from gnn.data.queries import CompletionQueries
from gnn.data.training_data import TimeSplit, TrainingData
from gnn.network.training import Progress
from gnn.scoring.item_model import Ensemble


@dataclass(frozen=True)
class Holdout:
    """A model of the past, and queries that it has not seen."""

    task: RankingTask
    split: TimeSplit
    context: FitContext
    """The data before validation, what was learned from them, and the tuning to start from."""
    artifact: ModelArtifact
    """The components of `context` that score items."""
    validation: CompletionQueries
    test: CompletionQueries


def fit_holdout(
    data: TrainingData,
    split: TimeSplit,
    *,
    config: TrainingConfig,
    checkpoint: Path,
    progress: Progress,
) -> Holdout | None:
    """Fit to `data`, which ends where validation begins; none where no query follows in either window."""
    task = task_of(is_sequence=data.is_sequence)
    validation = task.queries(data, config=config, since=split.validation_from, until=split.test_from)
    test = task.queries(data, config=config, since=split.test_from, until=None)
    if not len(data.ranked) or not len(validation) or not len(test):
        return None
    learned = learn(
        data,
        config=config,
        validation=validation,
        max_epochs=task.max_epochs(config),
        checkpoint=checkpoint,
        progress=progress,
    )
    # The network's own weights on counts are where fitting the ensemble starts.
    by_log, by_known = learned.links.count_weights
    tuning = Tuning(
        num_epochs=learned.links.num_epochs,
        ease_top_k=max(task.top_k_choices(config)),
        ensemble=Ensemble(bought=max(by_log, 0.0), known=max(by_known, 0.0)),
    )
    context = FitContext(data, learned, tuning, config, progress=progress)
    artifact = assemble(context, only=SCORING)
    # Baselines and slices of the task read the item codes of the context.
    fitted = {type(component): component for component in (artifact.catalogue, artifact.categories)}
    return Holdout(task, split, replace(context, fitted=fitted), artifact, validation, test)
