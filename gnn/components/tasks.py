"""The two tasks of item ranking: complete a basket, or continue a sequence.

A task says how queries and histories are made of the shop's data; candidates, features, trees, tuning and
evaluation are one pipeline for both.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import item_scorer
from gnn.components.boosted_trees import TreeParams
from gnn.components.context import FitContext
from gnn.components.ease import fit_ease
from gnn.components.reranker import RankingQueries
from gnn.config import TrainingConfig
from gnn.data.purchases import read_purchase_log
from gnn.data.queries import (
    CompletionQueries,
    NextItemQueries,
    as_next_item,
    completion_queries,
    item_queries,
    next_item_queries,
)
from gnn.data.sequences import fit_transitions, user_sequences, users_as_baskets
from gnn.data.training_data import TrainingData
from gnn.evaluation.baselines import fit_co_purchase, fit_popularity, fit_user_frequency, with_user_frequency
from gnn.evaluation.leak_probe import LEAK_PROBE, histories_by_user, probe_items
from gnn.evaluation.measuring import is_cold_item, is_cold_user, is_cross_category, is_new_to_user
from gnn.evaluation.metrics import ScoreQueries
from gnn.scoring.catalogue import LEVELS
from gnn.scoring.sequences import decayed

#: Queries under which shorter baskets are let in.
ENOUGH_QUERIES = 200
#: Items of a basket that are hidden in turn: with one, the trees were worse than the first stage.
HIDDEN_A_BASKET = 4
#: λ of the EASE baselines, in units of the mean diagonal: 200 at Complete Journey, as protocol B has it.
BASELINE_RIDGE = 1.84


class RankingTask(Protocol):
    """How queries are made, and what the model is compared with."""

    @property
    def question(self) -> str:
        """The task in a sentence."""

    @property
    def tree_params(self) -> TreeParams:
        """Size of the re-ranker's trees."""

    def max_epochs(self, config: TrainingConfig) -> int:
        """Epochs of the network at most."""

    def top_k_choices(self, config: TrainingConfig) -> tuple[int, ...]:
        """EASE weights a row that may be kept."""

    def queries(
        self, data: TrainingData, *, config: TrainingConfig, since: datetime, until: datetime | None
    ) -> CompletionQueries:
        """Queries of a window that follows `data`."""

    def training_queries(
        self, validation: CompletionQueries, ranked: NDArray[np.int32], *, seed: int
    ) -> RankingQueries:
        """The queries that the re-ranker learns from, those of `validation` first."""

    def baselines(self, context: FitContext) -> dict[str, ScoreQueries]:
        """Closed forms that the model has to beat, the leak probe among them; fitted in seconds."""

    def network_score(self, artifact: ModelArtifact, context: FitContext) -> ScoreQueries:
        """The network alone, with its own weights on counts."""

    def slices(self, queries: CompletionQueries, context: FitContext) -> dict[str, NDArray[np.bool_]]:
        """Slices of `queries` that are reported separately."""


class BasketCompletion:
    """One item of a basket is hidden; histories end where validation begins (protocol B, strict)."""

    question = "complete a basket: one hidden item, ranked among all ranked items but the cart's"
    tree_params = TreeParams()

    def max_epochs(self, config: TrainingConfig) -> int:
        """Epochs of the network at most."""
        return config.max_epochs

    def top_k_choices(self, config: TrainingConfig) -> tuple[int, ...]:
        """EASE weights a row that may be kept."""
        return config.ease_top_k

    def queries(
        self, data: TrainingData, *, config: TrainingConfig, since: datetime, until: datetime | None
    ) -> CompletionQueries:
        """Baskets of a window, each with a hidden item; baskets of two items too where there are few."""
        for min_basket_items in (config.min_basket_items, 2):
            queries = completion_queries(
                data.tables,
                data.edges,
                data.ranked,
                since=since,
                until=until,
                min_basket_items=min_basket_items,
                max_queries=config.max_queries,
                rng=np.random.default_rng(0),
            )
            if len(queries) >= ENOUGH_QUERIES:
                break
        return queries

    def training_queries(
        self, validation: CompletionQueries, ranked: NDArray[np.int32], *, seed: int
    ) -> RankingQueries:
        """`validation`, then the same baskets with other items hidden."""
        queries, basket = hide_several(validation, HIDDEN_A_BASKET, rng=np.random.default_rng(seed))
        return RankingQueries(item_queries(queries, ranked), queries.hidden, basket, len(validation))

    def baselines(self, context: FitContext) -> dict[str, ScoreQueries]:
        """Popularity, co-purchases, EASE, and what the user buys by frequency."""
        purchases, ease = context.data.ranked_purchases, context.learned.ease
        frequency = fit_user_frequency(purchases)
        plain = fit_ease(purchases, ridge=BASELINE_RIDGE)
        category = context.codes[LEVELS.index("category")]
        return {
            LEAK_PROBE: probe_items(histories_by_user(purchases.counts), category),
            "popularity": fit_popularity(purchases).score,
            "co_purchase": fit_co_purchase(purchases).score,
            "ease": plain.score,
            "user_frequency": frequency.score,
            "ease_user_frequency": with_user_frequency(plain.score, frequency),
            "ease_weighted": ease.score,
            "ease_weighted_user_frequency": with_user_frequency(ease.score, frequency),
        }

    def network_score(self, artifact: ModelArtifact, context: FitContext) -> ScoreQueries:
        """The network's score and its own weights on the user's counts."""
        scorer, ranked = item_scorer(artifact), context.data.ranked
        by_log, by_known = context.learned.links.count_weights
        weights = np.array([1.0, 0.0, by_log, by_known, 0.0, 0.0], dtype=np.float32)

        def score(queries: CompletionQueries) -> NDArray[np.float32]:
            evidence = [scorer.evidence(query) for query in item_queries(queries, ranked)]
            return np.asarray(weights @ scorer.features(evidence), dtype=np.float32)

        return score

    def slices(self, queries: CompletionQueries, context: FitContext) -> dict[str, NDArray[np.bool_]]:
        """Across categories, new to the user, cold items, cold users."""
        purchases = context.data.ranked_purchases
        return {
            "cross_category": is_cross_category(queries, context.codes[LEVELS.index("root")]),
            "new_to_user": is_new_to_user(queries, purchases.counts),
            "cold_item": is_cold_item(queries, purchases.item_baskets),
            "cold_user": is_cold_user(queries, purchases.counts),
        }


class NextItem:
    """A user's next new item is hidden; the history goes up to that purchase (protocol E)."""

    question = "next item: a user's next new item, ranked among all ranked items but the history's"
    #: Smaller than for baskets: a query has one hidden item, so there are fewer rows to learn from.
    tree_params = TreeParams(num_trees=150, learning_rate=0.05, num_leaves=15, min_rows_a_leaf=100)

    def max_epochs(self, config: TrainingConfig) -> int:
        """Epochs of the network at most."""
        return config.sequence.max_epochs

    def top_k_choices(self, config: TrainingConfig) -> tuple[int, ...]:
        """EASE weights a row that may be kept: histories are long, so few are enough."""
        return (config.sequence.ease_top_k,)

    def queries(
        self, data: TrainingData, *, config: TrainingConfig, since: datetime, until: datetime | None
    ) -> NextItemQueries:
        """One query a user with a new item in the window."""
        log = read_purchase_log(data.tables, data.edges, data.ranked)
        return next_item_queries(log, since=since, until=until)

    def training_queries(
        self, validation: CompletionQueries, ranked: NDArray[np.int32], *, seed: int
    ) -> RankingQueries:
        """`validation`: every query is of a user of its own."""
        users = np.arange(len(validation))
        return RankingQueries(item_queries(validation, ranked), validation.hidden, users, len(validation))

    def baselines(self, context: FitContext) -> dict[str, ScoreQueries]:
        """Popularity, co-purchases, EASE, and EASE with transitions."""
        return next_item_baselines(context)

    def network_score(self, artifact: ModelArtifact, context: FitContext) -> ScoreQueries:
        """The network alone."""
        network = artifact.network

        def score(queries: CompletionQueries) -> NDArray[np.float32]:
            return network.score_sequences(as_next_item(queries).histories)

        return score

    def slices(self, queries: CompletionQueries, context: FitContext) -> dict[str, NDArray[np.bool_]]:
        """Across categories."""
        return {"cross_category": is_cross_category(queries, context.codes[LEVELS.index("root")])}


def task_of(*, is_sequence: bool) -> RankingTask:
    """The task that the data ask for."""
    return NextItem() if is_sequence else BasketCompletion()


def hide_several(
    queries: CompletionQueries, count: int, *, rng: np.random.Generator
) -> tuple[CompletionQueries, NDArray[np.int64]]:
    """`queries`, then the same baskets with another item hidden, up to `count` queries a basket.

    Returns:
        The queries, and the position in `queries` of each one's basket.
    """
    sizes = np.diff(queries.carts.indptr)
    basket, hidden = [np.arange(len(queries))], [queries.hidden]
    for row in np.flatnonzero(sizes > 1):
        cart = queries.carts.indices[queries.carts.indptr[row] : queries.carts.indptr[row + 1]]
        others = rng.choice(cart, min(count - 1, len(cart)), replace=False)
        basket.append(np.full(len(others), row))
        hidden.append(others)
    of, items = np.concatenate(basket), np.concatenate(hidden).astype(np.int64)
    places = np.arange(len(of))

    def ones(columns: NDArray[np.int64]) -> csr_matrix:
        return csr_matrix(
            (np.ones(len(of), np.float32), (places, columns)), (len(of), queries.carts.shape[1])
        )

    carts = (queries.carts[of] + ones(queries.hidden[of]) - ones(items)).tocsr()
    carts.eliminate_zeros()
    ids = tuple(queries.basket_ids[row] for row in of)
    return CompletionQueries(carts, queries.users[of], items, ids), of


def next_item_baselines(context: FitContext) -> dict[str, ScoreQueries]:
    """Closed forms over histories; those that know no order take a history as a set."""
    purchases, ease = context.data.ranked_purchases, context.learned.ease
    num_ranked = len(context.data.ranked)
    transitions = fit_transitions(
        user_sequences(purchases), num_ranked=num_ranked, max_distance=3, num_kept=num_ranked
    )

    def ease_and_transitions(queries: CompletionQueries) -> NDArray[np.float32]:
        histories = as_next_item(queries).histories
        rows = csr_matrix(
            (decayed(histories, rate=1.0), histories.item, histories.indptr),
            shape=(len(histories), num_ranked),
        )
        return np.asarray(ease.score_rows(rows) + 0.3 * (rows @ transitions).toarray())

    return {
        LEAK_PROBE: probe_items(histories_by_user(purchases.counts), context.codes[LEVELS.index("category")]),
        "popularity": fit_popularity(purchases).score,
        "co_purchase": fit_co_purchase(users_as_baskets(purchases)).score,
        "ease": ease.score,
        "ease_and_transitions": ease_and_transitions,
    }
