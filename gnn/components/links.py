"""Fitting the probability of a link: weights of its logit, and the calibration of what comes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.sparse import csr_matrix

from gnn.artifact.model import ItemModel
from gnn.data.queries import CompletionQueries
from gnn.scoring.link_calibration import LinkCalibration
from gnn.scoring.weights import DEFAULT_LINK

#: Weights of the logit, in the order of its features.
WEIGHTS = ("intercept", "gnn", "ease")

_RIDGE = 1.0
#: Pairs under which no group has a frequency of its own, and how many groups there are at most.
_LEAST_PAIRS, _MOST_GROUPS = 50, 30
#: Groups hold ever fewer pairs towards both ends: up to the one in 1 + e^6 strongest stand apart.
_LOGIT_OF_ENDS = 6.0
_BLOCK = 50_000


@dataclass(frozen=True)
class LinkPairs:
    """Pairs of items of one basket, and as many of two baskets that have nothing to do with each other."""

    asking: NDArray[np.int64]
    """Ranked index of an item of the cart, [N]."""
    asked: NDArray[np.int64]
    """Of the hidden item of the same basket, or of another one, [N]."""
    is_pair: NDArray[np.float64]
    """1 for the same basket, 0 for another, [N]."""
    query: NDArray[np.int64]
    """Row of the query that the cart is of, [N]."""

    def __len__(self) -> int:
        return len(self.asking)


def fit_links(
    model: ItemModel, queries: CompletionQueries, *, rng: np.random.Generator
) -> tuple[dict[str, float], LinkCalibration]:
    """Weights and calibration of the links of `model`, fitted to pairs of `queries` that it has not seen."""
    pairs = draw_pairs(queries, rng=rng)
    link = fit_link(model, pairs)
    return link, fit_calibration(mean_links(model, link, pairs), pairs.is_pair)


def draw_pairs(queries: CompletionQueries, *, rng: np.random.Generator) -> LinkPairs:
    """Each cart item with the hidden item of its basket, and with that of another basket.

    Where the data are sequences, a history is the cart and what was bought next is the hidden item. Both
    kinds have the same popularity, so popularity cannot tell them apart, and are equally many but for items
    that would be paired with themselves.
    """
    rows, items = queries.carts.nonzero()
    other = queries.hidden[rng.permutation(len(queries))]
    asking, asked = np.tile(items.astype(np.int64), 2), np.concatenate([queries.hidden[rows], other[rows]])
    is_two = asking != asked
    return LinkPairs(
        asking[is_two],
        asked[is_two],
        np.repeat([1.0, 0.0], len(rows))[is_two],
        np.tile(rows.astype(np.int64), 2)[is_two],
    )


def fit_link(model: ItemModel, pairs: LinkPairs) -> dict[str, float]:
    """Weights of `ItemScorer.link_scores`: a logistic regression of pairs of one basket against random ones.

    `DEFAULT_LINK` where there are no pairs.
    """
    if not len(pairs):
        return dict(DEFAULT_LINK)
    features = np.concatenate(
        [_features(model, pairs.asking[part], pairs.asked[part]) for part in _blocks(len(pairs))]
    )
    weights = _logistic_regression(features, pairs.is_pair)
    return dict(zip(WEIGHTS, np.round(weights, 6).tolist(), strict=True))


def mean_links(model: ItemModel, link: Mapping[str, float], pairs: LinkPairs) -> NDArray[np.float64]:
    """Mean of both directions of the link of each pair, as serving has it before calibration, [N]."""
    weights = np.array([link[name] for name in WEIGHTS])
    means = np.empty(len(pairs))
    for part in _blocks(len(pairs)):
        asking, asked = pairs.asking[part], pairs.asked[part]
        there, back = (_features(model, *way) @ weights for way in ((asking, asked), (asked, asking)))
        means[part] = (_sigmoid(there) + _sigmoid(back)) / 2
    return means


def fit_calibration(links: NDArray[np.float64], is_pair: NDArray[np.float64]) -> LinkCalibration:
    """The rising line from `links` [N], means of both directions, to the share of pairs of one basket.

    Centred isotonic regression (Oron & Flournoy 2017): the frequencies of groups of like links, made
    monotone by pooling adjacent violators (Ayer et al. 1955), each pool one knot at its mean, so that the
    line rises everywhere and orders pairs as before. At most 32 knots, those at the ends half way to
    certainty. It changes nothing where there are too few pairs.
    """
    order = np.argsort(links, kind="stable")
    bounds = _group_bounds(links[order])
    if len(bounds) < 3:
        return LinkCalibration()
    sizes = np.diff(bounds)
    mean_link = np.add.reduceat(links[order], bounds[:-1]) / sizes
    # Half a pair and half a chance pair more (Jeffreys): no group is certain.
    frequency = (np.add.reduceat(is_pair[order], bounds[:-1]) + 0.5) / (sizes + 1)
    pooled = isotonic_regression(frequency, weights=sizes)
    starts = pooled.blocks[:-1]
    raw = np.add.reduceat(mean_link * sizes, starts) / np.add.reduceat(sizes, starts)
    calibrated = np.asarray(pooled.x)[starts]
    knots = (
        np.concatenate([[0.0], raw, [1.0]]),
        np.concatenate([[calibrated[0] / 2], calibrated, [(1 + calibrated[-1]) / 2]]),
    )
    return LinkCalibration(*(tuple(values.tolist()) for values in knots))


def _group_bounds(links: NDArray[np.float64]) -> NDArray[np.int64]:
    """Where groups of ascending `links` begin, and the end: narrow at both ends, equal links in one."""
    num_pairs = len(links)
    positions = np.linspace(-_LOGIT_OF_ENDS, _LOGIT_OF_ENDS, _MOST_GROUPS + 1)[1:-1]
    bounds = [0]
    for bound in np.round(_sigmoid(positions) * num_pairs).astype(np.int64).tolist():
        is_enough = bound - bounds[-1] >= _LEAST_PAIRS and num_pairs - bound >= _LEAST_PAIRS
        if is_enough and links[bound - 1] < links[bound]:
            bounds.append(bound)
    return np.array([*bounds, num_pairs], dtype=np.int64)


def _blocks(num_rows: int) -> list[slice]:
    return [slice(start, start + _BLOCK) for start in range(0, num_rows, _BLOCK)]


def _features(
    model: ItemModel, from_items: NDArray[np.integer], to_items: NDArray[np.integer]
) -> NDArray[np.float64]:
    dot = np.einsum("nd,nd->n", model.source[from_items], model.target[to_items])
    shape = (len(model.ranked),) * 2
    ease = csr_matrix((model.ease_weight, model.ease_item, model.ease_indptr), shape=shape)
    weight = np.asarray(ease[from_items, to_items]).ravel()
    return np.stack([np.ones(len(dot)), dot, weight], axis=1).astype(np.float64)


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    # tanh cannot overflow, exp can.
    return np.asarray((1 + np.tanh(logits / 2)) / 2, dtype=np.float64)


def _logistic_regression(features: NDArray[np.float64], is_true: NDArray[np.float64]) -> NDArray[np.float64]:
    """Newton's method with a ridge on all but the intercept, so that a constant feature has weight 0."""
    ridge = np.full(features.shape[1], _RIDGE)
    ridge[0] = 1e-6
    weights = np.zeros(features.shape[1])
    for _ in range(25):
        probability = _sigmoid(features @ weights)
        gradient = features.T @ (is_true - probability) - ridge * weights
        curvature = (features.T * (probability * (1 - probability))) @ features + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    return weights
