"""Fitting companion trees: of a few items of a validation basket, which others does it hold?"""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.boosted_trees import RankerParams, fit_classifier
from gnn.components.ensemble import scorer_queries
from gnn.data.queries import CompletionQueries
from gnn.scoring.co_basket_shortlist import read_shortlist
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.reranker import NAMES, Reranker
from gnn.scoring.trees import no_trees

logger = logging.getLogger(__name__)

#: Baskets whose shortlist holds one of their items, under which no trees are fitted.
FEWEST_BASKETS = 200
#: Half of the carts hold one item, as an anchor does; the others hold more, ever more rarely.
_SHARE_OF_SINGLES, _STOP = 0.5, 0.3
#: So many baskets are asked about a second time, as if nobody knew whose they are.
_SHARE_OF_ANONYMOUS = 0.3
_PARAMS = RankerParams(num_trees=200, learning_rate=0.04, num_leaves=15, min_rows_a_leaf=100)


def fit_companion_trees(
    reranker: Reranker,
    scorer: ItemScorer,
    validation: CompletionQueries,
    ranked: NDArray[np.int32],
    *,
    seed: int,
) -> NDArray[np.uint8]:
    """Trees that give the chance to be in one basket with a cart; none where too few baskets teach them."""
    rng = np.random.default_rng(seed)
    carts, others = draw_carts(validation, rng=rng)
    anonymous = np.flatnonzero(rng.random(len(validation)) < _SHARE_OF_ANONYMOUS)
    of = np.concatenate([np.arange(len(validation)), anonymous])
    asked = CompletionQueries(
        carts[of],
        np.concatenate([validation.users, np.full(len(anonymous), -1)]),
        validation.hidden[of],
        tuple(validation.basket_ids[row] for row in of),
    )
    features, held = [], []
    for row, query in zip(of, scorer_queries(asked, ranked), strict=True):
        found = read_shortlist(query, scorer=scorer, reranker=reranker)
        features.append(found.features)
        held.append(np.isin(found.items, others.indices[others.indptr[row] : others.indptr[row + 1]]))
    num_taught = sum(bool(each.any()) for each in held[: len(validation)])
    logger.info("companion trees: %d of %d baskets teach them", num_taught, len(validation))
    if num_taught < FEWEST_BASKETS:
        return no_trees()
    return fit_classifier(
        np.concatenate(features), np.concatenate(held), names=NAMES, seed=seed, params=_PARAMS
    )


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
