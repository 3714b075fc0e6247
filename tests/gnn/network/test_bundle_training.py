from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from scipy.sparse import csr_matrix

from gnn.data.bundle_choices import BundleChoices
from gnn.network.bundle_training import ViewParams, ViewVectors, train_views

CPU = torch.device("cpu")
SMALL = ViewParams(dim=8, learning_rate=0.03, max_epochs=15, batch_size=60)
Planted = tuple[BundleChoices, csr_matrix]


def test_new_choices_score_above_bundles_of_the_other_taste(two_tastes: Planted) -> None:
    choices, new = two_tastes

    vectors = train_views(choices, seed=0, device=CPU, params=SMALL)

    scores = vectors.score(np.arange(choices.num_users))
    is_new = new.toarray() > 0
    other_taste = np.arange(choices.num_users)[:, np.newaxis] % 2 != np.arange(choices.num_bundles) % 2
    assert scores[is_new].min() > scores[other_taste].max()


def test_the_same_seed_gives_the_same_vectors(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    params = replace(SMALL, max_epochs=2)

    first, second, other = (train_views(choices, seed=seed, device=CPU, params=params) for seed in (3, 3, 4))

    np.testing.assert_array_equal(first.users, second.users)
    assert not np.array_equal(first.users, other.users)


def test_the_epoch_that_validates_best_is_kept_and_patience_ends_training(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    epochs = []

    def validate(vectors: ViewVectors) -> float:
        epochs.append(vectors.num_epochs)
        return -abs(vectors.num_epochs - 3)

    vectors = train_views(choices, seed=0, device=CPU, params=replace(SMALL, patience=2), validate=validate)

    assert vectors.num_epochs == 3
    assert epochs == [1, 2, 3, 4, 5]


def test_a_batch_without_hidden_choices_gives_finite_vectors() -> None:
    one = csr_matrix(np.eye(1, 3, dtype=np.float32))
    choices = BundleChoices(
        one, csr_matrix(np.zeros((1, 2), dtype=np.float32)), csr_matrix(np.zeros((3, 2), dtype=np.float32))
    )

    vectors = train_views(choices, seed=0, device=CPU, params=replace(SMALL, hidden_share=1e-9))

    assert np.isfinite(vectors.users).all()


def test_choices_may_be_predicted_while_they_are_in_the_graph(two_tastes: Planted) -> None:
    choices, new = two_tastes

    vectors = train_views(choices, seed=0, device=CPU, params=replace(SMALL, hidden_share=0.0))

    scores = vectors.score(np.arange(choices.num_users))
    assert scores[choices.chosen.toarray() > 0].mean() > scores[new.toarray() == 0].mean()
