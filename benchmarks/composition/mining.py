"""Baselines by mining: association rules of frequent itemsets, and pairs of the highest lift."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from mlxtend.frequent_patterns import fpgrowth  # type: ignore[import-untyped]  # it has no types
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries


@dataclass(frozen=True)
class Rules:
    """Scores an item by the most confident rule that leads from items of the cart to it."""

    consequents: Mapping[tuple[int, ...], tuple[NDArray[np.int64], NDArray[np.float32]]]
    """Antecedent, ascending → the items that it leads to, and the confidence of each."""
    support: NDArray[np.float32]
    """Of each item: the confidence of the rule without antecedent, [num_ranked]."""

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Confidences, [len(queries), num_ranked]; an item that no rule leads to has its support."""
        scores = np.tile(self.support, (len(queries), 1))
        for row, start, end in zip(scores, queries.carts.indptr, queries.carts.indptr[1:], strict=False):
            cart = queries.carts.indices[start:end].tolist()
            for length in (1, 2):
                for antecedent in combinations(sorted(cart), length):
                    if antecedent in self.consequents:
                        items, confidence = self.consequents[antecedent]
                        row[items] = np.maximum(row[items], confidence)
        return scores


@dataclass(frozen=True)
class LiftPairs:
    """Scores an item by its mean lift with the items of the cart."""

    lift: csr_matrix
    """[num_ranked, num_ranked]; 0 for pairs in too few baskets."""

    def score(self, queries: CompletionQueries) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked]."""
        return np.asarray((queries.carts @ self.lift).toarray(), dtype=np.float32)


def fit_rules(baskets: csr_matrix, *, min_support: float) -> Rules:
    """Rules from one or two items to one, of itemsets in a share of `min_support` of the baskets or more.

    FP-growth (Han et al. 2000) by mlxtend; confidence = support of both / support of the antecedent.
    """
    frame = pd.DataFrame.sparse.from_spmatrix(baskets.astype(np.bool_))  # type: ignore[attr-defined]  # pandas has it
    found = fpgrowth(frame, min_support=min_support, max_len=3)
    support = {
        tuple(sorted(items)): share for share, items in zip(found["support"], found["itemsets"], strict=True)
    }
    led_to: dict[tuple[int, ...], list[tuple[int, float]]] = defaultdict(list)
    for items, share in support.items():
        for consequent in items if len(items) > 1 else ():
            antecedent = tuple(item for item in items if item != consequent)
            led_to[antecedent].append((consequent, share / support[antecedent]))
    return Rules(
        consequents={
            antecedent: (
                np.array([item for item, _ in rules], dtype=np.int64),
                np.array([confidence for _, confidence in rules], dtype=np.float32),
            )
            for antecedent, rules in led_to.items()
        },
        support=np.asarray(baskets.mean(axis=0), dtype=np.float32).ravel(),
    )


def fit_lift_pairs(baskets: csr_matrix, *, min_baskets: int) -> LiftPairs:
    """lift(i, j) = N c(i, j) / (c(i) c(j)) of the pairs that `min_baskets` of N baskets hold, or more."""
    counts = np.maximum(np.bincount(baskets.indices, minlength=baskets.shape[1]), 1)
    pairs = (baskets.T @ baskets).tocoo()
    kept = (pairs.row != pairs.col) & (pairs.data >= min_baskets)
    row, column, together = pairs.row[kept], pairs.col[kept], pairs.data[kept]
    lift = baskets.shape[0] * together / (counts[row] * counts[column])
    return LiftPairs(csr_matrix((lift.astype(np.float32), (row, column)), shape=pairs.shape))
