"""First-stage scores of items for a query: the one implementation that evaluation measures and serving runs.

For a cart C, a sequence of recent items, a user u with counts c(u, ·), and a ranked item i:

    gnn(i)     = q · target_i + bias_i
    q          = Σ_j a_j source_j / √Σ_j a_j + Σ_j c(u, j) history_j / √Σ_j c(u, j) + user_u
    ease(i)    = Σ_j a_j B[j, i]                               (Steck 2019, the top k of each row of B)
    bought(i)  = log(1 + c(u, i))
    known(i)   = 1 where c(u, i) > 0
    share(i)   = c(u, i) / Σ_j c(u, j)
    recency(i) = log(1 + 3 Σ exp(-age / 30 days))

    score(i)   = Σ_f w_f f(i), the weights w (`Ensemble`) fitted on validation queries

The attention a_j is 1 for an item of the cart, 1 / (1 + steps back) for a recent one that is not in it. Items
that the model does not rank are left out. NumPy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.item_model import (
    FEATURES,
    EaseWeights,
    Ensemble,
    Histories,
    ItemHistory,
    ItemNetwork,
    LinkProbability,
    RankedItems,
    summarise,
)

#: Item indices and days since: one user's events, oldest first.
Events = tuple[NDArray[np.integer], NDArray[np.floating]]


@dataclass(frozen=True)
class ItemQuery:
    """What is known when items are ranked. All parts may be empty. Items are item indices."""

    cart: Sequence[int] = ()
    user_index: int | None = None
    """Row of `Histories`, none for a visitor without history."""
    recent: Sequence[int] = ()
    """Oldest first."""
    events: Events | None = None
    """The user's purchases, where they are not those of `Histories`: a history up to another moment."""


@dataclass(frozen=True)
class Evidence:
    """A query in ranked indices; items that the model does not rank are left out."""

    items: NDArray[np.int32]
    """Of cart and recent sequence, distinct."""
    attention: NDArray[np.float32]
    """a_j of each."""
    history: ItemHistory
    """Without rows where the user has no history."""
    user_index: int | None


class ItemScorer:
    """Scores all ranked items of one model. Holds no state of a query: threads may share it."""

    def __init__(
        self,
        *,
        num_items: int,
        ranked: RankedItems,
        network: ItemNetwork,
        ease: EaseWeights,
        ensemble: Ensemble,
        link: LinkProbability,
        histories: Histories,
    ) -> None:
        """All components are of one model; `num_items` is the size of its catalogue."""
        self.network, self.ease, self._link, self._histories = network, ease.weights, link, histories
        self._ensemble = ensemble.as_array()
        self.num_ranked = len(ranked.item)
        self._ranked_index = np.full(num_items, -1, dtype=np.int32)
        self._ranked_index[ranked.item] = np.arange(self.num_ranked, dtype=np.int32)

    def ranked_index(self, items: Sequence[int] | NDArray[np.integer]) -> NDArray[np.int32]:
        """Ranked index of each item index in `items`, -1 where the model does not rank it."""
        return self._ranked_index[np.asarray(items, dtype=np.int64)]

    def score(self, queries: Sequence[ItemQuery]) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked]; the cart's own items are scored too and left to mask."""
        return self.weigh(self.features([self.evidence(query) for query in queries]))

    def features(self, evidence: Sequence[Evidence]) -> NDArray[np.float32]:
        """`FEATURES` of all ranked items, [len(evidence), len(FEATURES), num_ranked]."""
        values = np.zeros((len(evidence), len(FEATURES), self.num_ranked), dtype=np.float32)
        vectors = np.zeros((len(evidence), self.network.target.shape[1]), dtype=np.float32)
        for query, rows, vector in zip(evidence, values, vectors, strict=True):
            vector += self.query_vectors(query).sum(axis=0)
            rows[1] = self.ease.row_sums(query.items, query.attention, num_columns=self.num_ranked)
            _add_history(query.history, rows)
        values[:, 0] = vectors @ self.network.target.T + self.network.bias
        return values

    def weigh(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The scores of `features` [..., len(FEATURES), num_ranked]."""
        return np.asarray(self._ensemble @ features, dtype=np.float32)

    def evidence(self, query: ItemQuery) -> Evidence:
        """`query` in ranked indices, the user's history summarised."""
        items, attention = self._attention(query)
        bought, age_days = self.events(query)
        bought = self._ranked_index[bought]
        is_ranked = bought >= 0
        history = summarise(bought[is_ranked], age_days[is_ranked])
        return Evidence(items, attention, history, query.user_index)

    def events(self, query: ItemQuery) -> Events:
        """The user's purchases, oldest first; none of an unknown user."""
        if query.events is not None:
            return query.events
        if query.user_index is None:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
        return self._histories.of_user(query.user_index)

    def query_vectors(self, evidence: Evidence) -> NDArray[np.float32]:
        """The terms of q: of cart and sequence, of the history, and the user's own vector, [3, d]."""
        network, history = self.network, evidence.history
        vectors = np.zeros((3, network.target.shape[1]), dtype=np.float32)
        if len(evidence.items):
            total = np.sqrt(evidence.attention.sum())
            vectors[0] = evidence.attention @ network.source[evidence.items] / total
        if len(history.item):
            vectors[1] = history.count @ network.history[history.item] / np.sqrt(history.count.sum())
        if evidence.user_index is not None:
            vectors[2] = network.users[evidence.user_index]
        return vectors

    def link_scores(
        self, from_ranked: NDArray[np.integer], to_ranked: NDArray[np.integer] | slice
    ) -> NDArray[np.float32]:
        """One direction of the link from each of `from_ranked` to each of `to_ranked`, [len(from), len(to)].

        σ(b + w₁ source_a · target_b + w₂ B[a, b]), in (0, 1), its weights (`LinkProbability`) fitted so that
        it is the probability that a and b come from one basket rather than from two unrelated ones, at even
        odds: .5 is chance, and a pair bought together x times as often as by chance tends to x / (1 + x). The
        bias is left out, so a popular item does not link to everything. Not symmetric. A slice of
        `to_ranked` copies no vectors.
        """
        link, network = self._link, self.network
        # Weights in float32, or NumPy would compute all in float64.
        by_gnn, by_ease, intercept = np.array([link.gnn, link.ease, link.intercept], dtype=np.float32)
        logits = by_gnn * (network.source[from_ranked] @ network.target[to_ranked].T) + intercept
        row = np.zeros(self.num_ranked, dtype=np.float32)
        for position, item in enumerate(from_ranked):
            linked, weight = self.ease.row(item)
            row[linked] = weight
            logits[position] += by_ease * row[to_ranked]
            row[linked] = 0.0
        # tanh cannot overflow, exp can: σ(x) = (1 + tanh(x / 2)) / 2, kept off 0 and 1 in float32.
        squashed = np.clip((1 + np.tanh(logits / 2)) / 2, 1e-6, 1 - 1e-6)
        return np.asarray(squashed, dtype=np.float32)

    def _attention(self, query: ItemQuery) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        cart = dict.fromkeys(query.cart, 1.0)
        attention = dict(cart)
        for steps_back, item in enumerate(reversed(query.recent)):
            if item not in cart:
                attention[item] = attention.get(item, 0.0) + 1 / (1 + steps_back)
        ranked = self.ranked_index(list(attention))
        weights = np.fromiter(attention.values(), dtype=np.float32, count=len(attention))
        return ranked[ranked >= 0], weights[ranked >= 0]


def _add_history(history: ItemHistory, rows: NDArray[np.float32]) -> None:
    """Fill the rows of `FEATURES` that count the user's purchases."""
    if not len(history.item):
        return
    rows[2, history.item] = np.log1p(history.count)
    rows[3, history.item] = 1.0
    rows[4, history.item] = history.count / history.count.sum()
    rows[5, history.item] = np.log1p(3 * history.decayed[:, 1])
