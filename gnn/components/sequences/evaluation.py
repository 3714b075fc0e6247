"""Judging where a shop's data are sequences: each user's next new item, from the history before it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from etl.tables import Tables
from gnn.components.boosted_trees import group_gains
from gnn.components.ease.exact import Ease
from gnn.components.fitting import FittedModel, fit_model, ranked_items
from gnn.components.link_evaluation import judge_links
from gnn.components.links import fit_links
from gnn.components.popularity import fit_popularity
from gnn.components.sequences.fitting import fit_evidence, fit_trees
from gnn.components.sequences.shortlists import Shortlists, read_shortlists
from gnn.components.shop import pack_catalogue, pack_categories, pack_model
from gnn.components.tuning_result import Judgement
from gnn.config import TrainingConfig
from gnn.data.purchase_log import read_purchase_log
from gnn.data.purchases import Purchases, read_purchases
from gnn.data.queries import CompletionQueries, NextItemQueries, next_item_queries
from gnn.data.sequences import fit_transitions, user_sequences, users_as_baskets
from gnn.data.splits import TimeSplit
from gnn.evaluation.baselines import fit_co_purchase
from gnn.evaluation.leak_probe import LEAK_PROBE, histories_by_user, probe_items
from gnn.evaluation.measuring import leak_warnings, measure_models, metrics_of
from gnn.evaluation.metrics import ScoreQueries, full_ranking
from gnn.evaluation.slices import is_cross_category
from gnn.network.sequence_task import score_sequences
from gnn.network.training import Progress
from gnn.scoring.item_codes import LEVELS, item_codes
from gnn.scoring.sequence_evidence import SequenceEvidence
from gnn.scoring.sequence_features import GROUPS
from gnn.scoring.sequence_scorer import SequenceScorer
from gnn.scoring.sequences import Sequences, decayed
from gnn.scoring.trees import no_trees
from gnn.scoring.weights import ServedWeights
from graph.edges import edge_tables

logger = logging.getLogger(__name__)

#: Queries under which no trees and no links are fitted.
FEWEST_QUERIES = 200


def judge_sequences(
    tables: Tables,
    split: TimeSplit,
    *,
    config: TrainingConfig,
    checkpoint: Path,
    progress: Progress,
) -> Judgement | None:
    """Fit to what is before validation, choose on it, and read test once.

    A history goes up to the purchase that is asked for. None where nothing follows to judge by.
    """
    progress("reading", 0, 1)
    edges = edge_tables(tables, until=split.validation_from)
    purchases = read_purchases(tables, edges, until=split.validation_from)
    progress("reading", 1, 1)
    ranked = ranked_items(purchases, config, is_sequence=True)
    log = read_purchase_log(tables, edges, ranked)
    validation = next_item_queries(log, since=split.validation_from, until=split.test_from)
    test = next_item_queries(log, since=split.test_from, until=None)
    if not len(validation) or not len(test):
        return None
    model = fit_model(
        purchases,
        edges,
        config=config,
        ranked=ranked,
        is_sequence=True,
        validation=validation,
        max_epochs=config.sequence.max_epochs,
        checkpoint=checkpoint,
        progress=progress,
    )
    progress("judging", 0, 3)
    groups = item_codes(pack_catalogue(tables, edges, purchases), pack_categories(tables, edges), ranked)
    evidence = fit_evidence(model.ranked_purchases, model.links, model.ease, groups=groups)
    has_trees = len(validation) >= FEWEST_QUERIES
    shortlists = read_shortlists(evidence, validation)
    trees = fit_trees(shortlists, seed=config.seed) if has_trees else no_trees()
    progress("judging", 1, 3)
    rows = closed_forms(model.ranked_purchases, model.ease, category=groups[LEVELS.index("category")])
    if model.links.gate is not None:
        rows["gnn"] = lambda queries: score_sequences(histories_of(queries), model.links)
    if len(trees):
        rows["blend"] = sequence_score(evidence, no_trees())
    rows["served"] = sequence_score(evidence, trees)
    metrics = _metrics(model, rows, validation, test, root=groups[LEVELS.index("root")], split=split)
    if len(trees):
        # The trees know validation by heart: what they are worth is measured out of fold.
        ranks = out_of_fold_ranks(evidence, validation, shortlists, seed=config.seed)
        metrics["validation"]["served"] = metrics_of(ranks)
        metrics["importances"] = group_gains(trees, GROUPS)
    weights = ServedWeights(ease_top_k=max(config.ease_top_k))
    packed = pack_model(model, weights)
    if has_trees:
        link, calibration = fit_links(packed, validation, rng=np.random.default_rng(config.seed))
        weights = replace(weights, link=link, link_calibration=calibration)
    metrics["link_calibration"] = judge_links(packed, weights, test, rng=np.random.default_rng(config.seed))
    logger.info("metrics of %d models on %d + %d sequences", len(rows), len(validation), len(test))
    progress("judging", 3, 3)
    return Judgement(
        num_epochs=model.links.num_epochs,
        weights=weights,
        metrics=metrics,
        warnings=leak_warnings(metrics),
        sequence_trees=trees,
    )


def closed_forms(purchases: Purchases, ease: Ease, *, category: NDArray[np.int32]) -> dict[str, ScoreQueries]:
    """What needs no training; a history is a cart to those that know no order.

    `purchases` has ranked columns, `ease` is over histories, `category` is each ranked item's, -1 for none.
    """
    num_ranked = purchases.counts.shape[1]
    transitions = fit_transitions(
        user_sequences(purchases), num_ranked=num_ranked, max_distance=3, num_kept=num_ranked
    )

    def ease_and_transitions(queries: CompletionQueries) -> NDArray[np.float32]:
        sequences = histories_of(queries)
        weights = decayed(sequences, rate=1.0)
        heard = csr_matrix((weights, sequences.item, sequences.indptr), shape=(len(sequences), num_ranked))
        return np.asarray(ease.score_rows(heard) + 0.3 * (heard @ transitions).toarray())

    of_users = users_as_baskets(purchases)
    return {
        LEAK_PROBE: probe_items(histories_by_user(purchases.counts), category),
        "popularity": fit_popularity(purchases).score,
        "co_purchase": fit_co_purchase(of_users).score,
        "ease": ease.score,
        "ease_and_transitions": ease_and_transitions,
    }


def sequence_score(evidence: SequenceEvidence, trees: NDArray[np.uint8]) -> ScoreQueries:
    """What serves sequences, as evaluation asks for scores."""
    scorer = SequenceScorer(evidence, trees)
    return lambda queries: scorer.score(histories_of(queries))


def out_of_fold_ranks(
    evidence: SequenceEvidence, queries: NextItemQueries, shortlists: Shortlists, *, seed: int
) -> NDArray[np.float64]:
    """Ranks of each half of the users by trees that were fitted to the other half, [num_queries].

    `shortlists` are those of `queries`.
    """
    ranks = np.empty(len(queries))
    for half in range(2):
        trees = fit_trees(shortlists.where(shortlists.query % 2 != half), seed=seed)
        ranks[half::2] = full_ranking(sequence_score(evidence, trees), queries[half::2])
    return ranks


def histories_of(queries: CompletionQueries) -> Sequences:
    """The ordered histories of queries that have them.

    Raises:
        TypeError: If they are of baskets.
    """
    if not isinstance(queries, NextItemQueries):
        raise TypeError(f"expected queries of ordered histories, found {type(queries).__name__}")
    return queries.histories


def _metrics(
    model: FittedModel,
    rows: Mapping[str, ScoreQueries],
    validation: NextItemQueries,
    test: NextItemQueries,
    *,
    root: NDArray[np.int32],
    split: TimeSplit,
) -> dict[str, Any]:
    purchases = model.ranked_purchases
    return measure_models(
        "next item: a user's next new item, ranked among all ranked items but the history's",
        rows,
        ours="served",
        split=split,
        validation=validation,
        test=test,
        slices={"cross_category": is_cross_category(test, root)},
        popularity=purchases.item_baskets / max(purchases.lines.shape[0], 1),
    )
