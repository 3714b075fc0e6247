from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from benchmarks.composition.ablations import ABLATIONS, changed
from benchmarks.composition.anchored import AnchoredBaskets
from benchmarks.composition.gap import Search, first_candidates, gap, searches
from benchmarks.composition.ours import Ours
from bundles.request.schemas import Constraints, SizeRange, Weights
from tests.artifact_factory import KEY, make_artifact
from tests.planted_shop import GROCERY

ARTIFACT = make_artifact(GROCERY)
ITEMS = [ARTIFACT.catalogue.item_ids[int(item)] for item in ARTIFACT.ranked.item]
OURS = Ours(ARTIFACT, KEY)


def around(*anchors: str, user: int = -1) -> AnchoredBaskets:
    places = np.array([ITEMS.index(anchor) for anchor in anchors])
    users = np.full(len(anchors), user)
    return AnchoredBaskets(places, users, csr_matrix((len(anchors), len(ITEMS))), np.full(len(anchors), 2))


def test_the_added_items_are_those_of_the_first_bundle_of_an_answer() -> None:
    baskets = around("milk", "pasta")

    added = OURS.compose()(baskets)

    answer = OURS.recommender().generate(OURS.request(baskets, 0))
    assert [item.role for item in answer.bundles[0].items] == ["anchor", "added", "added"]
    assert {ITEMS[item] for item in added[0, :2]} == {item.item_id for item in answer.bundles[0].items[1:]}
    assert ITEMS.index("sauce") in added[1]
    assert (added[:, 2] == -1).all()


def test_requests_name_users_by_their_pseudonyms() -> None:
    user = ARTIFACT.histories.user_ids.find(KEY.pseudonym("718"))
    assert user is not None

    request = OURS.request(around("milk", user=user), 0)

    assert request.user_id == KEY.pseudonym("718")
    assert OURS.recommender().generate(request).warnings == []
    assert OURS.request(around("milk", user=user), 0, knows_user=False).user_id is None


def test_several_bundles_are_kept_apart_and_differ() -> None:
    added = OURS.compose_several(around("milk"), count=3, diversity=0.5)

    assert added.shape == (3, 1, 3)
    assert len({tuple(sorted(row)) for row in added[:, 0].tolist()}) == 3


@pytest.mark.parametrize("name", ABLATIONS)
def test_every_ablation_composes_and_is_undone(name: str) -> None:
    before = OURS.compose()(around("milk")).tolist()

    with changed(ABLATIONS[name].constants):
        weights = Weights(**(Weights().model_dump() | dict(ABLATIONS[name].weights)))
        added = OURS.compose(weights=weights)(around("milk"))

    assert (added[0, :2] >= 0).all()
    assert OURS.compose()(around("milk")).tolist() == before


def test_a_constant_that_does_not_exist_is_named() -> None:
    with (
        pytest.raises(AttributeError, match="NUM_BY_MAGIC"),
        changed({"bundles.compose.candidates.NUM_BY_MAGIC": 0}),
    ):
        pass


def test_a_search_of_the_composer_can_be_repeated_exactly() -> None:
    request = OURS.request(
        around("milk"), 0, sizes=SizeRange(min=2, max=3), constraints=Constraints(price_max=7)
    )

    (searched,) = searches(OURS, [request])

    assert isinstance(searched, Search)
    assert ITEMS[around("milk").anchors[0]] == "milk"
    assert gap(searched) == pytest.approx(0, abs=1e-4)
    few = first_candidates(searched, 4)
    assert few.shortlist.links.shape == (4, 4)
    assert few.shortlist.user_fit.tolist() == searched.shortlist.user_fit[:4].tolist()
