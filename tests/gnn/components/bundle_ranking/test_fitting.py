from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from scipy.sparse import csr_matrix

from gnn.components.bundle_ranking.fitting import BundleRankingParams, rank_choices
from gnn.components.bundle_ranking.ranking import DEFAULT_WEIGHTS
from gnn.components.context import BundleTuning
from gnn.data.bundle_choices import BundleChoices
from gnn.evaluation.lists import rank_lists, recalls_at_k
from gnn.network.bundle_training import ViewParams

CPU = torch.device("cpu")
SMALL = BundleRankingParams(
    num_seeds=2, views=ViewParams(dim=8, learning_rate=0.03, max_epochs=4, batch_size=60)
)
Planted = tuple[BundleChoices, csr_matrix]


def test_epochs_and_weights_are_chosen_on_validation_and_used_by_the_final_fit(
    two_tastes: Planted,
) -> None:
    choices, new = two_tastes

    tuned = rank_choices(choices, seed=0, device=CPU, validation=new, params=SMALL)
    tuning = BundleTuning(tuned.num_epochs, gnn_weight=tuned.weights["gnn"])
    final = rank_choices(choices, seed=0, device=CPU, tuning=tuning, params=SMALL)

    assert len(tuned.num_epochs) == 2
    assert final.num_epochs == tuned.num_epochs
    assert final.weights == tuned.weights
    lists = rank_lists(final.score, new, masked=choices.chosen, k=5, rng=np.random.default_rng(0))
    # Five bundles of the user's taste are left, two of them relevant.
    assert recalls_at_k(lists, 5).mean() == 1.0


def test_where_nobody_chose_a_bundle_nothing_is_fitted(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    nothing = csr_matrix(np.zeros(choices.chosen.shape, dtype=np.float32))

    ranking = rank_choices(replace(choices, chosen=nothing), seed=0, device=CPU)

    assert ranking.ease is None
    assert (ranking.score(np.array([0, 1])) == 0).all()


def test_a_shop_without_bundles_has_an_empty_ranking() -> None:
    choices = BundleChoices(
        *(csr_matrix(np.zeros(shape, dtype=np.float32)) for shape in ((3, 0), (3, 2), (0, 2)))
    )

    ranking = rank_choices(choices, seed=0, device=CPU)

    assert ranking.score(np.array([0, 1, 2])).shape == (3, 0)


def test_few_choices_are_ranked_by_kernel_ease_alone(two_tastes: Planted) -> None:
    choices, new = two_tastes
    few = choices.chosen[:60]
    small = BundleChoices(few, choices.bought[:60], choices.contains)

    ranking = rank_choices(small, seed=0, device=CPU, validation=new[:60])

    assert ranking.views == ()
    assert ranking.ease is not None
    assert ranking.weights == DEFAULT_WEIGHTS


def test_new_choices_of_few_users_leave_the_defaults(two_tastes: Planted) -> None:
    choices, new = two_tastes
    few = csr_matrix(new.multiply((np.arange(120) < 40)[:, np.newaxis]))

    ranking = rank_choices(choices, seed=0, device=CPU, validation=few, params=replace(SMALL, num_seeds=1))

    assert ranking.weights == DEFAULT_WEIGHTS


def test_without_contents_and_purchases_choices_alone_rank(two_tastes: Planted) -> None:
    choices, new = two_tastes
    bare = BundleChoices(
        choices.chosen,
        csr_matrix(np.zeros(choices.bought.shape, dtype=np.float32)),
        csr_matrix(np.zeros(choices.contains.shape, dtype=np.float32)),
    )

    ranking = rank_choices(bare, seed=0, device=CPU, validation=new, params=SMALL)

    lists = rank_lists(ranking.score, new, masked=choices.chosen, k=5, rng=np.random.default_rng(0))
    assert recalls_at_k(lists, 5).mean() == 1.0
