"""Why the GNN scored an item as it did for a query: exact, not an approximation.

The GNN's part of a first-stage score is bilinear, q · target_i, where q is a sum over the query's items
(`gnn.scoring.item_scorer`) and every vector is a sum over nodes and neighbours. Each product of a term of q
and a term of target_i is therefore a term of the score, and half of it goes to either: these are the Shapley
values (Shapley 1953) of the game in which terms join the graph, and they sum to q · target_i.

A score of the GNN has a meaning only beside those of other items, so what is explained is how far it stands
above the average item, q · (target_i - mean target), whose vector is a term like the others.

Popularity (the bias), EASE and the user's own purchase counts are no part of it: they have their own
weights.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etl.errors import StageError
from gnn.scoring.containers import Csr, TextColumn, zeros_field
from gnn.scoring.item_scorer import ItemQuery, ItemScorer


@dataclass(frozen=True)
class Encoder:
    """Parameters and graph of the encoder (`gnn.network.encoder`); `Encoder()` where there is no GNN.

    Nodes are the ranked items, then the categories, then the brands, as `Categories` and `Catalogue.brand`
    count them.
    """

    embedding: NDArray[np.float32] = zeros_field(np.float32, 0, 3, 0)
    """E, of each node and role, the scales of the head folded in, [num_nodes, 3, d]."""
    member_indptr: NDArray[np.int64] = zeros_field(np.int64, 1)
    """Nodes of ranked item i are `member[member_indptr[i]:member_indptr[i + 1]]`."""
    member: NDArray[np.int32] = zeros_field(np.int32)
    """The item itself, its category with all above it, its brand."""
    relations: TextColumn = TextColumn.of([])
    """Names of the item–item relations."""
    relation_weight: NDArray[np.float32] = zeros_field(np.float32, 0, 0, 3)
    """w of each layer, relation and role, [num_layers, num_relations, 3]."""
    neighbours: Csr = Csr()
    """A row a ranked item, the ranked items that it receives messages from; entries of the normalised Â."""
    neighbour_relation: NDArray[np.uint8] = zeros_field(np.uint8)
    """Relation of each entry of `neighbours`."""


SOURCE, TARGET, HISTORY = range(3)
#: Origins of a term of a vector, beside the item–item relations.
ITEM, CATEGORY, BRAND = "item", "category", "brand"


class Term(NamedTuple):
    """Origin of a term of an item's vector, or of a score."""

    relation: str
    """`item` (its own vector), `category`, `brand`, or the name of an item–item relation."""
    node: int
    """Ranked index of an item, category index, or brand code."""


class VectorTerms:
    """Splits the vectors of one encoder into terms, by h = h⁰ + Σ_r Σ_j Â_r[i, j] Σ_l w_{l,r} hˡ⁻¹_j."""

    def __init__(self, encoder: Encoder, *, num_categories: int) -> None:
        self._encoder = encoder
        self._num_ranked = len(encoder.member_indptr) - 1
        self._num_categories = num_categories
        self._names = list(encoder.relations)
        self._layers = self._propagated()

    def __len__(self) -> int:
        return self._num_ranked

    def of(self, item: int, role: int) -> tuple[list[Term], NDArray[np.float32]]:
        """The terms that sum to a ranked item's vector in a role, and their vectors, [num_terms, d]."""
        encoder = self._encoder
        members = encoder.member[slice(*encoder.member_indptr[item : item + 2])]
        entries = encoder.neighbours.entries(item)
        neighbours, shares = encoder.neighbours.row(item)
        codes = encoder.neighbour_relation[entries]
        received = np.zeros((len(neighbours), encoder.embedding.shape[2]), dtype=np.float32)
        for layer, weights in zip(self._layers, encoder.relation_weight, strict=False):
            received += weights[codes, role, None] * layer[neighbours, role]
        received *= shares[:, None]
        terms = [self._term(node) for node in members.tolist()] + [
            Term(self._names[code], node)
            for code, node in zip(codes.tolist(), neighbours.tolist(), strict=True)
        ]
        return terms, np.concatenate([encoder.embedding[members, role], received])

    def _term(self, node: int) -> Term:
        if node < self._num_ranked:
            return Term(ITEM, node)
        node -= self._num_ranked
        return (
            Term(CATEGORY, node) if node < self._num_categories else Term(BRAND, node - self._num_categories)
        )

    def _propagated(self) -> list[NDArray[np.float32]]:
        """h⁰, …, the layers that items receive from, each [num_ranked, 3, d]."""
        encoder = self._encoder
        of = np.repeat(np.arange(self._num_ranked), np.diff(encoder.member_indptr))
        layers = [_summed(encoder.embedding[encoder.member], of, self._num_ranked)]
        neighbours = encoder.neighbours
        receiver = np.repeat(np.arange(self._num_ranked), neighbours.lengths)
        for weights in encoder.relation_weight[:-1]:
            sent = layers[-1][neighbours.indices] * weights[encoder.neighbour_relation][:, :, None]
            layers.append(_summed(sent * neighbours.values[:, None, None], receiver, self._num_ranked))
        return layers


def _summed(rows: NDArray[np.float32], of: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    total = np.zeros((count, *rows.shape[1:]), dtype=np.float32)
    np.add.at(total, of, rows)
    return total


class ExplanationError(StageError):
    """The model has no GNN whose scores can be explained."""


#: Parts of a query.
CART, BOUGHT, USER = "cart", "bought", "user"
#: The term that subtracts the average of all ranked items.
AVERAGE = "average"


@dataclass(frozen=True)
class ScoreExplanation:
    """Contributions to one score, twice: both sum to `total`, up to float error. Items are ranked indices."""

    total: float
    """q · (target_i - mean target)"""
    by_query: Mapping[Term, float]
    """By item of the query: `cart` (cart and recent items), `bought`, and `user`, the user's own vector."""
    by_node: Mapping[Term, float]
    """By node and relation: `item`, `category`, `brand`, the name of an item–item relation, `user`, and
    `average` for the average item."""

    def by_relation(self) -> dict[str, float]:
        """`by_node`, summed by relation; the user's own vector is `user`."""
        sums: dict[str, float] = defaultdict(float)
        for term, value in self.by_node.items():
            sums[term.relation] += value
        return dict(sums)


class ScoreExplainer:
    """Explains the GNN's scores of one model of baskets."""

    def __init__(self, encoder: Encoder, scorer: ItemScorer, *, num_categories: int) -> None:
        """`encoder` and `scorer` are of one model.

        Raises:
            ExplanationError: If the model has no GNN, or one of sequences, whose heads are not linear.
        """
        if not len(encoder.embedding):
            raise ExplanationError("the model has no GNN to explain: counts and a closed form serve")
        if len(scorer.network.gate.by_step):
            raise ExplanationError("the GNN of ordered histories is not linear in them: no exact explanation")
        self._scorer = scorer
        self._average = scorer.network.target.mean(axis=0)
        self._vectors = VectorTerms(encoder, num_categories=num_categories)

    def explain(self, query: ItemQuery, item: int) -> ScoreExplanation:
        """The contributions to the GNN's score of the ranked index `item` for `query`."""
        evidence = self._scorer.evidence(query)
        target_terms, target_vectors = self._vectors.of(item, TARGET)
        above = target_vectors.sum(axis=0) - self._average
        by_query: dict[Term, float] = defaultdict(float)
        by_node: dict[Term, float] = defaultdict(float)
        attention = evidence.attention / np.sqrt(max(float(evidence.attention.sum()), 1e-12))
        counts = evidence.history.count / np.sqrt(max(float(evidence.history.count.sum()), 1e-12))
        query_vector = np.zeros_like(above)
        for part, role, items, weights in (
            (CART, SOURCE, evidence.items, attention),
            (BOUGHT, HISTORY, evidence.history.item, counts),
        ):
            for of_query, weight in zip(items.tolist(), weights.tolist(), strict=True):
                terms, vectors = self._vectors.of(of_query, role)
                by_query[Term(part, of_query)] += weight * float(vectors.sum(axis=0) @ above)
                query_vector += weight * vectors.sum(axis=0)
                for term, value in zip(terms, (vectors @ above).tolist(), strict=True):
                    by_node[term] += weight * value / 2
        if evidence.user_index is not None:
            own = self._scorer.network.users[evidence.user_index]
            by_query[Term(USER, evidence.user_index)] = float(own @ above)
            by_node[Term(USER, evidence.user_index)] = float(own @ above) / 2
            query_vector += own
        for term, value in zip(target_terms, (target_vectors @ query_vector).tolist(), strict=True):
            by_node[term] += value / 2
        by_node[Term(AVERAGE, -1)] = -float(query_vector @ self._average) / 2
        return ScoreExplanation(
            float(query_vector @ above), _largest_first(by_query), _largest_first(by_node)
        )


def _largest_first(values: Mapping[Term, float]) -> dict[Term, float]:
    return dict(sorted(values.items(), key=lambda entry: -abs(entry[1])))
