from __future__ import annotations

import numpy as np

from benchmarks.grown_artifact import grown
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest
from tests.artifact_factory import KEY, make_artifact
from tests.planted_shop import GROCERY

ARTIFACT = make_artifact(GROCERY)
TIMES = 3
GROWN = grown(ARTIFACT, TIMES, rng=np.random.default_rng(0))


def test_every_ranked_item_is_there_several_times_and_ids_are_sorted() -> None:
    ranked = [ARTIFACT.catalogue.item_ids[int(item)] for item in ARTIFACT.ranked.item]

    assert list(GROWN.catalogue.item_ids) == [f"{copy:03}-{name}" for copy in range(TIMES) for name in ranked]
    assert GROWN.ranked.item.tolist() == list(range(TIMES * len(ranked)))
    assert GROWN.ease.weights.num_rows == GROWN.co_purchases.lift.num_rows == TIMES * len(ranked)


def test_items_are_linked_within_their_copy_as_they_were() -> None:
    num_kept = len(ARTIFACT.ranked.item)
    old, new = ARTIFACT.ease.weights, GROWN.ease.weights

    for row in range(TIMES * num_kept):
        columns, weights = new.row(row)
        of_old, old_weights = old.row(row % num_kept)
        assert columns.tolist() == (of_old + row // num_kept * num_kept).tolist()
        assert weights.tolist() == old_weights.tolist()


def test_bundles_can_be_composed_from_a_copy() -> None:
    request = GenerateRequest.model_validate({"anchors": ["002-milk"], "n": 1})

    (bundle,) = Recommender(GROWN, KEY).generate(request).bundles

    assert {item.item_id[:3] for item in bundle.items} == {"002"}
