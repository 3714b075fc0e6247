"""Protocol F's models: the blend with cold items beside it, and the one that knows all items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.trials import trial_of
from etl.tables import Tables
from gnn.artifact.model import ModelArtifact
from gnn.components.cold_items.fitting import fit_cold_weights
from gnn.components.cold_items.packing import pack_cold
from gnn.components.cold_items.siblings import default_weights
from gnn.components.ensemble import fit_blend, scorer_queries
from gnn.components.trial import Trial
from gnn.config import TrainingConfig
from gnn.data.content import Content
from gnn.data.queries import CompletionQueries
from gnn.data.training_data import TimeSplit
from gnn.errors import TrainingError
from gnn.evaluation.metrics import ScoreQueries
from gnn.scoring.cold_slate import ColdSlate
from gnn.scoring.item_scorer import ItemScorer
from graph.edges import EdgeTables

OURS = "blend with cold items as launches"
WITHOUT_TEXT = "the same without text"
HELD_BACK = "the same, held back to 1 % below cold items last (default)"
COLD_LAST = "blend, cold items last"
ALL_KNOWN = "blend that knows all items"

#: Share of NDCG@20 that known items may lose in the row `HELD_BACK`, against cold items last.
TOLERANCE = 0.01


@dataclass(frozen=True)
class Setting:
    """What all seeds share."""

    tables: Tables
    without: Tables
    """The tables without a line of a cold item."""
    edges: EdgeTables
    """Of `without`, before validation."""
    catalogue: NDArray[np.int32]
    cold: NDArray[np.int32]
    content: Content
    """Of `catalogue`."""
    split: TimeSplit
    queries: Mapping[str, CompletionQueries]
    """`cold` and `warm`: what is hidden."""


def fit_with_cold(
    setting: Setting, config: TrainingConfig, *, scratch: Path
) -> tuple[Trial, dict[str, ScoreQueries]]:
    """The trial without cold items, and its rows by name; scores in the order of the catalogue."""
    trial = trial_of(setting.without, config, checkpoint=scratch / f"without-{config.seed}.pt")
    if not np.array_equal(trial.model.ranked, np.setdiff1d(setting.catalogue, setting.cold)):
        raise TrainingError("expected all but the cold items to be ranked: a line of theirs was left")
    at_cut = _blended(trial)
    content = setting.content
    words = replace(content, dense=content.dense[:, :0])
    last = np.append(default_weights(1)[:-1], np.float32(-1e6))
    weights = {
        COLD_LAST: (words, last),
        HELD_BACK: (content, _fit(at_cut, trial, setting, content, warm_tolerance=TOLERANCE)),
        WITHOUT_TEXT: (words, _fit(at_cut, trial, setting, words)),
        OURS: (content, _fit(at_cut, trial, setting, content)),
    }
    return trial, {name: _served(at_cut, setting, *row) for name, row in weights.items()}


def fit_all_known(setting: Setting, config: TrainingConfig, *, scratch: Path) -> ScoreQueries:
    """The same blend fitted with the lines of the cold items: what they and the others have once known."""
    trial = trial_of(setting.tables, config, checkpoint=scratch / f"all-{config.seed}.pt")
    if not np.array_equal(trial.model.ranked, setting.catalogue):
        raise TrainingError("expected the model of all items to rank the catalogue, found other items")
    scorer = ItemScorer(_blended(trial))
    return lambda queries: scorer.score(scorer_queries(queries, setting.catalogue))


def _blended(trial: Trial) -> ModelArtifact:
    """The artifact of `trial` with the blend fitted on its validation queries."""
    info = trial.at_cut.info
    scorer = ItemScorer(trial.at_cut)
    blend = fit_blend(scorer, trial.validation, trial.model.ranked, info.config["blend"])  # type: ignore[arg-type]  # a JSON object
    return replace(trial.at_cut, info=replace(info, config=info.config | {"blend": blend}))


def _fit(
    at_cut: ModelArtifact,
    trial: Trial,
    setting: Setting,
    content: Content,
    *,
    warm_tolerance: float | None = None,
) -> NDArray[np.float32]:
    """Weights of cold items, fitted on known ones and the queries of `trial`'s validation."""
    weights = fit_cold_weights(
        ItemScorer(at_cut),
        content.of_items(np.flatnonzero(np.isin(setting.catalogue, trial.model.ranked))),
        scorer_queries(trial.validation, trial.model.ranked),
        trial.validation.hidden,
        rng=np.random.default_rng(0),
        warm_tolerance=warm_tolerance,
    )
    if weights is None:
        raise TrainingError("expected validation baskets that teach where cold items stand, found too few")
    return weights


def _served(
    at_cut: ModelArtifact, setting: Setting, content: Content, weights: NDArray[np.float32]
) -> ScoreQueries:
    """The blend of `at_cut` with the cold items beside it, scores in the order of the catalogue."""
    scorer = ItemScorer(at_cut)
    is_cold = np.isin(setting.catalogue, setting.cold)
    slate = ColdSlate(pack_cold(content, setting.cold, np.flatnonzero(is_cold), weights=weights))

    def score(queries: CompletionQueries) -> NDArray[np.float32]:
        known = [scorer.evidence(query) for query in scorer_queries(queries, setting.catalogue)]
        scores = np.zeros((len(known), len(is_cold)), dtype=np.float32)
        scores[:, ~is_cold] = scorer.weigh(scorer.features_of(known))
        for row, evidence in zip(scores, known, strict=True):
            row[is_cold] = slate.score(row[~is_cold], evidence)
        return scores

    return score
