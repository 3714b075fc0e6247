from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from etl.tables import Tables
from gnn.config import SequenceConfig, TrainingConfig
from gnn.data.purchases import Purchases, read_purchase_log, read_purchases
from gnn.data.queries import CompletionQueries, NextItemQueries, next_item_queries
from gnn.network.sequence_task import score_sequences
from gnn.network.training import train_links
from gnn.network.task import LearnedLinks
from graph.edges import EdgeTables, edge_tables

NUM_ITEMS = 12
RANKED = np.arange(NUM_ITEMS, dtype=np.int32)
SMALL = SequenceConfig(
    embedding_dim=8,
    num_heads=2,
    dropout=0.0,
    event_dropout=0.0,
    max_epochs=12,
    learning_rate=2e-2,
    targets_a_step=64,
)


@pytest.fixture(scope="module")
def round_shop(make_tables: Callable[..., Tables]) -> Tables:
    """80 users on a round walk, an item a day for six days: every other user walks the other way.

    What they have seen is the same either way: only its order tells on which side the next item lies.
    """
    firsts = np.random.default_rng(0).integers(NUM_ITEMS, size=80)
    return make_tables(
        [
            (f"i{item:02}", f"2024-03-{1 + step:02}T12:00:00Z", f"u{user:02}", f"b{user:02}-{step}")
            for user, first in enumerate(firsts)
            for step in range(6)
            if (item := (first + step * (1 if user % 2 else -1)) % NUM_ITEMS) >= 0
        ]
    )


@pytest.fixture(scope="module")
def cut() -> datetime:
    """Before each user's last purchase."""
    return datetime.fromisoformat("2024-03-06T00:00:00+00:00")


@pytest.fixture(scope="module")
def known(round_shop: Tables, cut: datetime) -> tuple[Purchases, EdgeTables]:
    edges = edge_tables(round_shop, until=cut)
    return read_purchases(round_shop, edges, until=cut), edges


@pytest.fixture(scope="module")
def queries(round_shop: Tables, known: tuple[Purchases, EdgeTables], cut: datetime) -> NextItemQueries:
    return next_item_queries(read_purchase_log(round_shop, known[1], RANKED), since=cut, until=None)


def learn(
    known: tuple[Purchases, EdgeTables],
    config: TrainingConfig,
    checkpoint: Path,
    *,
    sequence_config: SequenceConfig = SMALL,
    validation: CompletionQueries | None = None,
    stop_after: int = 99,
) -> LearnedLinks:
    def progress(stage: str, done: int, total: int) -> None:
        if done > stop_after * total // sequence_config.max_epochs:
            raise KeyboardInterrupt

    return train_links(
        *known,
        RANKED,
        config=config,
        validation=validation,
        max_epochs=sequence_config.max_epochs,
        checkpoint=checkpoint,
        progress=progress,
        sequence_config=sequence_config,
    )


def share_found_first(links: LearnedLinks, queries: NextItemQueries) -> float:
    scores = score_sequences(queries.histories, links)
    scores[queries.carts.nonzero()] = -np.inf
    return float((scores.argmax(axis=1) == queries.hidden).mean())


def test_the_next_item_is_found_by_order_and_not_without(
    known: tuple[Purchases, EdgeTables], queries: NextItemQueries, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    found = {}
    for is_ordered in (True, False):
        config = replace(SMALL, is_ordered=is_ordered)
        links = learn(known, tiny_config, tmp_path / f"{is_ordered}.pt", sequence_config=config)
        found[is_ordered] = share_found_first(links, queries)

    assert found[True] > 0.9
    assert found[False] < 0.7


def test_validation_chooses_the_epoch_and_is_scored_as_served(
    known: tuple[Purchases, EdgeTables], queries: NextItemQueries, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    links = learn(known, tiny_config, tmp_path / "run.pt", validation=queries)

    assert 1 <= links.num_epochs <= SMALL.max_epochs
    assert links.gate is not None
    assert score_sequences(queries.histories, links).shape == (len(queries), NUM_ITEMS)


def test_a_sampled_loss_learns_as_well(
    known: tuple[Purchases, EdgeTables], queries: NextItemQueries, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, full_softmax_items=0, num_negatives=8)

    links = learn(known, config, tmp_path / "sampled.pt")

    assert share_found_first(links, queries) > 0.9


def test_a_run_that_was_stopped_ends_where_an_unbroken_one_ends(
    known: tuple[Purchases, EdgeTables], tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(SMALL, max_epochs=3, event_dropout=0.3, dropout=0.2)
    unbroken = learn(known, tiny_config, tmp_path / "unbroken.pt", sequence_config=config)
    with pytest.raises(KeyboardInterrupt):
        learn(known, tiny_config, tmp_path / "stopped.pt", sequence_config=config, stop_after=1)

    resumed = learn(known, tiny_config, tmp_path / "stopped.pt", sequence_config=config)

    assert np.array_equal(resumed.target, unbroken.target)
    assert resumed.gate is not None and unbroken.gate is not None
    assert np.array_equal(resumed.gate.by_step, unbroken.gate.by_step)


def test_queries_of_baskets_are_refused(
    known: tuple[Purchases, EdgeTables], queries: NextItemQueries, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    baskets = CompletionQueries(queries.carts, queries.users, queries.hidden, queries.basket_ids)

    with pytest.raises(TypeError, match="expected queries of ordered histories"):
        learn(known, tiny_config, tmp_path / "run.pt", validation=baskets)


def test_links_learned_from_baskets_score_no_sequences(queries: NextItemQueries) -> None:
    table = np.zeros((NUM_ITEMS, 2), dtype=np.float32)
    links = LearnedLinks(table, table, table, table[:, 0], table[:0], (0.0, 0.0))

    with pytest.raises(ValueError, match="learned from baskets"):
        score_sequences(queries.histories, links)
