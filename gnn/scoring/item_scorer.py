"""Scores of items for a query: the one implementation that evaluation measures and serving runs. NumPy alone.

For a cart C, a sequence of recent items, a user u with counts c(u, ·), and a ranked item i:

    gnn(i)     = q · target_i + bias_i
    q          = Σ_j a_j source_j / √Σ_j a_j + Σ_j c(u, j) history_j / √Σ_j c(u, j) + user_u
    ease(i)    = Σ_j a_j B[j, i]                               (Steck 2019, the top k of each row of B)
    bought(i)  = log(1 + c(u, i))
    known(i)   = 1 where c(u, i) > 0
    share(i)   = c(u, i) / Σ_j c(u, j)
    recency(i) = log(1 + 3 Σ exp(-age / 30 days))

    score(i)   = Σ_f w_f f(i), the weights w fitted on validation queries (`config["blend"]`)

The attention a_j is 1 for an item of the cart, 1 / (1 + steps back) for a recent one that is not in it. Items
that the model does not rank say nothing. What the weights of the GNN on counts were is part of w.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import ModelArtifact
from gnn.scoring.item_history import ItemHistory, summarise

#: The features of `score`, in the order of `ItemScorer.features`.
FEATURES = ("gnn", "ease", "bought", "known", "share", "recency")


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
    """What the user bought, where that is not what `Histories` has: a history up to another moment."""


@dataclass(frozen=True)
class Evidence:
    """What a query says, in ranked indices: what the model does not rank is left out."""

    items: NDArray[np.int32]
    """Of cart and recent sequence, distinct."""
    attention: NDArray[np.float32]
    """a_j of each."""
    history: ItemHistory
    """Without rows where nothing is known of the user."""
    user_index: int | None


class ItemScorer:
    """Scores all ranked items of `artifact`. Holds no state of a query: threads may share it."""

    def __init__(self, artifact: ModelArtifact) -> None:
        self._model = artifact.model
        self._histories = artifact.histories
        self._weights = _weights(artifact.info.config["blend"], FEATURES)
        self._link = _weights(artifact.info.config["link"], ("intercept", "gnn", "ease"))
        self.num_ranked = len(artifact.model.ranked)
        self._ranked_index = np.full(len(artifact.catalogue.item_ids), -1, dtype=np.int32)
        self._ranked_index[artifact.model.ranked] = np.arange(self.num_ranked, dtype=np.int32)

    def ranked_index(self, items: Sequence[int] | NDArray[np.integer]) -> NDArray[np.int32]:
        """Ranked index of each item index in `items`, -1 where the model does not rank it."""
        return self._ranked_index[np.asarray(items, dtype=np.int64)]

    def score(self, queries: Sequence[ItemQuery]) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked], those of the cart's items as well: masking is the caller's."""
        return self.weigh(self.features(queries))

    def features(self, queries: Sequence[ItemQuery]) -> NDArray[np.float32]:
        """What `score` weighs, [len(queries), len(FEATURES), num_ranked]."""
        return self.features_of([self.evidence(query) for query in queries])

    def features_of(self, known: Sequence[Evidence]) -> NDArray[np.float32]:
        """The same for queries whose evidence is at hand."""
        values = np.zeros((len(known), len(FEATURES), self.num_ranked), dtype=np.float32)
        vectors = np.zeros((len(known), self._model.target.shape[1]), dtype=np.float32)
        for evidence, rows, vector in zip(known, values, vectors, strict=True):
            vector += self.query_vectors(evidence).sum(axis=0)
            rows[1] = self.ease_sums(evidence.items, evidence.attention)
            self._add_history(evidence.history, rows)
        values[:, 0] = vectors @ self._model.target.T + self._model.bias
        return values

    def weigh(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The scores of `features` [..., len(FEATURES), num_ranked]."""
        return np.asarray(self._weights @ features, dtype=np.float32)

    def evidence(self, query: ItemQuery) -> Evidence:
        """What `query` says, in ranked indices."""
        items, attention = self._attention(query)
        bought, age_days = self.events(query)
        bought = self._ranked_index[bought]
        is_ranked = bought >= 0
        history = summarise(bought[is_ranked], age_days[is_ranked])
        return Evidence(items, attention, history, query.user_index)

    def query_vectors(self, evidence: Evidence) -> NDArray[np.float32]:
        """The terms of q: what cart and sequence, the history, and the user's own vector say, [3, d]."""
        model, history = self._model, evidence.history
        vectors = np.zeros((3, model.target.shape[1]), dtype=np.float32)
        if len(evidence.items):
            total = np.sqrt(evidence.attention.sum())
            vectors[0] = evidence.attention @ model.source[evidence.items] / total
        if len(history.item):
            vectors[1] = history.count @ model.history[history.item] / np.sqrt(history.count.sum())
        if evidence.user_index is not None:
            vectors[2] = model.users[evidence.user_index]
        return vectors

    def ease_sums(self, items: NDArray[np.integer], weights: NDArray[np.floating]) -> NDArray[np.float64]:
        """Σ_j w_j B[j, i] over the ranked `items` j and their `weights` w, for every i, [num_ranked]."""
        model = self._model
        if not len(items):
            return np.zeros(self.num_ranked)
        slices = [slice(model.ease_indptr[item], model.ease_indptr[item + 1]) for item in items]
        linked = np.concatenate([model.ease_item[part] for part in slices])
        weighted = np.concatenate(
            [weight * model.ease_weight[part] for weight, part in zip(weights, slices, strict=True)]
        )
        return np.bincount(linked, weighted, minlength=self.num_ranked).astype(np.float64)

    def link_scores(
        self, from_ranked: NDArray[np.integer], to_ranked: NDArray[np.integer] | slice
    ) -> NDArray[np.float32]:
        """How strongly each of `from_ranked` asks for each of `to_ranked`, [len(from), len(to)], in (0, 1).

        σ(b + w₁ source_a · target_b + w₂ B[a, b]), its weights (`config["link"]`) fitted so that it is the
        probability that a and b come from one basket rather than from two unrelated ones, at even odds:
        .5 is chance, and a pair bought together x times as often as by chance tends to x / (1 + x). The
        bias is left out, so a popular item does not link to everything. Not symmetric. A slice of
        `to_ranked` copies no vectors.
        """
        intercept, by_gnn, by_ease = self._link
        logits = by_gnn * (self._model.source[from_ranked] @ self._model.target[to_ranked].T) + intercept
        row = np.zeros(self.num_ranked, dtype=np.float32)
        for position, item in enumerate(from_ranked):
            start, end = self._model.ease_indptr[item : item + 2]
            linked = self._model.ease_item[start:end]
            row[linked] = self._model.ease_weight[start:end]
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

    def events(self, query: ItemQuery) -> Events:
        """What the user of `query` bought, oldest first; nothing of an unknown one."""
        if query.events is not None:
            return query.events
        if query.user_index is None:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
        start, end = self._histories.indptr[query.user_index : query.user_index + 2]
        return self._histories.item[start:end], self._histories.age_days[start:end]

    def _add_history(self, history: ItemHistory, rows: NDArray[np.float32]) -> None:
        """Fill the rows of what the user bought."""
        if not len(history.item):
            return
        rows[2, history.item] = np.log1p(history.count)
        rows[3, history.item] = 1.0
        rows[4, history.item] = history.count / history.count.sum()
        rows[5, history.item] = np.log1p(3 * history.decayed[:, 1])


def _weights(values: object, names: Sequence[str]) -> NDArray[np.float32]:
    if not isinstance(values, Mapping):
        raise ValueError(f"expected weights of {', '.join(names)}, found {type(values).__name__}")
    return np.array([values.get(name, 0.0) for name in names], dtype=np.float32)
