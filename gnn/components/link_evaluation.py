"""Judging links: whether the probability that serving gives a pair is how often it is so."""

from __future__ import annotations

import numpy as np

from gnn.artifact.model import ItemModel
from gnn.components.links import draw_pairs, mean_links
from gnn.data.queries import CompletionQueries
from gnn.evaluation.calibration import (
    brier_score,
    calibration_metrics,
    expected_calibration_error,
    reliability,
)
from gnn.scoring.weights import ServedWeights


def judge_links(
    model: ItemModel, weights: ServedWeights, queries: CompletionQueries, *, rng: np.random.Generator
) -> dict[str, object]:
    """`calibration_metrics` of the links that `weights` make of `model`, on pairs of `queries`, plain JSON.

    Beside them under `uncalibrated` the ECE and Brier score of the logit alone. Empty without pairs.
    """
    pairs = draw_pairs(queries, rng=rng)
    if not len(pairs):
        return {}
    links = mean_links(model, weights.link, pairs)
    probabilities = weights.link_calibration.probabilities(links)
    return calibration_metrics(probabilities, pairs.is_pair, pairs.query, rng=rng) | {
        "uncalibrated": {
            "ece": expected_calibration_error(reliability(links, pairs.is_pair)),
            "brier": brier_score(links, pairs.is_pair),
        }
    }
