"""An item that nobody bought has links, and a place in answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bundles.recommender import Recommender
from bundles.requests import GenerateRequest, ItemsRequest, SizeRange
from gnn.cold.content import Content
from gnn.cold.packing import pack_cold
from gnn.cold.siblings import default_weights
from tests.artifact_factory import KEY, make_artifact
from tests.planted_shop import GROCERY

#: "New Pasta" of the planted shop has words in common with "Spaghetti 500 g" alone.
COLD, SIBLING = "cold", "pasta"


def shop(*, intercept: float) -> Recommender:
    artifact = make_artifact(GROCERY)
    ids = list(artifact.catalogue.item_ids)
    cold = ids.index(COLD)
    together = np.union1d(artifact.model.ranked, [cold])
    words = np.eye(len(together), dtype=np.float32)
    words[together == cold] = words[together == ids.index(SIBLING)]
    content = Content(
        csr_matrix(words),
        np.zeros((len(together), 0), dtype=np.float32),
        np.full((3, len(together)), -1, dtype=np.int32),
        None,
    )
    weights = default_weights(1)
    weights[-1] = intercept
    place = np.flatnonzero(together == cold)
    return Recommender(
        replace(artifact, cold_model=pack_cold(content, np.array([cold]), place, weights=weights)), KEY
    )


def recommended(recommender: Recommender) -> list[str]:
    request = ItemsRequest(cart=("sauce",), n=20)
    return [item.item_id for item in recommender.recommend_items(request).items]


@pytest.mark.parametrize(("intercept", "expected"), [(100.0, 0), (-100.0, -1)])
def test_a_cold_item_stands_where_its_score_puts_it(intercept: float, expected: int) -> None:
    found = recommended(shop(intercept=intercept))

    assert found[expected] == COLD
    assert len(found) == len(set(found))


def test_a_cold_item_stands_behind_the_sibling_that_speaks_for_it() -> None:
    found = recommended(shop(intercept=-1e-3))

    assert found.index(COLD) == found.index(SIBLING) + 1


def test_a_bundle_around_a_cold_item_has_what_goes_with_its_sibling() -> None:
    answer = shop(intercept=0.0).generate(GenerateRequest(anchors=(COLD,), size=SizeRange(min=2, max=2), n=1))

    assert [item.item_id for item in answer.bundles[0].items] == [COLD, "sauce"]


def test_without_a_cold_model_the_item_is_in_no_answer_that_does_not_ask_for_it() -> None:
    assert COLD not in recommended(Recommender(make_artifact(GROCERY), KEY))
