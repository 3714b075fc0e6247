from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from gnn.components.bundle_ranking.kernel_ease import fit_kernel_ease
from gnn.components.bundle_ranking.ranking import (
    DEFAULT_WEIGHTS,
    FusedRanking,
    fit_weights,
    reciprocal_ranks,
)
from gnn.data.bundle_choices import BundleChoices
from gnn.network.bundle_training import ViewVectors

Planted = tuple[BundleChoices, csr_matrix]


def planted_vectors(choices: BundleChoices, taste_of: np.ndarray) -> ViewVectors:
    """Vectors whose products are 1 for the taste `taste_of` of each user, 0 for the other."""
    basis = np.eye(2, dtype=np.float32)
    return ViewVectors(
        users=basis[taste_of],
        bundles=basis[np.arange(choices.num_bundles) % 2],
        items=np.zeros((choices.bought.shape[1], 2), dtype=np.float32),
        num_epochs=1,
    )


def test_a_bundle_counts_by_its_rank_among_those_that_were_not_chosen() -> None:
    scores = np.array([[0.1, 9.0, 0.7, 0.5], [1.0, 1.0, 2.0, 1.0]], dtype=np.float32)
    chosen = np.array([[False, False, True, False], [False] * 4])

    values = reciprocal_ranks(scores, chosen)

    # In the first row the third, which was chosen, would be second, and takes no place from the fourth.
    ranks = np.array([[3, 1, 2, 2], [2, 3, 1, 4]])
    np.testing.assert_allclose(values, 1 / (20 + ranks), rtol=1e-6)


def test_a_model_counts_by_its_weight(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    vectors = planted_vectors(choices, np.arange(120) % 2)
    users = np.array([3])

    scores = [FusedRanking(choices, None, (vectors,), {"gnn": weight}).score(users) for weight in (1.0, 2.0)]

    np.testing.assert_allclose(2 * scores[0], scores[1])


def test_vectors_that_know_the_taste_get_weight_and_others_get_none(two_tastes: Planted) -> None:
    choices, new = two_tastes
    one_choice = choices.chosen.toarray()
    one_choice[1:] = 0
    one_choice[0, 2:] = 0
    ease = fit_kernel_ease(
        BundleChoices(
            csr_matrix(one_choice),
            csr_matrix(np.zeros(choices.bought.shape, dtype=np.float32)),
            csr_matrix(np.zeros(choices.contains.shape, dtype=np.float32)),
        )
    )
    right, wrong = np.arange(120) % 2, 1 - np.arange(120) % 2

    weights = [
        fit_weights(FusedRanking(choices, ease, (planted_vectors(choices, taste),), {}), new)["gnn"]
        for taste in (right, wrong)
    ]

    assert weights[0] > 0
    assert weights[1] == 0


def test_cosines_of_several_networks_are_summed(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    vectors = planted_vectors(choices, np.arange(120) % 2)

    ranking = FusedRanking(choices, None, (vectors, vectors), {"gnn": 1.0})

    users = np.array([0, 1])
    np.testing.assert_array_equal(ranking.scorers()["gnn"](users), 2 * vectors.score(users))
    assert ranking.num_epochs == (1, 1)


def test_a_list_is_longer_by_what_the_user_chose_and_best_first(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    chosen = choices.chosen.toarray()
    chosen[1:] = 0
    only_first = BundleChoices(csr_matrix(chosen), choices.bought, choices.contains)
    ranking = FusedRanking(only_first, fit_kernel_ease(only_first), (), DEFAULT_WEIGHTS)

    lists = ranking.top_lists(length=3)

    np.testing.assert_array_equal(lists.indptr, [0, *[5 + 3] * 120])
    np.testing.assert_array_equal(np.sort(lists.values)[::-1], lists.values)
    np.testing.assert_allclose(lists.values, ranking.score(np.array([0]))[0][lists.indices])


def test_without_choices_all_lists_are_empty(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    nobody = BundleChoices(
        csr_matrix(np.zeros(choices.chosen.shape, dtype=np.float32)), choices.bought, choices.contains
    )

    lists = FusedRanking(nobody, None, (), DEFAULT_WEIGHTS).top_lists()

    assert len(lists.indices) == 0
    np.testing.assert_array_equal(lists.indptr, np.zeros(121))
