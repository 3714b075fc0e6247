"""Fit co-basket trees: given a few items of a validation basket, which other items does it hold?"""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.boosted_trees import TreeParams, fit_classifier
from gnn.data.queries import CompletionQueries, item_queries
from gnn.scoring.basket_stage import BasketStage
from gnn.scoring.item_model import CoBasketTrees
from gnn.scoring.item_scores import SHORTLIST_SIZE
from gnn.scoring.two_stage import blocks, shortlist

logger = logging.getLogger(__name__)

#: Baskets whose shortlist holds one of their items, under which no trees are fitted.
FEWEST_BASKETS = 200
#: Half of the carts hold one item, as an anchor does; the others hold more, ever more rarely.
_SHARE_OF_SINGLES, _STOP = 0.5, 0.3
#: So many baskets are used a second time without their user.
_SHARE_OF_ANONYMOUS = 0.3
_PARAMS = TreeParams(num_trees=200, learning_rate=0.04, num_leaves=15, min_rows_a_leaf=100)


def tune_co_basket(
    stage: BasketStage, validation: CompletionQueries, ranked: NDArray[np.int32], *, seed: int
) -> CoBasketTrees:
    """Trees for the probability to be in one basket with a cart; empty where too few baskets show it."""
    rng = np.random.default_rng(seed)
    carts, others = draw_carts(validation, rng=rng)
    anonymous = np.flatnonzero(rng.random(len(validation)) < _SHARE_OF_ANONYMOUS)
    of = np.concatenate([np.arange(len(validation)), anonymous])
    drawn = CompletionQueries(
        carts[of],
        np.concatenate([validation.users, np.full(len(anonymous), -1)]),
        validation.hidden[of],
        tuple(validation.basket_ids[row] for row in of),
    )
    queries = item_queries(drawn, ranked)
    features, held, has_any = [], [], np.zeros(len(of), dtype=np.bool_)
    for part in blocks(len(queries), stage.num_ranked):
        scored = stage.score_queries(queries[part])
        candidates = shortlist(scored, size=SHORTLIST_SIZE)
        is_candidate = candidates >= 0
        is_held = np.zeros(candidates.shape, dtype=np.bool_)
        for row, query in enumerate(range(part.start, part.start + len(candidates))):
            basket = of[query]
            items = others.indices[others.indptr[basket] : others.indptr[basket + 1]]
            is_held[row] = np.isin(candidates[row], items)
            has_any[query] = is_held[row].any()
        features.append(scored.features(candidates)[is_candidate])
        held.append(is_held[is_candidate])
    num_baskets = int(has_any[: len(validation)].sum())
    logger.info("co-basket trees: %d of %d baskets have a shortlisted item", num_baskets, len(validation))
    if num_baskets < FEWEST_BASKETS:
        return CoBasketTrees()
    names = [name for group in stage.feature_groups.values() for name in group]
    trees = fit_classifier(
        np.concatenate(features), np.concatenate(held), names=names, seed=seed, params=_PARAMS
    )
    return CoBasketTrees(trees)


def draw_carts(queries: CompletionQueries, *, rng: np.random.Generator) -> tuple[csr_matrix, csr_matrix]:
    """Some items of each query's basket, its hidden item among them, and the others: two matrices of ones.

    At least one item stays among the others where a basket holds two.
    """
    sizes = np.diff(queries.carts.indptr)
    is_single = rng.random(len(queries)) < _SHARE_OF_SINGLES
    num_more = np.where(is_single, 0, rng.geometric(_STOP, len(queries)))
    taken = []
    for row, count in enumerate(np.minimum(num_more, np.maximum(sizes - 1, 0))):
        cart = queries.carts.indices[queries.carts.indptr[row] : queries.carts.indptr[row + 1]]
        taken.append(rng.choice(cart, count, replace=False))
    rows = np.repeat(np.arange(len(queries)), [len(each) for each in taken])
    more = _ones(rows, np.concatenate([np.zeros(0, dtype=np.int64), *taken]), queries.carts.shape)
    others = (queries.carts.sign() - more).tocsr()
    others.eliminate_zeros()
    hidden = _ones(np.arange(len(queries)), queries.hidden, queries.carts.shape)
    return (more + hidden).tocsr(), others


def _ones(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> csr_matrix:
    return csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape)
