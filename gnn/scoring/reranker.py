"""The second stage of an item score: a shortlist of the blend's best, put in order by boosted trees.

The blend of `gnn.scoring.item_scorer` weighs its features alike for every query; trees see what they say together (a
product bought every ten days, last time nine days ago). They see a shortlist, with features that would cost
too much for the whole catalogue. NumPy and treelite alone: evaluation measures what serving runs.

    final(i) = z(blend(i)) + w · z(trees(i))      over the shortlist; z: minus the mean, over the deviation

Items outside the shortlist follow it, in the order of the blend.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import ModelArtifact
from gnn.scoring.item_codes import LEVELS, item_codes
from gnn.scoring.item_history import ItemHistory
from gnn.scoring.item_scorer import FEATURES, Evidence, ItemQuery, ItemScorer
from gnn.scoring.standard_scores import standard_scores
from gnn.scoring.trees import Ranker

#: Features of a candidate by group: what importance and ablation are reported by.
GROUPS = {
    "blend": ("blend", "blend_position"),
    "links": (
        "gnn",
        "gnn_cart",
        "gnn_history",
        "gnn_user",
        "gnn_position",
        "ease",
        "ease_best",
        "ease_history",
        "ease_position",
    ),
    "history": ("bought", "share", "recency", "decayed_10", "decayed_90", "last_age", "cycle"),
    "categories": tuple(
        f"{what}_{level}" for level in LEVELS for what in ("cart", "affinity", "recent_affinity")
    ),
    "popularity": ("baskets", "baskets_4_weeks", "baskets_16_weeks"),
    "price": ("price", "price_to_usual"),
    "query": ("cart_size", "history_size"),
}
NAMES = tuple(name for names in GROUPS.values() for name in names)

#: Features that the shortlist takes over from the blend.
_TAKEN = tuple(name for name in FEATURES if name in NAMES)
#: Cart items, the last ones, and history items, the most bought, whose EASE weights are looked up.
_MAX_CART, _MAX_HISTORY = 64, 100


class Reranker:
    """Puts the items of one artifact in order. Holds no state of a query: threads may share it."""

    def __init__(self, artifact: ModelArtifact, scorer: ItemScorer) -> None:
        """Of the same artifact; where it has no trees, the blend stands as it is."""
        self._scorer, self._model = scorer, artifact.model
        self._trees = Ranker(artifact.model.trees) if len(artifact.model.trees) else None
        self._weight = float(artifact.info.config["trees_weight"])  # type: ignore[arg-type]  # a JSON number
        self.shortlist_size = min(int(artifact.info.config["shortlist_size"]), scorer.num_ranked)  # type: ignore[call-overload]  # a JSON number
        catalogue, ranked = artifact.catalogue, artifact.model.ranked
        self._codes = item_codes(catalogue, artifact.categories, ranked)
        self._log_price = np.log(catalogue.price[ranked] + 0.1).astype(np.float32)
        self._log_baskets = np.log1p(
            [catalogue.baskets[ranked], artifact.model.baskets_4_weeks, artifact.model.baskets_16_weeks]
        ).astype(np.float32)

    def score(self, queries: Sequence[ItemQuery]) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked], those of the cart's items as well: masking is the caller's."""
        known = [self._scorer.evidence(query) for query in queries]
        values = self._scorer.features_of(known)
        scores = self._scorer.weigh(values)
        for query, evidence, rows, row in zip(queries, known, values, scores, strict=True):
            row[:] = self.reorder(query, evidence, rows, row)
        return scores

    def reorder(
        self, query: ItemQuery, evidence: Evidence, values: NDArray[np.float32], blend: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The scores of one query whose first stage is at hand, [num_ranked].

        `values` [len(FEATURES), num_ranked] and `blend` [num_ranked] are `scorer`'s of its `evidence`.
        """
        if self._trees is None or not self._weight:
            return blend
        candidates = self.shortlist(query, blend)
        if not len(candidates):
            return blend
        by_trees = self._trees.score(self.features(evidence, candidates, values, blend))
        final = combine(blend[candidates], by_trees, self._weight)
        outside = np.ones(len(blend), dtype=np.bool_)
        outside[candidates] = False
        scores = blend.copy()
        last = blend[outside].max(initial=blend.min())
        scores[candidates] = last + 1e-3 + (final - final.min())
        return scores

    def shortlist(
        self, query: ItemQuery, scores: NDArray[np.float32], *, size: int | None = None
    ) -> NDArray[np.int64]:
        """Ranked indices of the best by `scores` [num_ranked] that are not in the cart, best first.

        At most `size` of them; none for `shortlist_size`.
        """
        cart = self._scorer.ranked_index(list(query.cart))
        masked = scores.copy()
        masked[cart[cart >= 0]] = -np.inf
        size = min(self.shortlist_size if size is None else size, int(np.isfinite(masked).sum()))
        best = np.argpartition(-masked, size - 1)[:size] if size else np.zeros(0, dtype=np.int64)
        return best[np.lexsort((best, -masked[best]))]

    def features(
        self,
        evidence: Evidence,
        candidates: NDArray[np.int64],
        values: NDArray[np.float32],
        scores: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Rows of `NAMES` for the `candidates` of one query, [len(candidates), len(NAMES)].

        `values` [len(FEATURES), num_ranked] and `scores` [num_ranked] are the blend's. NaN is "not known".
        """
        columns: dict[str, NDArray[np.floating]] = {"blend": scores[candidates]}
        columns |= {name: values[FEATURES.index(name), candidates] for name in _TAKEN}
        parts = self._model.target[candidates] @ self._scorer.query_vectors(evidence).T  # [K, 3]
        columns |= dict(zip(("gnn_cart", "gnn_history", "gnn_user"), parts.T, strict=True))
        columns["ease_best"] = self._best_ease(evidence.items[-_MAX_CART:], candidates)
        columns["ease_history"] = self._ease_of_history(evidence.history)[candidates]
        for name, of in (("blend_position", "blend"), ("gnn_position", "gnn"), ("ease_position", "ease")):
            columns[name] = np.argsort(np.argsort(-columns[of], kind="stable")).astype(np.float32)
        columns |= _history_columns(evidence.history, candidates)
        columns |= self._category_columns(evidence, candidates)
        columns |= dict(zip(GROUPS["popularity"], self._log_baskets[:, candidates], strict=True))
        columns["price"] = self._log_price[candidates]
        columns["price_to_usual"] = columns["price"] - self._usual_price(evidence)
        columns["cart_size"] = np.full(len(candidates), len(evidence.items))
        columns["history_size"] = np.full(len(candidates), np.log1p(evidence.history.count.sum()))
        return np.stack([columns[name] for name in NAMES], axis=1).astype(np.float32)

    def _best_ease(self, items: NDArray[np.integer], candidates: NDArray[np.int64]) -> NDArray[np.float32]:
        """The strongest EASE weight from one of `items` to each candidate."""
        model = self._model
        row = np.zeros(self._scorer.num_ranked, dtype=np.float32)
        best = np.zeros(len(candidates), dtype=np.float32)
        for item in items:
            part = slice(model.ease_indptr[item], model.ease_indptr[item + 1])
            row[model.ease_item[part]] = model.ease_weight[part]
            np.maximum(best, row[candidates], out=best)
            row[model.ease_item[part]] = 0.0
        return best

    def _ease_of_history(self, history: ItemHistory) -> NDArray[np.floating]:
        """What EASE makes of the user's most bought items, each by its share, [num_ranked]."""
        most = np.argsort(-history.count, kind="stable")[:_MAX_HISTORY]
        shares = history.count[most] / max(float(history.count.sum()), 1.0)
        return self._scorer.ease_sums(history.item[most], shares)

    def _category_columns(
        self, evidence: Evidence, candidates: NDArray[np.int64]
    ) -> dict[str, NDArray[np.floating]]:
        """How much of the cart, and of what the user bought (lately), is of the candidate's category."""
        history = evidence.history
        total = max(float(history.count.sum()), 1.0)
        columns: dict[str, NDArray[np.floating]] = {}
        for level, code in zip(LEVELS, self._codes, strict=True):
            asked = code[candidates]
            bought = code[history.item]
            columns[f"cart_{level}"] = _sums(code[evidence.items], None, asked)
            columns[f"affinity_{level}"] = _sums(bought, history.count, asked) / total
            columns[f"recent_affinity_{level}"] = _sums(bought, history.decayed[:, 1], asked)
        return columns

    def _usual_price(self, evidence: Evidence) -> float:
        """Mean log price of what the user bought, else of the cart; NaN where neither has prices."""
        history = evidence.history
        for items, weights in ((history.item, history.count), (evidence.items, evidence.attention)):
            prices = self._log_price[items]
            is_known = np.isfinite(prices)
            if is_known.any():
                return float(np.average(prices[is_known], weights=weights[is_known]))
        return float("nan")


def _history_columns(history: ItemHistory, candidates: NDArray[np.int64]) -> dict[str, NDArray[np.floating]]:
    found = np.searchsorted(history.item, candidates)
    found = np.minimum(found, max(len(history.item) - 1, 0))
    is_known = history.item[found] == candidates if len(history.item) else np.zeros(len(candidates), np.bool_)
    rows = found[is_known]

    def column(values: NDArray[np.floating], otherwise: float) -> NDArray[np.floating]:
        result = np.full(len(candidates), otherwise, dtype=np.float32)
        result[is_known] = values[rows]
        return result

    return {
        "decayed_10": column(history.decayed[:, 0], 0.0),
        "decayed_90": column(history.decayed[:, 2], 0.0),
        "last_age": column(history.last_age, np.nan),
        "cycle": column(history.cycle, np.nan),
    }


def _sums(
    codes: NDArray[np.integer], weights: NDArray[np.floating] | None, asked: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Sum of `weights` (1 each where none are given) over the `codes` equal to each asked; 0 for code -1."""
    size = max(int(codes.max(initial=-1)), int(asked.max(initial=-1))) + 2
    sums = np.bincount(codes + 1, weights, minlength=size).astype(np.float64)
    sums[0] = 0.0
    result: NDArray[np.float64] = sums[asked + 1]
    return result


def combine(blend: NDArray[np.float32], by_trees: NDArray[np.float32], weight: float) -> NDArray[np.float32]:
    """The final scores of one shortlist: z(blend) + weight · z(trees), [num_candidates]."""
    return standard_scores(blend) + weight * standard_scores(by_trees)
