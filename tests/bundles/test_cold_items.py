"""An item that nobody bought has links, and a place in answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest, ItemsRequest, SizeRange, Weights
from gnn.components.cold_items.unsold import default_weights, find_neighbours
from gnn.data.content import Content
from gnn.scoring.catalogue import ContentLinks
from gnn.scoring.containers import Csr
from tests.artifact_factory import KEY, make_artifact
from tests.planted_shop import GROCERY

#: "New Pasta" of the planted shop has words in common with "Spaghetti 500 g" alone.
COLD, NEIGHBOUR = "cold", "pasta"


def shop(*, intercept: float) -> Recommender:
    artifact = make_artifact(GROCERY)
    ids = list(artifact.catalogue.item_ids)
    cold = ids.index(COLD)
    together = np.union1d(artifact.ranked.item, [cold])
    words = np.eye(len(together), dtype=np.float32)
    words[together == cold] = words[together == ids.index(NEIGHBOUR)]
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
        replace(artifact, cold_items=find_neighbours(content, place, weights=weights, item=np.array([cold]))),
        KEY,
    )


def recommended(recommender: Recommender) -> list[str]:
    request = ItemsRequest(cart=("sauce",), n=20)
    return [item.item_id for item in recommender.recommend_items(request).items]


@pytest.mark.parametrize(("intercept", "expected"), [(100.0, 0), (-100.0, -1)])
def test_a_cold_item_stands_where_its_score_puts_it(intercept: float, expected: int) -> None:
    found = recommended(shop(intercept=intercept))

    assert found[expected] == COLD
    assert len(found) == len(set(found))


def test_a_cold_item_ranks_behind_its_neighbour() -> None:
    found = recommended(shop(intercept=-1e-3))

    assert found.index(COLD) == found.index(NEIGHBOUR) + 1


def test_a_bundle_around_a_cold_item_has_what_goes_with_its_neighbour() -> None:
    answer = shop(intercept=0.0).generate(GenerateRequest(anchors=(COLD,), size=SizeRange(min=2, max=2), n=1))

    assert [item.item_id for item in answer.bundles[0].items] == [COLD, "sauce"]


def with_link(other: str, *, lift: float, of: str = COLD) -> Recommender:
    """The planted shop, in which the unsold item `of` is like `other`."""
    artifact = make_artifact(GROCERY)
    ids = list(artifact.catalogue.item_ids)
    row, column = np.array([ids.index(of)]), np.array([ids.index(other)])
    links = ContentLinks(Csr.from_entries(row, column, np.array([lift]), num_rows=len(ids)))
    return Recommender(replace(artifact, content_links=links), KEY)


def test_what_is_like_a_cold_item_completes_a_cart_of_it() -> None:
    request = ItemsRequest(cart=(COLD,), n=1)

    (item,) = with_link("soap/ü", lift=99.0).recommend_items(request).items

    assert item.item_id == "soap/ü"
    assert item.score == pytest.approx(99 / 100)


@pytest.mark.parametrize(
    ("cart", "source"), [((COLD, "milk"), "cold_start"), ((COLD, "milk", "bread"), "gnn")]
)
def test_a_cart_of_half_new_items_is_completed_by_content_links(cart: tuple[str, ...], source: str) -> None:
    answer = with_link("soap/ü", lift=99.0).recommend_items(ItemsRequest(cart=cart, n=20))

    assert answer.source == source


def test_content_links_serve_an_item_without_category_neighbours() -> None:
    answer = with_link("soap/ü", lift=99.0, of="bare").recommend_items(ItemsRequest(cart=("bare",), n=1))

    assert (answer.source, answer.items[0].item_id) == ("cold_start", "soap/ü")


def test_of_a_user_who_is_known_a_new_item_hides_nothing() -> None:
    answer = with_link("soap/ü", lift=99.0).recommend_items(ItemsRequest(cart=(COLD,), user_id="718"))

    assert answer.source == "gnn"


def test_what_is_like_a_cold_item_is_related_to_it_and_joins_its_bundles() -> None:
    recommender = with_link("soap/ü", lift=99.0)

    assert recommender.related(COLD, n=1).items[0].item_id == "soap/ü"
    request = GenerateRequest(
        anchors=(COLD,), size=SizeRange(min=2, max=2), n=1, weights=Weights(user_fit=0.0, breadth=0.0)
    )
    (bundle,) = recommender.generate(request).bundles
    assert [item.item_id for item in bundle.items] == [COLD, "soap/ü"]


def test_a_cold_item_is_linked_as_what_it_is_like() -> None:
    request = ItemsRequest(cart=(COLD,), n=1)

    (item,) = with_link("sauce", lift=1.01).recommend_items(request).items

    # Lift 5 of pasta and sauce is planted in the vectors of the model.
    assert item.item_id == "pasta"
    assert item.score == pytest.approx(5 / 6, abs=1e-3)


def test_without_a_cold_model_the_item_is_in_no_answer_that_does_not_ask_for_it() -> None:
    assert COLD not in recommended(Recommender(make_artifact(GROCERY), KEY))
