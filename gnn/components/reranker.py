"""Fitting the second stage: trees learn from validation baskets which of a shortlist was hidden."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.boosted_trees import fit_ranker
from gnn.components.ensemble import scorer_queries
from gnn.data.queries import CompletionQueries
from gnn.evaluation.metrics import block_size, ndcg_at_k
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.reranker import NAMES, Reranker, combine
from gnn.scoring.trees import Ranker

logger = logging.getLogger(__name__)

#: Queries whose shortlist holds the hidden item, under which no trees are fitted.
FEWEST_SHORTLISTS = 200
#: Items hidden in turn a basket: with one, the trees were worse than the blend.
HIDDEN_A_BASKET = 4
#: What the trees may weigh, against 1 for the blend.
TREES_WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
NUM_FOLDS = 2


@dataclass(frozen=True)
class FittedTrees:
    """The second stage, and how it did on validation queries that it was not fitted to."""

    trees: NDArray[np.uint8]
    """Fitted to all of validation."""
    weight: float
    ranks: NDArray[np.float64]
    """Rank of each validation query's hidden item, out of fold: by trees of the other baskets."""


@dataclass(frozen=True)
class Shortlists:
    """The shortlists of some queries, up to K items each, best by the blend first."""

    features: NDArray[np.float32]
    """Rows of `gnn.scoring.reranker.NAMES`, [num_queries, K, F]."""
    blend: NDArray[np.float32]
    """Scores, −∞ where a shortlist is shorter, [num_queries, K]."""
    place: NDArray[np.int64]
    """Of the hidden item in the shortlist, −1 where it is not in it, [num_queries]."""
    rank: NDArray[np.float64]
    """Of the hidden item by the blend, [num_queries]."""
    basket: NDArray[np.int64]
    """Equal where queries are of one basket, [num_queries]."""


def fit_trees(
    reranker: Reranker,
    scorer: ItemScorer,
    validation: CompletionQueries,
    ranked: NDArray[np.int32],
    *,
    seed: int,
) -> FittedTrees | None:
    """Trees for `reranker` and the weight with the best out-of-fold NDCG@20.

    None where there are too few shortlists to learn from, or where every weight does worse than the blend.
    """
    found = read_shortlists(reranker, scorer, validation, ranked, seed=seed)
    if (found.place >= 0).sum() < FEWEST_SHORTLISTS:
        return None
    ranks = {
        weight: values[: len(validation)] for weight, values in out_of_fold_ranks(found, seed=seed).items()
    }
    ndcg = {weight: ndcg_at_k(values, 20) for weight, values in ranks.items()}
    logger.info("trees: out-of-fold NDCG@20 by weight %s", {w: round(v, 4) for w, v in ndcg.items()})
    best = max(TREES_WEIGHTS, key=lambda weight: ndcg[weight])
    if best == 0.0:
        return None
    return FittedTrees(_fit(found, np.ones(len(found.basket), dtype=np.bool_), seed), best, ranks[best])


def out_of_fold_ranks(found: Shortlists, *, seed: int) -> dict[float, NDArray[np.float64]]:
    """Rank of each hidden item by each of `TREES_WEIGHTS`, [num_queries].

    Folds are of baskets: no basket is ranked by trees that saw another item of it.
    """
    fold = found.basket % NUM_FOLDS
    by_trees = np.zeros_like(found.blend)
    for held_out in range(NUM_FOLDS):
        trees = Ranker(_fit(found, fold != held_out, seed))
        for query in np.flatnonzero((fold == held_out) & (found.place >= 0)):
            by_trees[query] = trees.score(found.features[query])
    return {weight: _ranks(found, by_trees, weight) for weight in TREES_WEIGHTS}


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


def read_shortlists(
    reranker: Reranker,
    scorer: ItemScorer,
    validation: CompletionQueries,
    ranked: NDArray[np.int32],
    *,
    seed: int,
) -> Shortlists:
    """Shortlists of `validation`, in its order, then of the same baskets with other items hidden."""
    queries, basket = hide_several(validation, HIDDEN_A_BASKET, rng=np.random.default_rng(seed))
    size = reranker.shortlist_size
    features = np.zeros((len(queries), size, len(NAMES)), dtype=np.float32)
    blend = np.full((len(queries), size), -np.inf, dtype=np.float32)
    place = np.full(len(queries), -1, dtype=np.int64)
    rank = np.empty(len(queries))
    asked = scorer_queries(queries, ranked)
    block = block_size(queries)
    for start in range(0, len(queries), block):
        known = [scorer.evidence(query) for query in asked[start : start + block]]
        values = scorer.features_of(known)
        scores = scorer.weigh(values)
        for offset, evidence in enumerate(known):
            row = start + offset
            candidates = reranker.shortlist(asked[row], scores[offset])
            features[row, : len(candidates)] = reranker.features(
                evidence, candidates, values[offset], scores[offset]
            )
            blend[row, : len(candidates)] = scores[offset, candidates]
            where = np.flatnonzero(candidates == queries.hidden[row])
            place[row] = where[0] if len(where) else -1
            masked = scores[offset].copy()
            masked[queries.carts.indices[queries.carts.indptr[row] : queries.carts.indptr[row + 1]]] = -np.inf
            rank[row] = 1 + (masked > masked[queries.hidden[row]]).sum()
    return Shortlists(features, blend, place, rank, basket)


def _fit(found: Shortlists, is_in: NDArray[np.bool_], seed: int) -> NDArray[np.uint8]:
    """Trees of the queries `is_in` whose shortlist holds the hidden item."""
    rows = np.flatnonzero(is_in & (found.place >= 0))
    size = found.blend.shape[1]
    relevance = np.zeros((len(rows), size), dtype=np.int64)
    relevance[np.arange(len(rows)), found.place[rows]] = 1
    is_item = np.isfinite(found.blend[rows])
    return fit_ranker(
        found.features[rows][is_item],
        relevance[is_item],
        is_item.sum(axis=1),
        names=NAMES,
        seed=seed,
    )


def _ranks(found: Shortlists, by_trees: NDArray[np.float32], weight: float) -> NDArray[np.float64]:
    """Rank of each hidden item; outside the shortlist, that by the blend."""
    ranks = found.rank.copy()
    for row in np.flatnonzero(found.place >= 0):
        is_item = np.isfinite(found.blend[row])
        final = combine(found.blend[row][is_item], by_trees[row][is_item], weight)
        own = final[found.place[row]]
        ranks[row] = 1 + (final > own).sum() + ((final == own).sum() - 1) / 2
    return ranks
