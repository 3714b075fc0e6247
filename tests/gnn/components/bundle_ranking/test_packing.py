from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import csr_matrix

from gnn.components.bundle_ranking.fitting import fit_bundle_ranking
from gnn.components.bundle_ranking.packing import pack_bundle_ranking
from gnn.data.bundle_choices import BundleChoices

Planted = tuple[BundleChoices, csr_matrix]


def test_a_list_is_longer_by_what_the_user_chose_and_best_first(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    chosen = choices.chosen.toarray()
    chosen[2:] = 0
    chosen[1, :] = 0
    only_first = BundleChoices(csr_matrix(chosen), choices.bought, choices.contains)
    ranking = fit_bundle_ranking(only_first, seed=0, device=torch.device("cpu"))

    model = pack_bundle_ranking(ranking, list_length=3)

    np.testing.assert_array_equal(model.indptr, [0, *[5 + 3] * 120])
    np.testing.assert_array_equal(np.sort(model.score)[::-1], model.score)
    np.testing.assert_allclose(model.score, ranking.score(np.array([0]))[0][model.bundle])
    np.testing.assert_array_equal(model.popularity, chosen[0])
    assert model.items.shape == (40, 0)


def test_a_shop_without_choices_has_empty_lists(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    nobody = BundleChoices(
        csr_matrix(np.zeros(choices.chosen.shape, dtype=np.float32)), choices.bought, choices.contains
    )

    model = pack_bundle_ranking(fit_bundle_ranking(nobody, seed=0, device=torch.device("cpu")))

    assert len(model.bundle) == 0
    np.testing.assert_array_equal(model.indptr, np.zeros(121))
