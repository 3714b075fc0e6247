from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import torch

from etl.tables import Tables
from gnn.config import SequenceConfig, TrainingConfig
from gnn.data.purchases import Purchases, read_purchase_log, read_purchases
from gnn.data.queries import CompletionQueries, NextItemQueries, next_item_queries
from gnn.network.sequence_task import next_item_batch, score_sequences, steps_of_an_epoch
from gnn.network.task import LearnedLinks
from gnn.network.training import Progress, no_progress, train_links
from gnn.scoring.sequences import Sequences
from graph.edges import EdgeTables, edge_tables
from tests.gnn.network.step_counter import StepCounter

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

    The items of a history are the same either way: only their order shows on which side the next item lies.
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
    progress: Progress = no_progress,
) -> LearnedLinks:
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


def test_validation_chooses_the_epoch(
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


def test_a_resumed_run_does_the_steps_that_are_left_and_ends_equal(
    known: tuple[Purchases, EdgeTables], tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(SMALL, max_epochs=3, event_dropout=0.3, dropout=0.2)
    whole, stopped, resumed = StepCounter(), StepCounter(stop_in_epoch=2), StepCounter()
    unbroken = learn(
        known, tiny_config, tmp_path / "unbroken.pt", sequence_config=config, progress=whole.count
    )
    with pytest.raises(KeyboardInterrupt):
        learn(known, tiny_config, tmp_path / "run.pt", sequence_config=config, progress=stopped.count)

    links = learn(known, tiny_config, tmp_path / "run.pt", sequence_config=config, progress=resumed.count)

    assert resumed.num_steps == whole.num_steps * 2 // 3
    for name in ("source", "target", "history", "bias"):
        assert np.array_equal(getattr(links, name), getattr(unbroken, name)), name
    assert links.gate is not None and unbroken.gate is not None
    assert np.array_equal(links.gate.by_step, unbroken.gate.by_step)


def test_relations_of_the_graph_join_the_transitions(
    known: tuple[Purchases, EdgeTables], tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(SMALL, max_epochs=1, relations=("purchased",))

    links = learn(known, tiny_config, tmp_path / "run.pt", sequence_config=config)

    assert list(links.encoder.relations) == ["same_user", "next", "previous", "purchased"]


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


CPU = torch.device("cpu")
# Items 3, 1, 4 bought 7, 5 and 0 days before the end; items 2, 0 bought 4 and 3 days before; item 5 alone.
SEQUENCES = Sequences(
    indptr=np.array([0, 3, 5, 6]),
    item=np.array([3, 1, 4, 2, 0, 5], dtype=np.int32),
    age_days=np.array([7.0, 5, 0, 4, 3, 1]),
)


def test_the_target_of_a_place_is_the_item_that_comes_next() -> None:
    batch = next_item_batch(SEQUENCES, np.array([0, 1]), max_steps=9, device=CPU)

    assert batch.items.tolist() == [[3, 1], [2, 0]]
    assert batch.places.tolist() == [0, 1, 2]
    assert batch.targets.tolist() == [1, 4, 0]
    # The second place of the second history holds its last item, which nothing follows.
    assert batch.is_event.tolist() == [[True, True], [True, True]]


def test_age_counts_to_the_target() -> None:
    ages = next_item_batch(SEQUENCES, np.array([0]), max_steps=9, device=CPU).age_days[0]

    assert ages[0, 0] == 7 - 5
    assert ages[1].tolist() == [7 - 0, 5 - 0]


def test_of_a_long_history_the_latest_events_are_used() -> None:
    batch = next_item_batch(SEQUENCES, np.array([0]), max_steps=1, device=CPU)

    assert batch.items.tolist() == [[1]]
    assert batch.targets.tolist() == [4]


def test_an_epoch_has_every_history_of_two_events_once() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 9, 40)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    sequences = Sequences(indptr, np.zeros(indptr[-1], np.int32), np.zeros(indptr[-1]))

    steps = steps_of_an_epoch(sequences, max_steps=5, targets_a_step=20, rng=rng)

    assert sorted(np.concatenate(steps).tolist()) == np.flatnonzero(lengths > 1).tolist()
    targets = [int(np.minimum(lengths[rows] - 1, 5).sum()) for rows in steps]
    assert max(targets) <= 20 + 5
    assert len(steps) > 1


def test_an_epoch_without_histories_of_two_events_has_no_steps() -> None:
    alone = SEQUENCES.take(np.array([2]))

    assert steps_of_an_epoch(alone, max_steps=5, targets_a_step=20, rng=np.random.default_rng(0)) == []
