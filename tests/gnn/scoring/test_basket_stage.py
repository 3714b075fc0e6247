"""Features of candidates for carts and histories."""

from __future__ import annotations

from math import exp, log, log1p

import numpy as np
import pytest
from numpy.typing import NDArray

from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import basket_stage, item_scorer
from gnn.scoring.item_scorer import ItemQuery
from tests.artifact_factory import make_artifact
from tests.gnn.planted_baskets import APPLE, BREAD, CREAM, DATES, EGGS, FIGS, NAMES, SHOP


@pytest.fixture
def artifact() -> ModelArtifact:
    return make_artifact(SHOP)


def columns_of(artifact: ModelArtifact, query: ItemQuery, items: list[int]) -> dict[str, NDArray[np.float32]]:
    scored = basket_stage(artifact, item_scorer(artifact)).score_queries([query])
    features = scored.features(np.array([items]))[0]
    return dict(zip(NAMES, features.T, strict=True))


def test_features_of_a_history_are_counted(artifact: ModelArtifact) -> None:
    # The planted purchases are all 365 days old: three of bread, one of dates.
    found = columns_of(artifact, ItemQuery(user_index=0), [BREAD, DATES, FIGS])

    assert found["bought"].tolist() == pytest.approx([log1p(3), log1p(1), 0])
    assert found["share"].tolist() == pytest.approx([3 / 4, 1 / 4, 0])
    assert found["decayed_90"].tolist() == pytest.approx([3 * exp(-365 / 90), exp(-365 / 90), 0])
    assert found["last_age"].tolist()[:2] == [365, 365]
    assert np.isnan(found["last_age"][2])
    assert np.isnan(found["cycle"]).all()
    assert found["history_size"].tolist() == pytest.approx([log1p(4)] * 3)


def test_features_of_categories_and_prices_are_counted(artifact: ModelArtifact) -> None:
    found = columns_of(artifact, ItemQuery(cart=[APPLE, CREAM], user_index=0), [DATES, EGGS])

    assert found["cart_category"].tolist() == [1, 1]
    assert found["cart_parent"].tolist() == found["cart_root"].tolist() == [2, 2]
    assert found["affinity_category"].tolist() == pytest.approx([1 / 4, 0])
    assert found["affinity_root"].tolist() == [1, 1]
    assert found["cart_brand"].tolist() == [0, 0]
    assert found["price"][0] == pytest.approx(log(4.1))
    assert found["price_to_usual"][0] == pytest.approx(log(4.1) - (3 * log(2.1) + log(4.1)) / 4)
    assert np.isnan(found["price"][1])


def test_the_terms_of_the_gnn_add_up_to_it(artifact: ModelArtifact) -> None:
    found = columns_of(artifact, ItemQuery(cart=[APPLE], user_index=0), [BREAD, FIGS])

    terms = found["gnn_cart"] + found["gnn_history"] + found["gnn_user"]

    assert terms + artifact.network.bias[[BREAD, FIGS]] == pytest.approx(found["gnn"], abs=1e-4)


def test_an_empty_query_has_features_too(artifact: ModelArtifact) -> None:
    found = columns_of(artifact, ItemQuery(), [APPLE])

    assert found["history_size"].tolist() == found["cart_size"].tolist() == found["share"].tolist() == [0]
    assert np.isnan(found["price_to_usual"]).all()


def test_the_items_of_the_cart_are_no_candidates(artifact: ModelArtifact) -> None:
    stage = basket_stage(artifact, item_scorer(artifact))

    rows, items = stage.score_queries([ItemQuery(cart=[CREAM, APPLE]), ItemQuery()]).excluded()

    assert (rows.tolist(), items.tolist()) == ([0, 0], [CREAM, APPLE])


def test_padding_is_passed_over(artifact: ModelArtifact) -> None:
    scored = basket_stage(artifact, item_scorer(artifact)).score_queries([ItemQuery(cart=[APPLE])])

    padded = scored.features(np.array([[BREAD, FIGS, -1]]))[0]

    assert np.array_equal(padded[:2], scored.features(np.array([[BREAD, FIGS]]))[0], equal_nan=True)
