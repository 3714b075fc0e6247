"""Baselines of protocol D: mined patterns, co-purchase cliques, greedy cosine.

Two trivial rules, the whole session and every pair, show how far the metrics go without any model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
from mlxtend.frequent_patterns import fpgrowth  # type: ignore[import-untyped]  # it has no types
from numpy.typing import NDArray

from benchmarks.composition.contents import Contents
from benchmarks.composition.sessions import Bundle, ComposeSession, SessionTask

#: The patterns that the data set's authors look for, and the support that they chose by a grid.
MIN_SUPPORT, MAX_PATTERN = 0.001, 5

Pair = tuple[str, str]


def whole_session(task: SessionTask) -> Sequence[Bundle]:
    """All items of the session as one bundle."""
    return [frozenset(task.items)] if len(task.items) > 1 else []


def every_pair(task: SessionTask) -> Sequence[Bundle]:
    """Each two items as a bundle."""
    return [frozenset(pair) for pair in combinations(task.items, 2)]


def frequent_patterns(
    learned: Sequence[SessionTask], kind: Mapping[str, str], *, min_support: float = MIN_SUPPORT
) -> ComposeSession:
    """Compose by patterns: sets of two to five kinds of items that learned bundles hold often.

    Frequent itemsets (FP-growth by mlxtend), each item counted as its kind: its category, as the data set's
    authors have it, or itself. A kind's second item in a bundle counts as another kind. A session's items in
    a pattern are a bundle where they are two or more.
    """
    transactions = [
        _numbered(kind[item] for item in sorted(bundle)) for task in learned for bundle in task.bundles
    ]
    names = sorted({name for transaction in transactions for name in transaction})
    place = {name: column for column, name in enumerate(names)}
    holds = np.zeros((len(transactions), len(names)), dtype=np.bool_)
    for row, transaction in enumerate(transactions):
        holds[row, [place[name] for name in transaction]] = True
    found = fpgrowth(pd.DataFrame(holds), min_support=min_support, max_len=MAX_PATTERN)
    patterns = {frozenset(names[column] for column in items) for items in found["itemsets"] if len(items) > 1}

    def compose(task: SessionTask) -> Sequence[Bundle]:
        item_of = dict(zip(_numbered(kind[item] for item in task.items), task.items, strict=True))
        parts = {pattern.intersection(item_of) for pattern in patterns}
        bundles = (frozenset(item_of[name] for name in part) for part in parts if len(part) > 1)
        return sorted(bundles, key=sorted)

    return compose


def linked_pairs(learned: Sequence[SessionTask], kind: Mapping[str, str]) -> Counter[Pair]:
    """Number of learned bundles with an item of one kind and another item of the other, by pair of kinds."""
    return Counter(
        _pair(kind[one], kind[other])
        for task in learned
        for bundle in task.bundles
        for one, other in combinations(sorted(bundle), 2)
    )


def cliques(pairs: Counter[Pair], kind: Mapping[str, str], *, min_bundles: int) -> ComposeSession:
    """Maximal sets of a session's items, each two of kinds that `min_bundles` bundles held together."""

    def compose(task: SessionTask) -> Sequence[Bundle]:
        graph = nx.Graph(
            pair
            for pair in combinations(task.items, 2)
            if pairs[_pair(kind[pair[0]], kind[pair[1]])] >= min_bundles
        )
        return sorted((frozenset(clique) for clique in nx.find_cliques(graph)), key=sorted)

    return compose


def greedy_cosine(contents: Contents, *, threshold: float) -> ComposeSession:
    """Bundles grown one after the other, each from the two most similar items that are left.

    The item of the greatest mean similarity to the bundle joins while that is `threshold` or more.
    """

    def compose(task: SessionTask) -> Sequence[Bundle]:
        rows = contents.vectors[[contents.place[item] for item in task.items]]
        similarity = rows @ rows.T
        return [frozenset(task.items[row] for row in grown) for grown in _grow(similarity, threshold)]

    return compose


def _grow(similarity: NDArray[np.float32], threshold: float) -> Iterator[list[int]]:
    left = list(range(len(similarity)))
    while len(left) > 1:
        start = max(combinations(left, 2), key=lambda pair: similarity[pair])
        if similarity[start] < threshold:
            return
        grown, left = list(start), [row for row in left if row not in start]
        while left:
            mean = similarity[np.ix_(left, grown)].mean(axis=1)
            best = int(np.argmax(mean))
            if mean[best] < threshold:
                break
            grown.append(left.pop(best))
        yield grown


def _numbered(names: Iterator[str]) -> list[str]:
    """`names`, each numbered among its equals, so that the second of a kind is another name."""
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        numbered.append(f"{name} #{seen[name]}")
        seen[name] += 1
    return numbered


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one <= other else (other, one)
