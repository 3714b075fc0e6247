"""Protocol F's models: the first stage with cold items added, and one that knows all items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.holdouts import holdout_of
from benchmarks.quality.options import BenchmarkError
from etl.tables import Tables
from gnn.artifact.scorers import item_scorer
from gnn.components.cold_items.fitting import tune_cold_weights
from gnn.components.cold_items.unsold import default_weights, find_neighbours
from gnn.components.ensemble import fit_ensemble
from gnn.components.holdout import Holdout
from gnn.config import TrainingConfig
from gnn.data.content import Content
from gnn.data.queries import CompletionQueries, item_queries
from gnn.data.training_data import TimeSplit
from gnn.evaluation.metrics import ScoreQueries
from gnn.scoring.cold_items import ColdSlate
from gnn.scoring.item_scorer import ItemScorer
from graph.edges import EdgeTables

OURS = "ensemble with cold items as launches"
WITHOUT_TEXT = "the same without text"
HELD_BACK = "the same, held back to 1 % below cold items last (default)"
COLD_LAST = "ensemble, cold items last"
ALL_KNOWN = "ensemble that knows all items"

#: Share of NDCG@20 that known items may lose in the row `HELD_BACK`, against cold items last.
TOLERANCE = 0.01


@dataclass(frozen=True)
class Setting:
    """The items, tables and queries that all seeds share."""

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
    """`cold` and `warm`: the kind of item that they hide."""


def fit_with_cold(
    setting: Setting, config: TrainingConfig, *, scratch: Path
) -> tuple[Holdout, dict[str, ScoreQueries]]:
    """The holdout without cold items, and its rows by name; scores in the order of the catalogue."""
    holdout = holdout_of(setting.without, config, checkpoint=scratch / f"without-{config.seed}.pt")
    if not np.array_equal(holdout.context.data.ranked, np.setdiff1d(setting.catalogue, setting.cold)):
        raise BenchmarkError("expected all but the cold items to be ranked: a line of a cold item was left")
    scorer, content = _first_stage(holdout), setting.content
    words = replace(content, dense=content.dense[:, :0])
    last = np.append(default_weights(1)[:-1], np.float32(-1e6))
    weights = {
        COLD_LAST: (words, last),
        HELD_BACK: (content, _tune(scorer, holdout, setting, content, warm_tolerance=TOLERANCE)),
        WITHOUT_TEXT: (words, _tune(scorer, holdout, setting, words)),
        OURS: (content, _tune(scorer, holdout, setting, content)),
    }
    return holdout, {name: _with_cold(scorer, setting, *row) for name, row in weights.items()}


def fit_all_known(setting: Setting, config: TrainingConfig, *, scratch: Path) -> ScoreQueries:
    """The same model fitted with the lines of the cold items: how all items rank once they are known."""
    holdout = holdout_of(setting.tables, config, checkpoint=scratch / f"all-{config.seed}.pt")
    if not np.array_equal(holdout.context.data.ranked, setting.catalogue):
        raise BenchmarkError("expected the model of all items to rank the catalogue, found other items")
    scorer = _first_stage(holdout)
    return lambda queries: scorer.score(item_queries(queries, setting.catalogue))


def _first_stage(holdout: Holdout) -> ItemScorer:
    """The first stage of `holdout`, its ensemble fitted to the validation queries."""
    artifact = holdout.artifact
    ensemble = fit_ensemble(
        item_scorer(artifact), holdout.validation, holdout.context.data.ranked, artifact.ensemble
    )
    return item_scorer(replace(artifact, ensemble=ensemble))


def _tune(
    scorer: ItemScorer,
    holdout: Holdout,
    setting: Setting,
    content: Content,
    *,
    warm_tolerance: float | None = None,
) -> NDArray[np.float32]:
    """Weights of cold items, fitted on known ones and the validation queries of `holdout`."""
    ranked = holdout.context.data.ranked
    weights = tune_cold_weights(
        scorer,
        content.of_items(np.flatnonzero(np.isin(setting.catalogue, ranked))),
        item_queries(holdout.validation, ranked),
        holdout.validation.hidden,
        rng=np.random.default_rng(0),
        warm_tolerance=warm_tolerance,
    )
    if weights is None:
        raise BenchmarkError("expected validation baskets to fit the weights of cold items, found too few")
    return weights


def _with_cold(
    scorer: ItemScorer, setting: Setting, content: Content, weights: NDArray[np.float32]
) -> ScoreQueries:
    """The first stage with the cold items added, scores in the order of the catalogue."""
    is_cold = np.isin(setting.catalogue, setting.cold)
    slate = ColdSlate(find_neighbours(content, np.flatnonzero(is_cold), item=setting.cold, weights=weights))

    def score(queries: CompletionQueries) -> NDArray[np.float32]:
        every = [scorer.evidence(query) for query in item_queries(queries, setting.catalogue)]
        scores = np.zeros((len(every), len(is_cold)), dtype=np.float32)
        scores[:, ~is_cold] = scorer.weigh(scorer.features(every))
        for row, evidence in zip(scores, every, strict=True):
            row[is_cold] = slate.score(row[~is_cold], evidence)
        return scores

    return score
