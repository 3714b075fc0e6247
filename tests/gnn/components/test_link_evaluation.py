from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from gnn.components.link_evaluation import judge_links
from gnn.data.queries import CompletionQueries
from gnn.scoring.link_calibration import LinkCalibration
from gnn.scoring.weights import ServedWeights
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

PAIRS = [(f"{pair}-a", f"{pair}-b") for pair in range(10)]
SHOP = PlantedShop(
    items=[PlantedItem(item_id) for pair in PAIRS for item_id in pair],
    baskets=[(list(pair), 20) for pair in PAIRS],
)
MODEL = make_artifact(SHOP).model


def queries() -> CompletionQueries:
    """The first item of each pair in the cart, the second one hidden: 20 times."""
    carts = np.zeros((200, 20), dtype=np.float32)
    first = 2 * (np.arange(200) % 10)
    carts[np.arange(200), first] = 1
    return CompletionQueries(csr_matrix(carts), np.full(200, -1), first + 1, ("basket",) * 200)


def test_links_are_judged_as_they_are_served() -> None:
    sure = ServedWeights(ease_top_k=5, link_calibration=LinkCalibration(calibrated=(0.0, 1.0)))
    timid = ServedWeights(ease_top_k=5, link_calibration=LinkCalibration(calibrated=(0.4999, 0.5001)))

    found, of_timid = (
        judge_links(MODEL, weights, queries(), rng=np.random.default_rng(0)) for weights in (sure, timid)
    )

    assert of_timid["uncalibrated"] == found["uncalibrated"]
    assert found["brier"] < of_timid["brier"]  # type: ignore[operator]  # numbers
    assert 0.249 < of_timid["brier"] < 0.251  # type: ignore[operator]  # numbers


def test_without_queries_nothing_is_judged() -> None:
    assert judge_links(MODEL, ServedWeights(ease_top_k=5), queries()[:0], rng=np.random.default_rng(0)) == {}
