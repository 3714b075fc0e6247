"""Evidence for every pair of items: sums over paths between them, as products of sparse matrices.

The evidence of a kind for (a, b) is left[a] · right[b]. N(a) are the items, listed by the catalogue or not,
that any kind of link joins to a in either direction, and d(x) = |N(x)|:

    resource_allocation   Σ 1 / d(x), x in N(a) ∩ N(b)                       (Zhou, Lü & Zhang 2009)
    adamic_adar           Σ 1 / log(1.5 + d(x)), the same x                  (Adamic & Adar 2003)
    out_out … in_in       Adamic–Adar over x by the direction of a—x and b—x (in: it leads to the item)
    cosine                |N(a) ∩ N(b)| / √(d(a) d(b))
    target_any …          x linked to one by the target kind, to the other by any; a third step: _any_any
    users, baskets        cosine of the users who bought them, of the baskets that hold them
    content, brand        cosine of the categories' TF-IDF; 1 for one brand
    similar_target        Σ cos(a, x) over x linked to b by the target kind, cosine of title, brand and
                          category words; target_similar: of b and x, x linked to a
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array
from sklearn.preprocessing import normalize

from gnn.data.content import item_documents, tf_idf
from gnn.data.purchases import Purchases
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


@dataclass(frozen=True)
class ItemFeatures:
    """Buyers, baskets, categories, brand and words of each item; rows are item indices."""

    buyers: csr_matrix
    """How often each user bought it, [num_items, num_users]."""
    baskets: csr_matrix
    """Its lines in each basket, [num_items, num_baskets]."""
    categories: csr_matrix
    """Its category and all above, 0/1, [num_items, num_categories]."""
    brand: csr_matrix
    """0/1, [num_items, num_brands]."""
    words: csr_matrix
    """`gnn.data.content.tf_idf` of title, brand and category names, [num_items, num_words]."""


@dataclass(frozen=True)
class PairEvidence:
    """Evidence for every pair of n items; an item's place, 0 to n - 1, is its row."""

    factors: Mapping[str, tuple[csr_matrix, csr_matrix]]
    """left [n, K] and right [K, n] of each kind of evidence; K differs by kind."""
    known: csr_matrix
    """1 where a link of any kind joins the two, [n, n]."""
    known_target: csr_matrix
    """1 where a link of the target kind does, [n, n]."""
    ends: Mapping[str, NDArray[np.float32]]
    """Features of one item alone, each [n]."""

    def without(self, names: Collection[str]) -> PairEvidence:
        """This evidence without the kinds `names`."""
        return replace(self, factors={name: self.factors[name] for name in self.factors if name not in names})

    def of(self, places: NDArray[np.integer]) -> dict[str, NDArray[np.float32]]:
        """Each kind of evidence for `places` with all items, [len(places), n]."""
        return {name: (left[places] @ right).toarray() for name, (left, right) in self.factors.items()}


def item_features(edges: EdgeTables, purchases: Purchases) -> ItemFeatures:
    """Features of all items of `edges`; `purchases` has item indices as columns."""
    item_category = _memberships(edges, ("Item", "IN_CATEGORY", "Category"))
    parent = _memberships(edges, ("Category", "CHILD_OF", "Category"))
    categories, above = item_category, item_category @ parent
    while above.nnz:
        categories, above = categories + above, above @ parent
    return ItemFeatures(
        buyers=purchases.counts.T.tocsr(),
        baskets=purchases.lines.T.tocsr(),
        categories=categories,
        brand=_memberships(edges, ("Item", "MADE_BY", "Brand")),
        words=tf_idf(item_documents(edges)),
    )


def pair_evidence(
    links: KnownLinks, features: ItemFeatures, *, kind: str, items: NDArray[np.integer]
) -> PairEvidence:
    """Evidence for the pairs of `items` (item indices); `kind` is the target kind of `links`."""
    out = links.matrix()
    into = out.T.tocsr()
    either = _ones(out + into)
    target = links.matrix(kind)
    target = _ones(target + target.T)
    degree = _row_sums(either)
    allocated, damped = _weigh(either, 1 / np.maximum(degree, 1)), _weigh(either, _adamic_adar(degree))
    out_damped = _weigh(out, _adamic_adar(_row_sums(into))), _weigh(out, _adamic_adar(degree))
    in_damped = _weigh(into, _adamic_adar(_row_sums(out))), _weigh(into, _adamic_adar(degree))
    neighbours, targets = either[items], target[items]
    unit = _unit_rows(neighbours)
    buyers, baskets = (_unit_rows(_ones(rows[items])) for rows in (features.buyers, features.baskets))
    content = _unit_rows(_weigh_by_rarity(features.categories[items]))
    words = features.words[items]
    words_of_targets = targets[:, items] @ words
    pairs = {
        "resource_allocation": (allocated[items], neighbours),
        "adamic_adar": (damped[items], neighbours),
        "out_out": (out_damped[0][items], out[items]),
        "out_in": (out_damped[1][items], into[items]),
        "in_out": (in_damped[1][items], out[items]),
        "in_in": (in_damped[0][items], into[items]),
        "cosine": (unit, unit),
        "target_any": (targets, neighbours),
        "any_target": (allocated[items], targets),
        "target_target": (targets, targets),
        "target_any_any": (targets @ allocated, neighbours),
        "users": (buyers, buyers),
        "baskets": (baskets, baskets),
        "content": (content, content),
        "brand": (features.brand[items], features.brand[items]),
        "similar_target": (words, words_of_targets),
        "target_similar": (words_of_targets, words),
    }
    return PairEvidence(
        factors={name: (csr_matrix(left), right.T.tocsr()) for name, (left, right) in pairs.items()},
        known=neighbours[:, items].tocsr(),
        known_target=targets[:, items].tocsr(),
        ends={
            "linked_from": _row_sums(into)[items].astype(np.float32),
            "num_baskets": _row_sums(_ones(features.baskets[items])).astype(np.float32),
        },
    )


def _memberships(edges: EdgeTables, edge_type: tuple[str, str, str]) -> csr_matrix:
    table = edges.edges[edge_type]
    places = table["source_index"].to_numpy(), table["target_index"].to_numpy()
    shape = edges.nodes[edge_type[0]].num_rows, edges.nodes[edge_type[2]].num_rows
    return csr_matrix((np.ones(table.num_rows, dtype=np.float32), places), shape=shape)


def _ones(matrix: csr_matrix) -> csr_matrix:
    ones = csr_matrix(matrix, dtype=np.float32, copy=True)
    ones.data[:] = 1.0
    return ones


def _weigh(matrix: csr_matrix, column_weights: NDArray[np.float64]) -> csr_matrix:
    return csr_matrix(matrix @ diags_array(column_weights.astype(np.float32)))


def _adamic_adar(degree: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / np.log(1.5 + degree)


def _row_sums(matrix: csr_matrix) -> NDArray[np.float64]:
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()


def _unit_rows(matrix: csr_matrix) -> csr_matrix:
    """Rows of length 1; empty ones stay empty."""
    # scikit-learn refuses a matrix without columns.
    return csr_matrix(normalize(matrix)) if matrix.shape[1] else matrix


def _weigh_by_rarity(memberships: csr_matrix) -> csr_matrix:
    """Each column times log(rows / rows that have it)."""
    holders = np.asarray(memberships.sum(axis=0), dtype=np.float64).ravel()
    return _weigh(memberships, np.log(max(memberships.shape[0], 1) / np.maximum(holders, 1)))
