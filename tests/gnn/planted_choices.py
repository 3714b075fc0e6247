"""Planted choices: two tastes, each with its own bundles, which hold its own items."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.data.bundle_choices import BundleChoices

NUM_USERS, NUM_BUNDLES, NUM_ITEMS = 120, 20, 40


@pytest.fixture(scope="session")
def two_tastes() -> tuple[BundleChoices, csr_matrix]:
    """Choices, and new ones: users of even index like bundles and items of even index, the others odd ones.

    Each user chose 5 of its taste's 10 bundles, bought 4 of its 20 items, and chooses 2 more bundles.
    """
    rng = np.random.default_rng(0)
    chosen, new = np.zeros((2, NUM_USERS, NUM_BUNDLES), dtype=np.float32)
    bought = np.zeros((NUM_USERS, NUM_ITEMS), dtype=np.float32)
    contains = np.zeros((NUM_BUNDLES, NUM_ITEMS), dtype=np.float32)
    for user in range(NUM_USERS):
        liked = 2 * rng.permutation(NUM_BUNDLES // 2) + user % 2
        chosen[user, liked[:5]] = 1
        new[user, liked[5:7]] = 1
        bought[user, 2 * rng.choice(NUM_ITEMS // 2, 4, replace=False) + user % 2] = 1
    for bundle in range(NUM_BUNDLES):
        contains[bundle, 2 * rng.choice(NUM_ITEMS // 2, 3, replace=False) + bundle % 2] = 1
    return BundleChoices(*map(csr_matrix, (chosen, bought, contains))), csr_matrix(new)
