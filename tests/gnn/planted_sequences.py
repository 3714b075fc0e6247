"""A planted shop: whoever bought item i buys i + 10 next, of the same brand, among 20 items."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.components.fitting import closed_form_links
from gnn.components.sequences.fitting import fit_evidence, fit_history_ease
from gnn.data.purchases import Purchases, UserEvents
from gnn.data.queries import NextItemQueries, item_sets
from gnn.scoring.sequence_evidence import SequenceEvidence
from gnn.scoring.sequences import Sequences

NUM_ITEMS, NUM_USERS = 20, 200


@pytest.fixture
def purchases() -> Purchases:
    """Every user bought items i and i + 10, in that order, and before them one that says nothing."""
    rng = np.random.default_rng(0)
    first = rng.integers(10, size=NUM_USERS)
    item = np.stack([rng.integers(NUM_ITEMS, size=NUM_USERS), first, first + 10], axis=1).ravel()
    users = np.repeat(np.arange(NUM_USERS), 3)
    counts = csr_matrix((np.ones(len(item), np.float32), (users, item)), shape=(NUM_USERS, NUM_ITEMS))
    lines = csr_matrix(
        (np.ones(len(item), np.float32), (np.arange(len(item)), item)), shape=(len(item), NUM_ITEMS)
    )
    ages = np.tile([2.0, 1.0, 0.0], NUM_USERS)
    events = UserEvents(np.arange(NUM_USERS + 1) * 3, item.astype(np.int32), ages)
    return Purchases(lines, users, ages, counts, events, datetime(2024, 1, 1, tzinfo=UTC))


@pytest.fixture
def evidence(purchases: Purchases) -> SequenceEvidence:
    """Without a GNN; categories of two items, no parents above them, brands of ten; item 0 has no brand."""
    items = np.arange(NUM_ITEMS)
    brand = items % 10
    brand[0] = -1
    groups = np.stack([items // 2, np.full(NUM_ITEMS, -1), items // 2, brand]).astype(np.int32)
    ease = fit_history_ease(purchases)
    return fit_evidence(purchases, closed_form_links(purchases), ease, groups=groups)


@pytest.fixture
def queries() -> NextItemQueries:
    """40 histories that end with an item of the first ten; its follower is asked for."""
    rng = np.random.default_rng(1)
    last = rng.integers(10, size=40)
    item = np.stack([(last + 1 + rng.integers(8, size=40)) % 10, last], axis=1).ravel().astype(np.int32)
    histories = Sequences(np.arange(41) * 2, item, np.tile([2.0, 1.0], 40))
    return NextItemQueries(
        item_sets(histories, num_ranked=NUM_ITEMS), np.arange(40), last + 10, ("",) * 40, histories=histories
    )
