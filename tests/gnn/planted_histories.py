"""A planted shop: whoever bought item i buys i + 10 next, of the same brand, among 20 items."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.artifact.model import ArtifactInfo, ModelArtifact
from gnn.artifact.scorers import item_scorer
from gnn.components import fit_components
from gnn.components.context import FitContext, Learned, Tuning
from gnn.components.learning import closed_form_links, fit_history_ease
from gnn.config import STANDARD
from gnn.data.queries import NextItemQueries, item_sets
from gnn.data.purchases import Purchases, UserEvents
from gnn.data.training_data import TrainingData
from gnn.network.training import LearnedLinks
from gnn.scoring.sequence_stage import SequenceStage
from gnn.scoring.sequences import Sequences
from tests.planted_tables import PlantedItem, PlantedShop, planted_edges, planted_tables

NUM_ITEMS, NUM_USERS = 20, 200


@pytest.fixture
def purchases() -> Purchases:
    """Every user bought items i and i + 10, in that order, and before them one at random."""
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
def stage(purchases: Purchases) -> SequenceStage:
    """Without a network; categories of two items without parents, brands of ten items, none for item 0."""
    return stage_of(purchases)


def stage_of(purchases: Purchases, links: LearnedLinks | None = None) -> SequenceStage:
    """The stage of `purchases` and of what a network learned from them."""
    artifact = sequence_artifact(purchases, links)
    items = np.arange(NUM_ITEMS)
    brand = items % 10
    brand[0] = -1
    codes = np.stack([items // 2, np.full(NUM_ITEMS, -1), items // 2, brand]).astype(np.int32)
    return SequenceStage(item_scorer(artifact), model=artifact.sequences, codes=codes)


def sequence_artifact(purchases: Purchases, links: LearnedLinks | None = None) -> ModelArtifact:
    """The components that score sequences, fitted to `purchases`."""
    shop = PlantedShop(items=[PlantedItem(f"{item:02}") for item in range(NUM_ITEMS)])
    tables = planted_tables(shop)
    ranked = np.arange(NUM_ITEMS, dtype=np.int32)
    data = TrainingData(tables, planted_edges(shop, tables), purchases, ranked, purchases, is_sequence=True)
    learned = Learned(links or closed_form_links(purchases), fit_history_ease(purchases))
    tuning = Tuning(num_epochs=1, ease_top_k=STANDARD.sequence.ease_top_k)
    fitted = fit_components(
        FitContext(data, learned, tuning, STANDARD),
        only=("catalogue", "categories", "histories", "ranked", "network", "ease", "sequences"),
    )
    info = ArtifactInfo("v", "", "gnn", "", "", "", None, "UTC", "purchase", {}, {}, {}, [])
    return ModelArtifact(info, **fitted)  # type: ignore[arg-type]  # the fitter of each field makes its component


@pytest.fixture
def queries() -> NextItemQueries:
    """40 histories that end with an item of the first ten; the item to predict is its follower."""
    rng = np.random.default_rng(1)
    last = rng.integers(10, size=40)
    item = np.stack([(last + 1 + rng.integers(8, size=40)) % 10, last], axis=1).ravel().astype(np.int32)
    histories = Sequences(np.arange(41) * 2, item, np.tile([2.0, 1.0], 40))
    return NextItemQueries(
        item_sets(histories, num_ranked=NUM_ITEMS), np.arange(40), last + 10, ("",) * 40, histories=histories
    )
