from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from gnn.artifact.model import ModelArtifact
from gnn.components.links import LinkPairs, draw_pairs, fit_calibration, fit_link, mean_links
from gnn.data.queries import CompletionQueries
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.link_calibration import LinkCalibration
from gnn.scoring.weights import DEFAULT_BLEND, DEFAULT_LINK
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

PAIRS = [(f"{pair}-a", f"{pair}-b") for pair in range(10)]
SHOP = PlantedShop(
    items=[PlantedItem(item_id) for pair in PAIRS for item_id in pair],
    baskets=[(list(pair), 20) for pair in PAIRS],
)


@pytest.fixture(scope="module")
def artifact() -> ModelArtifact:
    return make_artifact(SHOP)


def pair_queries(num_queries: int = 10) -> CompletionQueries:
    """The first item of each pair in the cart, the second one hidden; the pair of item 2p is 2p + 1."""
    carts = np.zeros((10, 20), dtype=np.float32)
    carts[np.arange(10), 2 * np.arange(10)] = 1
    nobody = np.full(10, -1, dtype=np.int64)
    return CompletionQueries(csr_matrix(carts), nobody, 2 * np.arange(10) + 1, tuple("abcdefghij"))[
        :num_queries
    ]


def test_a_cart_item_is_paired_with_its_hidden_item_and_with_that_of_another_basket() -> None:
    pairs = draw_pairs(pair_queries(), rng=np.random.default_rng(0))

    is_pair = pairs.is_pair == 1
    assert is_pair.sum() == 10
    assert pairs.asked[is_pair].tolist() == (pairs.asking[is_pair] + 1).tolist()
    assert sorted(pairs.asked[~is_pair].tolist()) == [2 * pair + 1 for pair in range(10)]
    assert (pairs.asking == 2 * pairs.query).all()


def test_no_item_is_paired_with_itself() -> None:
    carts = csr_matrix(np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32))
    # Whichever basket's hidden item is drawn, one of both is the cart's own.
    queries = CompletionQueries(carts, np.array([-1, -1]), np.array([1, 0]), ("a", "b"))

    for seed in range(10):
        pairs = draw_pairs(queries, rng=np.random.default_rng(seed))
        assert (pairs.asking != pairs.asked).all()


def test_a_fitted_link_tells_pairs_of_one_basket_from_others(artifact: ModelArtifact) -> None:
    link = fit_link(artifact.model, draw_pairs(pair_queries(), rng=np.random.default_rng(0)))

    config: dict[str, object] = {"blend": DEFAULT_BLEND, "link": link}
    scorer = ItemScorer(replace(artifact, info=replace(artifact.info, config=config)))
    links = scorer.link_scores(np.array([0, 2]), np.array([1, 3]))
    assert np.diag(links).min() > 0.7
    assert (links[0, 1], links[1, 0]) < (0.3, 0.3)


def test_without_pairs_the_link_keeps_its_weights_and_is_not_calibrated(artifact: ModelArtifact) -> None:
    nothing = draw_pairs(pair_queries(0), rng=np.random.default_rng(0))

    assert len(nothing) == 0
    assert fit_link(artifact.model, nothing) == DEFAULT_LINK
    assert fit_calibration(mean_links(artifact.model, DEFAULT_LINK, nothing), nothing.is_pair) == (
        LinkCalibration()
    )


def test_mean_links_are_those_that_are_served(artifact: ModelArtifact) -> None:
    everything = np.arange(20)
    asking, asked = (grid.ravel() for grid in np.meshgrid(everything, everything, indexing="ij"))
    pairs = LinkPairs(asking, asked, np.zeros(400), np.zeros(400, dtype=np.int64))
    link = {"intercept": -0.3, "gnn": 0.7, "ease": 2.0}
    config: dict[str, object] = {"blend": DEFAULT_BLEND, "link": link}
    served = ItemScorer(replace(artifact, info=replace(artifact.info, config=config))).link_scores(
        everything, everything
    )

    assert mean_links(artifact.model, link, pairs).reshape(20, 20) == pytest.approx(
        (served + served.T) / 2, abs=1e-5
    )


def test_an_overconfident_link_becomes_how_often_it_is_so() -> None:
    # Of links .1 to .9 only half the distance from .5 is true.
    rng = np.random.default_rng(0)
    links = rng.uniform(0.1, 0.9, size=100_000)
    truth = 0.5 + (links - 0.5) / 2

    calibration = fit_calibration(links, (rng.random(len(links)) < truth).astype(np.float64))

    asked = np.array([0.2, 0.5, 0.8])
    assert calibration.probabilities(asked) == pytest.approx([0.35, 0.5, 0.65], abs=0.02)
    assert len(calibration.raw) <= 32


def test_equal_links_have_one_probability() -> None:
    # 150 of 200 pairs with the link .3 are of one basket, and of those with .6 all 200.
    links, is_pair = np.repeat([0.3, 0.6], 200), np.repeat([1.0, 0.0, 1.0], [150, 50, 200])

    calibration = fit_calibration(links, is_pair)

    low, high = (150 + 0.5) / (200 + 1), (200 + 0.5) / (200 + 1)
    assert calibration.raw == pytest.approx((0.0, 0.3, 0.6, 1.0))
    assert calibration.calibrated == pytest.approx((low / 2, low, high, (1 + high) / 2))


def test_too_few_pairs_change_nothing() -> None:
    links = np.linspace(0.1, 0.9, 99)

    calibration = fit_calibration(links, (links > 0.5).astype(np.float64))

    assert calibration.probabilities(links) == pytest.approx(links)


@given(seed=st.integers(0, 2**32 - 1), num_pairs=st.integers(100, 600), digits=st.integers(1, 6))
def test_a_calibration_rises_and_stays_between_zero_and_one(seed: int, num_pairs: int, digits: int) -> None:
    # Rounded, so that many links are equal.
    rng = np.random.default_rng(seed)
    links = rng.beta(rng.uniform(0.2, 3), 2.0, size=num_pairs).round(digits).clip(1e-6, 1 - 1e-6)

    calibration = fit_calibration(links, rng.integers(2, size=num_pairs).astype(np.float64))

    assert 2 <= len(calibration.raw) <= 32
    assert (np.diff(calibration.raw) > 0).all()
    assert (np.diff(calibration.calibrated) > 0).all()
    served = calibration.probabilities(links)
    assert ((served > 0) & (served < 1)).all()
