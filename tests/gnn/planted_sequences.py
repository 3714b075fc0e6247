"""A planted shop of sequences: whoever bought item i buys i + 10 next, of the same brand, among 20 items."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from etl.tables import Tables
from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import first_stage, item_scorer
from gnn.components.assembly import SCORING, assemble
from gnn.components.context import FitContext
from gnn.data.queries import NextItemQueries, item_sets
from gnn.scoring.sequence_stage import SequenceStage
from gnn.scoring.sequences import Sequences
from tests.gnn.planted_context import make_context

NUM_ITEMS, NUM_USERS, NUM_QUERIES = 20, 200, 400


@pytest.fixture(scope="session")
def sequence_context(make_tables: Callable[..., Tables]) -> FitContext:
    """Every user bought items i and i + 10, in that order, and before them one at random; no network.

    Categories hold two items, brands the items i and i + 10; item 0 has no brand.
    """
    rng = np.random.default_rng(0)
    first = rng.integers(10, size=NUM_USERS)
    bought = np.stack([rng.integers(NUM_ITEMS, size=NUM_USERS), first, first + 10], axis=1)
    lines = [
        (f"{item:02}", f"{date(2024, 1, 1) + timedelta(step)}T12:00:00Z", f"user{user:03}", f"{user}-{step}")
        for user, items in enumerate(bought)
        for step, item in enumerate(items)
    ]
    items = [
        (f"{item:02}", f"Category {item // 2:02}", f"Brand {item % 10}" if item else "")
        for item in range(NUM_ITEMS)
    ]
    return make_context(make_tables(lines, items), is_sequence=True)


@pytest.fixture(scope="session")
def sequence_artifact(sequence_context: FitContext) -> ModelArtifact:
    """The components of `sequence_context` that score items."""
    return assemble(sequence_context, only=SCORING)


@pytest.fixture(scope="session")
def sequence_stage(sequence_artifact: ModelArtifact) -> SequenceStage:
    """The first stage of `sequence_artifact`."""
    stage = first_stage(sequence_artifact, item_scorer(sequence_artifact))
    assert isinstance(stage, SequenceStage)
    return stage


@pytest.fixture
def next_items() -> NextItemQueries:
    """Histories of two of the first ten items; the follower of the latest one is hidden."""
    rng = np.random.default_rng(1)
    last = rng.integers(10, size=NUM_QUERIES)
    before = (last + 1 + rng.integers(8, size=NUM_QUERIES)) % 10
    item = np.stack([before, last], axis=1).ravel().astype(np.int32)
    histories = Sequences(2 * np.arange(NUM_QUERIES + 1), item, np.tile([2.0, 1.0], NUM_QUERIES))
    return NextItemQueries(
        item_sets(histories, num_ranked=NUM_ITEMS),
        np.arange(NUM_QUERIES),
        last + 10,
        ("",) * NUM_QUERIES,
        histories=histories,
    )
