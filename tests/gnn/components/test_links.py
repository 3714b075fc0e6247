from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import item_scorer
from gnn.components.links import (
    LinkPairs,
    draw_pairs,
    fit_calibration,
    fit_link_probability,
    fit_link_weights,
    link_metrics,
    mean_links,
)
from gnn.data.queries import CompletionQueries
from gnn.scoring.item_model import LinkProbability
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
    first = 2 * (np.arange(num_queries) % 10)
    carts = np.zeros((num_queries, 20), dtype=np.float32)
    carts[np.arange(num_queries), first] = 1
    return CompletionQueries(
        csr_matrix(carts), np.full(num_queries, -1), first + 1, ("basket",) * num_queries
    )


def weights_of(artifact: ModelArtifact, pairs: LinkPairs) -> LinkProbability:
    return fit_link_weights(artifact.network, artifact.ease, pairs)


def links_of(artifact: ModelArtifact, link: LinkProbability, pairs: LinkPairs) -> NDArray[np.float64]:
    return mean_links(artifact.network, artifact.ease, link, pairs)


def metrics_of(artifact: ModelArtifact, link: LinkProbability, num_queries: int) -> dict[str, object]:
    return link_metrics(
        artifact.network, artifact.ease, link, pair_queries(num_queries), rng=np.random.default_rng(0)
    )


def test_a_cart_item_is_paired_with_its_hidden_item_and_with_that_of_another_basket() -> None:
    pairs = draw_pairs(pair_queries(), rng=np.random.default_rng(0))

    is_pair = pairs.is_pair == 1
    assert is_pair.sum() == 10
    assert pairs.target[is_pair].tolist() == (pairs.source[is_pair] + 1).tolist()
    assert sorted(pairs.target[~is_pair].tolist()) == [2 * pair + 1 for pair in range(10)]
    assert (pairs.source == 2 * pairs.query).all()


def test_no_item_is_paired_with_itself() -> None:
    carts = csr_matrix(np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32))
    # Whichever basket's hidden item is drawn, one of both is the cart's own.
    queries = CompletionQueries(carts, np.array([-1, -1]), np.array([1, 0]), ("a", "b"))

    for seed in range(10):
        pairs = draw_pairs(queries, rng=np.random.default_rng(seed))
        assert (pairs.source != pairs.target).all()


def test_fitted_weights_part_pairs_of_one_basket_from_others(artifact: ModelArtifact) -> None:
    link = weights_of(artifact, draw_pairs(pair_queries(), rng=np.random.default_rng(0)))

    scorer = item_scorer(replace(artifact, link_probability=link))
    links = scorer.link_scores(np.array([0, 2]), np.array([1, 3]))
    assert np.diag(links).min() > 0.7
    assert (links[0, 1], links[1, 0]) < (0.3, 0.3)


def test_without_pairs_the_weights_stay_and_are_not_calibrated(artifact: ModelArtifact) -> None:
    nothing = pair_queries(0)

    found = fit_link_probability(artifact.network, artifact.ease, nothing, rng=np.random.default_rng(0))

    assert len(draw_pairs(nothing, rng=np.random.default_rng(0))) == 0
    assert found == LinkProbability()


def test_weights_and_calibration_are_fitted_to_the_same_pairs(artifact: ModelArtifact) -> None:
    queries = pair_queries(200)
    pairs = draw_pairs(queries, rng=np.random.default_rng(0))
    weights = weights_of(artifact, pairs)

    found = fit_link_probability(artifact.network, artifact.ease, queries, rng=np.random.default_rng(0))

    assert found == fit_calibration(weights, links_of(artifact, weights, pairs), pairs.is_pair)
    assert replace(found, raw=weights.raw, calibrated=weights.calibrated) == weights
    assert found.raw != weights.raw


def test_mean_links_are_those_that_are_served(artifact: ModelArtifact) -> None:
    everything = np.arange(20)
    source, target = (grid.ravel() for grid in np.meshgrid(everything, everything, indexing="ij"))
    pairs = LinkPairs(source, target, np.zeros(400), np.zeros(400, dtype=np.int64))
    link = LinkProbability(intercept=-0.3, gnn=0.7, ease=2.0)
    served = item_scorer(replace(artifact, link_probability=link)).link_scores(everything, everything)

    assert links_of(artifact, link, pairs).reshape(20, 20) == pytest.approx((served + served.T) / 2, abs=1e-5)


def test_an_overconfident_link_becomes_how_often_it_is_so() -> None:
    # Of links .1 to .9 only half the distance from .5 is true.
    rng = np.random.default_rng(0)
    links = rng.uniform(0.1, 0.9, size=100_000)
    truth = 0.5 + (links - 0.5) / 2

    link = fit_calibration(LinkProbability(), links, (rng.random(len(links)) < truth).astype(np.float64))

    found = link.calibrate(np.array([0.2, 0.5, 0.8]))
    assert found == pytest.approx([0.35, 0.5, 0.65], abs=0.02)
    assert len(link.raw) <= 32


def test_equal_links_have_one_probability() -> None:
    # 150 of 200 pairs with the link .3 are of one basket, and of those with .6 all 200.
    links, is_pair = np.repeat([0.3, 0.6], 200), np.repeat([1.0, 0.0, 1.0], [150, 50, 200])

    link = fit_calibration(LinkProbability(), links, is_pair)

    low, high = (150 + 0.5) / (200 + 1), (200 + 0.5) / (200 + 1)
    assert link.raw == pytest.approx((0.0, 0.3, 0.6, 1.0))
    assert link.calibrated == pytest.approx((low / 2, low, high, (1 + high) / 2))


def test_too_few_pairs_change_nothing() -> None:
    links = np.linspace(0.1, 0.9, 99)

    link = fit_calibration(LinkProbability(), links, (links > 0.5).astype(np.float64))

    assert link.calibrate(links) == pytest.approx(links)


@given(seed=st.integers(0, 2**32 - 1), num_pairs=st.integers(100, 600), digits=st.integers(1, 6))
def test_a_calibration_rises_and_stays_between_zero_and_one(seed: int, num_pairs: int, digits: int) -> None:
    # Rounded, so that many links are equal.
    rng = np.random.default_rng(seed)
    links = rng.beta(rng.uniform(0.2, 3), 2.0, size=num_pairs).round(digits).clip(1e-6, 1 - 1e-6)

    link = fit_calibration(LinkProbability(), links, rng.integers(2, size=num_pairs).astype(np.float64))

    assert 2 <= len(link.raw) <= 32
    assert (np.diff(link.raw) > 0).all()
    assert (np.diff(link.calibrated) > 0).all()
    served = link.calibrate(links)
    assert ((served > 0) & (served < 1)).all()


def test_the_metrics_are_of_the_served_probabilities(artifact: ModelArtifact) -> None:
    # Calibrated to nearly .5 whatever the link is: chance has a Brier score of .25.
    timid = replace(artifact.link_probability, calibrated=(0.4999, 0.5001))

    found, of_timid = (
        cast("dict[str, float]", metrics_of(artifact, link, 200)) for link in (LinkProbability(), timid)
    )

    assert of_timid["brier"] == pytest.approx(0.25, abs=0.001)
    assert found["brier"] < of_timid["brier"]


def test_the_uncalibrated_metrics_do_not_depend_on_the_calibration(artifact: ModelArtifact) -> None:
    sure = LinkProbability()

    found, of_timid = (
        metrics_of(artifact, link, 200) for link in (sure, replace(sure, calibrated=(0.4999, 0.5001)))
    )

    assert found["uncalibrated"] == of_timid["uncalibrated"]
    assert cast("dict[str, float]", found["uncalibrated"])["brier"] == found["brier"]


def test_without_queries_nothing_is_measured(artifact: ModelArtifact) -> None:
    assert metrics_of(artifact, LinkProbability(), 0) == {}
