"""Fit the probability of a link between two items: weights of its logit, and their calibration."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from gnn.data.queries import CompletionQueries
from gnn.evaluation.calibration import (
    brier_score,
    calibration_metrics,
    expected_calibration_error,
    reliability,
)
from gnn.scoring.item_model import EaseWeights, ItemNetwork, LinkProbability

#: Pairs under which no group has a frequency of its own, and how many groups there are at most.
_LEAST_PAIRS, _MOST_GROUPS = 50, 30
#: Groups hold ever fewer pairs towards both ends: the one in 1 + e^6 strongest have a group of their own.
_LOGIT_OF_ENDS = 6.0
_BLOCK = 50_000


@dataclass(frozen=True)
class LinkPairs:
    """Pairs of items of one basket, and as many of two unrelated baskets."""

    source: NDArray[np.int64]
    """Ranked index of an item of the cart, [N]."""
    target: NDArray[np.int64]
    """Of the hidden item of the same basket, or of another one, [N]."""
    is_pair: NDArray[np.float64]
    """1 for the same basket, 0 for another, [N]."""
    query: NDArray[np.int64]
    """Row of the query that the cart is of, [N]."""

    def __len__(self) -> int:
        return len(self.source)


def fit_link_probability(
    network: ItemNetwork, ease: EaseWeights, queries: CompletionQueries, *, rng: np.random.Generator
) -> LinkProbability:
    """Weights and calibration of links, fitted to pairs of `queries` that the model has not seen."""
    pairs = draw_pairs(queries, rng=rng)
    link = fit_link_weights(network, ease, pairs)
    return fit_calibration(link, mean_links(network, ease, link, pairs), pairs.is_pair)


def link_metrics(
    network: ItemNetwork,
    ease: EaseWeights,
    link: LinkProbability,
    queries: CompletionQueries,
    *,
    rng: np.random.Generator,
) -> dict[str, object]:
    """`calibration_metrics` of links on pairs of `queries`, plain JSON; empty without pairs.

    Beside them, `uncalibrated` has the ECE and Brier score of the logit alone.
    """
    pairs = draw_pairs(queries, rng=rng)
    if not len(pairs):
        return {}
    links = mean_links(network, ease, link, pairs)
    return calibration_metrics(link.calibrate(links), pairs.is_pair, pairs.query, rng=rng) | {
        "uncalibrated": {
            "ece": expected_calibration_error(reliability(links, pairs.is_pair)),
            "brier": brier_score(links, pairs.is_pair),
        }
    }


def draw_pairs(queries: CompletionQueries, *, rng: np.random.Generator) -> LinkPairs:
    """Each cart item with the hidden item of its basket, and with that of another basket.

    Where the data are sequences, the history is the cart and the next item is the hidden one. Both kinds have
    the same popularity, so popularity cannot tell them apart, and are equally many but for pairs of an item
    with itself.
    """
    rows, items = queries.carts.nonzero()
    other = queries.hidden[rng.permutation(len(queries))]
    source, target = np.tile(items.astype(np.int64), 2), np.concatenate([queries.hidden[rows], other[rows]])
    are_two = source != target
    return LinkPairs(
        source[are_two],
        target[are_two],
        np.repeat([1.0, 0.0], len(rows))[are_two],
        np.tile(rows.astype(np.int64), 2)[are_two],
    )


def fit_link_weights(network: ItemNetwork, ease: EaseWeights, pairs: LinkPairs) -> LinkProbability:
    """A logistic regression of pairs of one basket against unrelated ones; not calibrated.

    The defaults of `LinkProbability` where there are no pairs.
    """
    if not len(pairs):
        return LinkProbability()
    features = np.concatenate(
        [_features(network, ease, pairs.source[part], pairs.target[part]) for part in _blocks(len(pairs))]
    )
    regression = LogisticRegression(C=1.0, tol=1e-8).fit(features, pairs.is_pair)
    gnn, by_ease = regression.coef_[0]
    return LinkProbability(
        intercept=round(float(regression.intercept_[0]), 6),
        gnn=round(float(gnn), 6),
        ease=round(float(by_ease), 6),
    )


def mean_links(
    network: ItemNetwork, ease: EaseWeights, link: LinkProbability, pairs: LinkPairs
) -> NDArray[np.float64]:
    """Mean of both directions of the link of each pair, as serving has it before calibration, [N]."""
    weights = np.array([link.gnn, link.ease])
    means = np.empty(len(pairs))
    for part in _blocks(len(pairs)):
        source, target = pairs.source[part], pairs.target[part]
        there, back = (
            _features(network, ease, *way) @ weights + link.intercept
            for way in ((source, target), (target, source))
        )
        means[part] = (expit(there) + expit(back)) / 2
    return means


def fit_calibration(
    link: LinkProbability, links: NDArray[np.float64], is_pair: NDArray[np.float64]
) -> LinkProbability:
    """`link` calibrated by a rising line from `links` [N], means of both directions, to observed frequencies.

    Centred isotonic regression (Oron & Flournoy 2017): the frequencies of groups of similar links, made
    monotone by pooling adjacent violators (Ayer et al. 1955), each pool one knot at its mean, so that the
    line rises everywhere and keeps the order of pairs. At most 32 knots, those at the ends half way to
    certainty. Unchanged where there are too few pairs.
    """
    order = np.argsort(links, kind="stable")
    bounds = _group_bounds(links[order])
    if len(bounds) < 3:
        return link
    sizes = np.diff(bounds)
    mean_link = np.add.reduceat(links[order], bounds[:-1]) / sizes
    # Half a pair and half a chance pair more (Jeffreys): no group is certain.
    frequency = (np.add.reduceat(is_pair[order], bounds[:-1]) + 0.5) / (sizes + 1)
    pooled = isotonic_regression(frequency, weights=sizes)
    starts = pooled.blocks[:-1]
    raw = np.add.reduceat(mean_link * sizes, starts) / np.add.reduceat(sizes, starts)
    calibrated = np.asarray(pooled.x)[starts]
    return replace(
        link,
        raw=(0.0, *raw.tolist(), 1.0),
        calibrated=(float(calibrated[0] / 2), *calibrated.tolist(), float((1 + calibrated[-1]) / 2)),
    )


def _group_bounds(links: NDArray[np.float64]) -> NDArray[np.int64]:
    """Where groups of ascending `links` begin, and the end: narrow at both ends, equal links in one."""
    num_pairs = len(links)
    positions = np.linspace(-_LOGIT_OF_ENDS, _LOGIT_OF_ENDS, _MOST_GROUPS + 1)[1:-1]
    bounds = [0]
    for bound in np.round(expit(positions) * num_pairs).astype(np.int64).tolist():
        is_enough = bound - bounds[-1] >= _LEAST_PAIRS and num_pairs - bound >= _LEAST_PAIRS
        if is_enough and links[bound - 1] < links[bound]:
            bounds.append(bound)
    return np.array([*bounds, num_pairs], dtype=np.int64)


def _blocks(num_rows: int) -> list[slice]:
    return [slice(start, start + _BLOCK) for start in range(0, num_rows, _BLOCK)]


def _features(
    network: ItemNetwork, ease: EaseWeights, source: NDArray[np.integer], target: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Dot product of the vectors and EASE weight of each pair, [N, 2]."""
    dot = np.einsum("nd,nd->n", network.source[source], network.target[target])
    weights = ease.weights
    matrix = csr_matrix(
        (weights.values, weights.indices, weights.indptr), shape=(weights.num_rows, weights.num_rows)
    )
    return np.stack([dot, np.asarray(matrix[source, target]).ravel()], axis=1).astype(np.float64)
