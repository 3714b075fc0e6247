"""The first stage of shops whose data are baskets, and the features of its candidates. NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.scoring.catalogue import LEVELS, Catalogue, Categories, item_codes
from gnn.scoring.item_model import FEATURES, ItemHistory, RankedItems
from gnn.scoring.item_scorer import Evidence, ItemQuery, ItemScorer

#: Features of a candidate by group: how importance and ablation are reported.
BASKET_FEATURES = {
    "first stage": ("first_stage", "first_stage_position"),
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
_NAMES = tuple(name for names in BASKET_FEATURES.values() for name in names)
#: Features of the first stage that the trees see as well.
_SHARED = tuple(name for name in FEATURES if name in _NAMES)
#: Cart items, the last ones, and history items, the most bought, whose EASE weights are looked up.
_MAX_CART, _MAX_HISTORY = 64, 100


class BasketStage:
    """`ItemScorer` as a first stage (`gnn.scoring.two_stage`). Threads may share it."""

    feature_groups = BASKET_FEATURES

    def __init__(
        self, scorer: ItemScorer, *, catalogue: Catalogue, categories: Categories, ranked: RankedItems
    ) -> None:
        """All of one model."""
        self.scorer = scorer
        self.num_ranked = scorer.num_ranked
        self._codes = item_codes(catalogue, categories, ranked.item)
        self._log_price = np.log(catalogue.price[ranked.item] + 0.1).astype(np.float32)
        self._log_baskets = np.log1p(
            [catalogue.baskets[ranked.item], ranked.baskets_4_weeks, ranked.baskets_16_weeks]
        ).astype(np.float32)

    def score_queries(self, queries: Sequence[ItemQuery]) -> ScoredBaskets:
        """First-stage scores of `queries`, with their features and evidence."""
        evidence = [self.scorer.evidence(query) for query in queries]
        values = self.scorer.features(evidence)
        carts = [self.scorer.ranked_index(list(query.cart)) for query in queries]
        return ScoredBaskets(self, carts, evidence, values, self.scorer.weigh(values))

    def candidate_features(
        self,
        evidence: Evidence,
        candidates: NDArray[np.int64],
        values: NDArray[np.float32],
        scores: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Features of the `candidates` of one query, [len(candidates), F]; NaN is "not known".

        `values` [len(FEATURES), num_ranked] and `scores` [num_ranked] are the first stage's.
        """
        columns: dict[str, NDArray[np.floating]] = {"first_stage": scores[candidates]}
        columns |= {name: values[FEATURES.index(name), candidates] for name in _SHARED}
        terms = self.scorer.network.target[candidates] @ self.scorer.query_vectors(evidence).T  # [K, 3]
        columns |= dict(zip(("gnn_cart", "gnn_history", "gnn_user"), terms.T, strict=True))
        columns["ease_best"] = self._best_ease(evidence.items[-_MAX_CART:], candidates)
        columns["ease_history"] = self._ease_of_history(evidence.history)[candidates]
        for name, of in (
            ("first_stage_position", "first_stage"),
            ("gnn_position", "gnn"),
            ("ease_position", "ease"),
        ):
            columns[name] = np.argsort(np.argsort(-columns[of], kind="stable")).astype(np.float32)
        columns |= _history_columns(evidence.history, candidates)
        columns |= self._category_columns(evidence, candidates)
        columns |= dict(zip(BASKET_FEATURES["popularity"], self._log_baskets[:, candidates], strict=True))
        columns["price"] = self._log_price[candidates]
        columns["price_to_usual"] = columns["price"] - self._usual_price(evidence)
        columns["cart_size"] = np.full(len(candidates), len(evidence.items))
        columns["history_size"] = np.full(len(candidates), np.log1p(evidence.history.count.sum()))
        return np.stack([columns[name] for name in _NAMES], axis=1).astype(np.float32)

    def _best_ease(self, items: NDArray[np.integer], candidates: NDArray[np.int64]) -> NDArray[np.float32]:
        """The largest EASE weight from one of `items` to each candidate."""
        row = np.zeros(self.num_ranked, dtype=np.float32)
        best = np.zeros(len(candidates), dtype=np.float32)
        for item in items:
            linked, weight = self.scorer.ease.row(item)
            row[linked] = weight
            np.maximum(best, row[candidates], out=best)
            row[linked] = 0.0
        return best

    def _ease_of_history(self, history: ItemHistory) -> NDArray[np.floating]:
        """EASE scores of the user's most bought items, each by its share, [num_ranked]."""
        most = np.argsort(-history.count, kind="stable")[:_MAX_HISTORY]
        shares = history.count[most] / max(float(history.count.sum()), 1.0)
        return self.scorer.ease.row_sums(history.item[most], shares, num_columns=self.num_ranked)

    def _category_columns(
        self, evidence: Evidence, candidates: NDArray[np.int64]
    ) -> dict[str, NDArray[np.floating]]:
        """How much of the cart, and of the user's purchases (lately), is of the candidate's category."""
        history = evidence.history
        total = max(float(history.count.sum()), 1.0)
        columns: dict[str, NDArray[np.floating]] = {}
        for level, code in zip(LEVELS, self._codes, strict=True):
            of_candidates, bought = code[candidates], code[history.item]
            columns[f"cart_{level}"] = _sums(code[evidence.items], None, of_candidates)
            columns[f"affinity_{level}"] = _sums(bought, history.count, of_candidates) / total
            columns[f"recent_affinity_{level}"] = _sums(bought, history.decayed[:, 1], of_candidates)
        return columns

    def _usual_price(self, evidence: Evidence) -> float:
        """Mean log price of the user's purchases, else of the cart; NaN where neither has prices."""
        history = evidence.history
        for items, weights in ((history.item, history.count), (evidence.items, evidence.attention)):
            prices = self._log_price[items]
            is_known = np.isfinite(prices)
            if is_known.any():
                return float(np.average(prices[is_known], weights=weights[is_known]))
        return float("nan")


@dataclass(frozen=True)
class ScoredBaskets:
    """First-stage scores of carts and histories (`gnn.scoring.two_stage.ScoredQueries`)."""

    stage: BasketStage
    carts: Sequence[NDArray[np.int32]]
    """Ranked indices of each cart, -1 for items that the model does not rank."""
    evidence: Sequence[Evidence]
    values: NDArray[np.float32]
    """Features of all items, [num_queries, len(FEATURES), num_ranked]."""
    scores: NDArray[np.float32]
    """[num_queries, num_ranked]"""

    def excluded(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The items of the carts."""
        rows = np.repeat(np.arange(len(self.carts)), [len(cart) for cart in self.carts])
        items = np.concatenate([np.zeros(0, dtype=np.int32), *self.carts])
        return rows[items >= 0], items[items >= 0]

    def features(self, candidates: NDArray[np.int64]) -> NDArray[np.float32]:
        """`BASKET_FEATURES` of `candidates` [num_queries, K], [num_queries, K, F]."""
        found = np.zeros((*candidates.shape, len(_NAMES)), dtype=np.float32)
        for row, evidence in enumerate(self.evidence):
            is_candidate = candidates[row] >= 0
            found[row, is_candidate] = self.stage.candidate_features(
                evidence, candidates[row, is_candidate], self.values[row], self.scores[row]
            )
        return found


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
    codes: NDArray[np.integer], weights: NDArray[np.floating] | None, of: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Sum of `weights` (1 each where none are given) over the `codes` equal to each of `of`; 0 for -1."""
    size = max(int(codes.max(initial=-1)), int(of.max(initial=-1))) + 2
    sums = np.bincount(codes + 1, weights, minlength=size).astype(np.float64)
    sums[0] = 0.0
    result: NDArray[np.float64] = sums[of + 1]
    return result
