from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from gnn.components.boosted_trees import TreeParams
from gnn.components.predicted_links import fitting
from gnn.components.predicted_links.fitting import (
    PairRanker,
    fit_pair_ranker,
    fit_predicted_links,
    predict_links,
)
from gnn.scoring.catalogue import PredictedLinks
from tests.gnn.conftest import MakeTables
from tests.gnn.planted_context import make_context
from tests.gnn.planted_links import Link, edges_of, purchases_of

NUM_GROUPS, SIZE = 20, 8
NUM_ITEMS = NUM_GROUPS * SIZE
#: One item a group that the catalogue does not hold: all of the group lead to it.
HUBS = NUM_ITEMS + np.arange(NUM_GROUPS)
#: Groups whose first two even items the shop does not link.
INCOMPLETE = (0, 1, NUM_GROUPS - 1)
NUM_KNOWN = NUM_GROUPS * 6 - len(INCOMPLETE)


def planted() -> list[Link]:
    """Items of a group lead to its hub; the even ones go together, but for a pair in each of `INCOMPLETE`."""
    links: list[Link] = []
    for group in range(NUM_GROUPS):
        items = range(group * SIZE, (group + 1) * SIZE)
        links += [(item, int(HUBS[group]), "also") for item in items]
        even = [item for item in items if item % 2 == 0]
        missing = [even[:2]] if group in INCOMPLETE else []
        links += [(a, b, "together") for a in even for b in even if a < b and [a, b] not in missing]
    return links


@pytest.fixture(autouse=True, scope="module")
def few_pairs_and_trees() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "MIN_PAIRS", 20)
        patch.setattr(fitting, "_PARAMS", TreeParams(num_trees=10, min_rows_a_leaf=20))
        yield


def fit(links: list[Link]) -> PairRanker | None:
    """Nobody buys the odd items: in that they differ from the items that go together."""
    users = [[item] for item in range(0, NUM_ITEMS, 2)] * 3
    return fit_pair_ranker(
        edges_of(NUM_ITEMS + NUM_GROUPS, links),
        purchases_of(NUM_ITEMS + NUM_GROUPS, users),
        items=np.arange(NUM_ITEMS),
        seed=0,
    )


@pytest.fixture(scope="module")
def ranker(few_pairs_and_trees: None) -> PairRanker:
    fitted = fit(planted())
    assert fitted is not None
    return fitted


def linked(links: PredictedLinks, item: int) -> tuple[NDArray[np.int32], NDArray[np.floating]]:
    return links.score.row(item)


def test_hidden_links_are_found_on_the_shortlists(ranker: PairRanker) -> None:
    assert ranker.kind == "together"
    assert ranker.recall == 1.0


def test_links_that_the_shop_does_not_give_are_predicted_first(ranker: PairRanker) -> None:
    links = predict_links(ranker, num_items=NUM_ITEMS + NUM_GROUPS, top_k=3)

    for group in INCOMPLETE:
        first = group * SIZE
        found, scores = linked(links, first)
        # 0 is linked to 4 and 6, but not to 2; 1, 3, 5 and 7 are linked to none.
        assert found[:3].tolist() == [first + 4, first + 6, first + 2]
        assert scores[:2].tolist() == [1.0, 1.0]
        assert 0.5 < scores[2] < 1
    assert linked(links, int(HUBS[0]))[0].tolist() == []


def test_top_k_bounds_the_predicted_links_beside_the_known_ones(ranker: PairRanker) -> None:
    links = predict_links(ranker, num_items=NUM_ITEMS + NUM_GROUPS, top_k=0)

    assert (links.score.values == 1).all()
    assert len(links.score.indices) == 2 * NUM_KNOWN


def test_excluded_items_and_the_item_itself_have_no_score(ranker: PairRanker) -> None:
    ((places, scores),) = ranker.score(np.array([0]), excluded=ranker.evidence.known)

    assert places.tolist() == [0]
    assert scores[0, [0, 4, 6]].tolist() == [0, 0, 0]
    assert scores[0].argmax() == 2


def test_the_same_seed_gives_the_same_links(ranker: PairRanker) -> None:
    again = fit(planted())

    assert again is not None
    one, other = (
        predict_links(fitted, num_items=NUM_ITEMS + NUM_GROUPS, top_k=5) for fitted in (ranker, again)
    )
    np.testing.assert_array_equal(one.score.indices, other.score.indices)
    np.testing.assert_array_equal(one.score.values, other.score.values)


@pytest.mark.parametrize("links", [[], [(0, 1, "together")], planted()[: SIZE * 3]])
def test_too_few_known_links_are_not_learned(links: list[Link]) -> None:
    assert fit(links) is None


def test_links_without_any_other_evidence_are_not_learned() -> None:
    # Pairs apart from each other: hide one, and its items have no neighbour at all.
    links = [(item, item + 1, "together") for item in range(0, NUM_ITEMS, 2)]

    assert fit(links) is None


def test_a_shop_that_gives_no_links_has_no_predicted_ones(make_tables: MakeTables) -> None:
    context = make_context(make_tables([("bread", "2026-01-01T12:00:00Z", "", "b1")]))

    assert len(fit_predicted_links(context).score.row(0)[0]) == 0
