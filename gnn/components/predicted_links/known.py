"""Links that the shop itself gives: (item)-[LINKED {kind}]->(item) of the graph, as columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from graph.edges import EdgeTables

_LINKED = ("Item", "LINKED", "Item")

#: Words in the name of a kind that links substitutes, not what is bought together.
_SUBSTITUTE = re.compile("substitut|similar|alternativ|replac|variant|view|instead", re.IGNORECASE)


@dataclass(frozen=True)
class KnownLinks:
    """Directed links, one a pair and kind."""

    source: NDArray[np.int64]
    """Item index, [L]."""
    target: NDArray[np.int64]
    """Item index, [L]."""
    kind: NDArray[np.int64]
    """Index in `kinds`, [L]."""
    kinds: tuple[str, ...]
    num_items: int

    def without(self, pairs: NDArray[np.int64]) -> KnownLinks:
        """These links without those between the items of `pairs` [P, 2], of any kind and direction.

        All kinds are hidden at once, because one kind often repeats another.
        """
        is_kept = ~np.isin(self._pair_numbers(self.source, self.target), self._pair_numbers(*pairs.T))
        return replace(
            self, source=self.source[is_kept], target=self.target[is_kept], kind=self.kind[is_kept]
        )

    def matrix(self, kind: str | None = None) -> csr_matrix:
        """1 where a link of `kind` (none: of any) leads from row to column, [num_items, num_items]."""
        is_chosen = np.full(len(self.kind), True) if kind is None else self.kind == self.kinds.index(kind)
        ends = self.source[is_chosen], self.target[is_chosen]
        matrix = csr_matrix(
            (np.ones(len(ends[0]), dtype=np.float32), ends), shape=(self.num_items, self.num_items)
        )
        matrix.data[:] = 1.0
        return matrix

    def pairs(self, kind: str, items: NDArray[np.integer]) -> NDArray[np.int64]:
        """Undirected pairs of `kind` among `items`, the lower index first, ascending, [P, 2]."""
        is_chosen = self.kind == self.kinds.index(kind)
        is_chosen &= np.isin(self.source, items) & np.isin(self.target, items)
        numbers = np.unique(self._pair_numbers(self.source[is_chosen], self.target[is_chosen]))
        return np.stack(np.divmod(numbers, self.num_items), axis=1)

    def _pair_numbers(self, source: NDArray[np.int64], target: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.minimum(source, target) * self.num_items + np.maximum(source, target)


def known_links(edges: EdgeTables) -> KnownLinks:
    """The shop's links in `edges` without those of substitutes; none where it gives none."""
    return _links(edges, of_substitutes=False)


def known_substitutes(edges: EdgeTables) -> NDArray[np.int64]:
    """Pairs that the shop links as substitutes and in no other way, lower index first, ascending, [P, 2]."""
    links, others = _links(edges, of_substitutes=True), _links(edges, of_substitutes=False)
    linked = links.without(np.stack([others.source, others.target], axis=1))
    pairs = np.sort(np.stack([linked.source, linked.target], axis=1), axis=1)
    return np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)


def choose_kind(links: KnownLinks, items: NDArray[np.integer], *, min_pairs: int) -> str | None:
    """The kind to learn: the rarest that links `min_pairs` pairs of `items`, none where no kind does.

    The rarest is the most specific: shops choose "bought together" among what is "also bought".
    """
    sizes = {kind: len(links.pairs(kind, items)) for kind in links.kinds}
    enough = [kind for kind in links.kinds if sizes[kind] >= min_pairs]
    return min(enough, key=lambda kind: (sizes[kind], kind), default=None)


def _links(edges: EdgeTables, *, of_substitutes: bool) -> KnownLinks:
    linked = edges.edges[_LINKED]
    encoded = linked["kind"].combine_chunks().dictionary_encode()
    kinds = tuple(encoded.dictionary.to_pylist())
    source, target = (linked[f"{end}_index"].to_numpy().astype(np.int64) for end in ("source", "target"))
    kind = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    is_substitute = np.array([_SUBSTITUTE.search(name) is not None for name in kinds], dtype=np.bool_)
    is_kept = is_substitute[kind] == of_substitutes
    num_items = edges.nodes["Item"].num_rows
    return KnownLinks(source[is_kept], target[is_kept], kind[is_kept], kinds, num_items)
