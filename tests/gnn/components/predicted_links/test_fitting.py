from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from gnn.artifact.model import PredictedLinks
from gnn.components.boosted_trees import TreeParams
from gnn.components.predicted_links import fitting, prediction
from gnn.components.predicted_links.prediction import LinkModel, fit_link_model, predict_links
from tests.gnn.planted_links import Link, edges_of, purchases_of

NUM_GROUPS, SIZE = 20, 8
NUM_ITEMS = NUM_GROUPS * SIZE
#: One item a group that the catalogue does not hold: all of the group lead to it.
HUBS = NUM_ITEMS + np.arange(NUM_GROUPS)
#: Groups in which the shop did not say of the first two even items that they go together.
FORGETFUL = (0, 1, NUM_GROUPS - 1)
NUM_KNOWN = NUM_GROUPS * 6 - len(FORGETFUL)


def planted() -> list[Link]:
    """Items of a group lead to its hub; the even ones go together, but for a pair in each of `FORGETFUL`."""
    links: list[Link] = []
    for group in range(NUM_GROUPS):
        items = range(group * SIZE, (group + 1) * SIZE)
        links += [(item, int(HUBS[group]), "also") for item in items]
        even = [item for item in items if item % 2 == 0]
        forgotten = [even[:2]] if group in FORGETFUL else []
        links += [(a, b, "together") for a in even for b in even if a < b and [a, b] not in forgotten]
    return links


@pytest.fixture(autouse=True, scope="module")
def few_pairs_and_trees() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prediction, "MIN_PAIRS", 20)
        patch.setattr(fitting, "_PARAMS", TreeParams(num_trees=10, min_rows_a_leaf=20))
        yield


def fit(links: list[Link]) -> LinkModel | None:
    """Nobody buys the odd items: that is what tells them from those that go together."""
    users = [[item] for item in range(0, NUM_ITEMS, 2)] * 3
    return fit_link_model(
        edges_of(NUM_ITEMS + NUM_GROUPS, links),
        purchases_of(NUM_ITEMS + NUM_GROUPS, users),
        items=np.arange(NUM_ITEMS),
        seed=0,
    )


@pytest.fixture(scope="module")
def model(few_pairs_and_trees: None) -> LinkModel:
    fitted = fit(planted())
    assert fitted is not None
    return fitted


def linked(links: PredictedLinks, item: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    row = slice(*links.indptr[item : item + 2])
    return links.item[row], links.score[row]


def test_hidden_links_are_found_on_the_shortlists(model: LinkModel) -> None:
    assert model.kind == "together"
    assert model.ranker.recall == 1.0


def test_the_links_that_the_shop_forgot_are_predicted_first(model: LinkModel) -> None:
    links = predict_links(model, num_items=NUM_ITEMS + NUM_GROUPS, top_k=3)

    for group in FORGETFUL:
        first = group * SIZE
        found, scores = linked(links, first)
        # 0 is known to go with 4 and 6; with 2 it was never linked; 1, 3, 5 and 7 go with none.
        assert found[:3].tolist() == [first + 4, first + 6, first + 2]
        assert scores[:2].tolist() == [1.0, 1.0]
        assert 0.5 < scores[2] < 1
    assert linked(links, int(HUBS[0]))[0].tolist() == []


def test_top_k_bounds_what_is_predicted_beside_what_is_known(model: LinkModel) -> None:
    links = predict_links(model, num_items=NUM_ITEMS + NUM_GROUPS, top_k=0)

    assert (links.score == 1).all()
    assert len(links.item) == 2 * NUM_KNOWN


def test_scores_leave_out_what_is_closed_and_the_item_itself(model: LinkModel) -> None:
    ((places, scores),) = model.score(np.array([0]), closed=model.evidence.known)

    assert places.tolist() == [0]
    assert scores[0, [0, 4, 6]].tolist() == [0, 0, 0]
    assert scores[0].argmax() == 2


def test_the_same_seed_gives_the_same_links(model: LinkModel) -> None:
    again = fit(planted())

    assert again is not None
    one, other = (
        predict_links(fitted, num_items=NUM_ITEMS + NUM_GROUPS, top_k=5) for fitted in (model, again)
    )
    np.testing.assert_array_equal(one.item, other.item)
    np.testing.assert_array_equal(one.score, other.score)


@pytest.mark.parametrize("links", [[], [(0, 1, "together")], planted()[: SIZE * 3]])
def test_too_few_known_links_are_nothing_to_learn_from(links: list[Link]) -> None:
    assert fit(links) is None


def test_links_that_nothing_else_speaks_for_are_not_learned() -> None:
    # Pairs apart from each other: hide one, and its items have no neighbour at all.
    links = [(item, item + 1, "together") for item in range(0, NUM_ITEMS, 2)]

    assert fit(links) is None
