import numpy as np

from bundles.compose.diversify import select_diverse

#: Two nearly equal sets, and one that shares nothing with them.
MEMBERS = np.array([[1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 0, 0], [0, 0, 0, 0, 1, 1]], dtype=np.bool_)
SCORES = np.array([0.9, 0.89, 0.7])
NO_SUBSTITUTES = np.eye(6, dtype=np.bool_)
NONE_FIRST = np.zeros(3, dtype=np.bool_)


def test_without_diversity_the_best_scores_are_chosen() -> None:
    assert select_diverse(
        MEMBERS, SCORES, is_substitute=NO_SUBSTITUTES, count=2, diversity=0.0, is_first=NONE_FIRST
    ).tolist() == [0, 1]


def test_with_diversity_a_set_that_differs_is_preferred() -> None:
    # The second shares 2 of 4 items: .5 · .89 - .5 · 2/4 = .195, against .5 · .7 - 0 = .35.
    assert select_diverse(
        MEMBERS, SCORES, is_substitute=NO_SUBSTITUTES, count=2, diversity=0.5, is_first=NONE_FIRST
    ).tolist() == [0, 2]


def test_no_more_are_chosen_than_there_are() -> None:
    assert sorted(
        select_diverse(
            MEMBERS, SCORES, is_substitute=NO_SUBSTITUTES, count=9, diversity=1.0, is_first=NONE_FIRST
        ).tolist()
    ) == [0, 1, 2]


def test_sets_that_differ_by_variants_of_one_product_alone_are_one_set() -> None:
    has_substitutes = NO_SUBSTITUTES.copy()
    has_substitutes[2, 3] = has_substitutes[3, 2] = True

    # The second shares all 3 of its items: .7 · .89 - .3 · 3/3 = .323, against .7 · .7 - 0 = .49.
    assert select_diverse(
        MEMBERS, SCORES, is_substitute=has_substitutes, count=2, diversity=0.3, is_first=NONE_FIRST
    ).tolist() == [0, 2]
    # Without variants it shares 2 of 4: .7 · .89 - .3 · 2/4 = .473. Just less; at λ = .2 it is chosen.
    assert select_diverse(
        MEMBERS, SCORES, is_substitute=NO_SUBSTITUTES, count=2, diversity=0.2, is_first=NONE_FIRST
    ).tolist() == [0, 1]


def test_sets_marked_first_precede_better_and_more_diverse_ones() -> None:
    is_first = np.array([False, True, True])

    chosen = select_diverse(
        MEMBERS, SCORES, is_substitute=NO_SUBSTITUTES, count=3, diversity=0.0, is_first=is_first
    )

    assert chosen.tolist() == [1, 2, 0]
