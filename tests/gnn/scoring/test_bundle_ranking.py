from __future__ import annotations

import numpy as np

from gnn.scoring.bundle_ranking import BUNDLE_FEATURES, BundleRanking, BundleScorer
from gnn.scoring.catalogue import ShopBundles
from gnn.scoring.containers import Csr, TextColumn

#: Four bundles over five items: (0, 1), (1, 2, 3), (4) and nothing.
BUNDLES = ShopBundles(
    bundle_ids=TextColumn.of(["a", "b", "c", "d"]),
    titles=TextColumn.of([""] * 4),
    discount=np.zeros(4),
    quantity=Csr(np.array([0, 2, 5, 6, 6]), np.array([0, 1, 1, 2, 3, 4], dtype=np.int32), np.ones(6)),
)
#: The first user has the list c, a; the second none.
MODEL = BundleRanking(
    lists=Csr(np.array([0, 2, 2]), np.array([2, 0], dtype=np.int32), np.array([3.0, 1.0], dtype=np.float32)),
    popularity=np.array([0, 7, 1, 0], dtype=np.float32),
    items=np.array([[1, 0], [0, 2], [0, 1], [0, 1], [1, 0]], dtype=np.float32),
    bundles=np.array([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], dtype=np.float32),
    visitor_weights=np.array([1.0, 1.0, 1.0], dtype=np.float32),
)


def test_a_visitor_is_described_by_the_direction_of_its_items_their_share_and_popularity() -> None:
    features = BundleScorer(MODEL, BUNDLES, num_items=5).features([0, 1])

    # Items 0 and 1 add up to (1, 2), of length √5.
    np.testing.assert_allclose(
        features,
        [
            np.array([1, 2, 1, 0.6 + 2 * 0.8]) / np.sqrt(5),
            [2 / 2, 1 / 3, 0 / 1, 0],
            np.log([1 + 0, 1 + 7, 1 + 1, 1 + 0]),
        ],
        rtol=1e-6,
    )
    assert len(BUNDLE_FEATURES) == 3


def test_a_list_comes_first_and_the_other_bundles_follow_as_for_a_visitor() -> None:
    scorer = BundleScorer(MODEL, BUNDLES, num_items=5)

    scores = scorer.score([1], user_index=0)

    np.testing.assert_array_equal(np.argsort(-scores)[:2], [2, 0])
    visitor = scorer.score([1])
    assert (scores[1] > scores[3]) == (visitor[1] > visitor[3])
    assert max(scores[1], scores[3]) < scores[0]


def test_a_user_without_a_list_is_a_visitor() -> None:
    scorer = BundleScorer(MODEL, BUNDLES, num_items=5)

    np.testing.assert_array_equal(scorer.score([4], user_index=1), scorer.score([4]))
    assert [scorer.knows(user) for user in (0, 1, None)] == [True, False, False]


def test_bundles_are_ranked_by_popularity_for_a_visitor_without_items() -> None:
    scores = BundleScorer(MODEL, BUNDLES, num_items=5).score([])

    np.testing.assert_array_equal(np.argsort(-scores, kind="stable"), [1, 2, 0, 3])


def test_where_nobody_chose_anything_the_share_of_items_ranks() -> None:
    scores = BundleScorer(BundleRanking(), BUNDLES, num_items=5).score([4])

    assert scores.argmax() == 2
    assert np.isfinite(scores).all()


def test_an_item_counts_once() -> None:
    scorer = BundleScorer(MODEL, BUNDLES, num_items=5)

    np.testing.assert_array_equal(scorer.score([1, 1, 2]), scorer.score([2, 1]))


def test_a_shop_without_bundles_has_no_scores() -> None:
    scores = BundleScorer(BundleRanking(), ShopBundles(), num_items=5).score([1])

    assert scores.shape == (0,)
