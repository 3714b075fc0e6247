from __future__ import annotations

import numpy as np
import pytest
import torch

from gnn.config import DEMO, SequenceConfig
from gnn.network.encoder import ItemTables
from gnn.network.heads import SequenceHead
from gnn.network.sequence_batches import next_item_batch
from gnn.network.sequence_task import SequenceTask, score_sequences
from gnn.scoring.sequences import Sequences

CPU = torch.device("cpu")
NUM_ITEMS, DIM = 7, 6
SEQUENCES = Sequences(
    indptr=np.array([0, 4, 6]),
    item=np.array([3, 1, 4, 1, 2, 0], dtype=np.int32),
    age_days=np.array([40.0, 9, 5, 0, 4, 3]),
)


def head_that_knows_everything(config: SequenceConfig) -> tuple[SequenceHead, ItemTables]:
    """Untrained, but all of its parameters say something."""
    torch.manual_seed(0)
    head = SequenceHead(torch.randn(NUM_ITEMS), dim=DIM, config=config).eval()
    with torch.no_grad():
        head.by_age.copy_(torch.tensor([-0.5, 0.2]) * config.is_ordered)
        head.by_vector.normal_()
        head.power.copy_(torch.tensor([0.3, 0.9]))
    return head, ItemTables(*torch.randn(3, NUM_ITEMS, DIM))


@pytest.mark.parametrize("is_ordered", [True, False])
def test_serving_gives_the_scores_that_were_trained(is_ordered: bool) -> None:
    config = SequenceConfig(num_heads=2, max_steps=8, is_ordered=is_ordered)
    head, tables = head_that_knows_everything(config)
    batch = next_item_batch(SEQUENCES, np.array([0, 1]), max_steps=8, device=CPU)

    with torch.inference_mode():
        trained = (head(tables, batch) @ tables.target.T + head.bias).numpy()
        links = SequenceTask(head, SEQUENCES, DEMO, config, CPU).links(tables)

    # The histories before each item that was asked for, aged to that item.
    asked = Sequences(
        indptr=np.array([0, 1, 3, 6, 7]),
        item=np.array([3, 3, 1, 3, 1, 4, 2], dtype=np.int32),
        age_days=np.array([31.0, 35, 4, 40, 9, 5, 1]),
    )
    assert score_sequences(asked, links) == pytest.approx(trained, abs=1e-4)


def test_without_order_a_history_says_the_same_in_any_order() -> None:
    config = SequenceConfig(num_heads=2, is_ordered=False)
    head, tables = head_that_knows_everything(config)
    reversed_ = Sequences(np.array([0, 3]), np.array([4, 1, 3], np.int32), np.array([9.0, 2, 0]))
    forward = Sequences(np.array([0, 3]), np.array([3, 1, 4], np.int32), np.array([5.0, 4, 0]))

    with torch.inference_mode():
        links = SequenceTask(head, SEQUENCES, DEMO, config, CPU).links(tables)

    assert score_sequences(forward, links) == pytest.approx(score_sequences(reversed_, links), abs=1e-5)


def test_with_order_it_does_not() -> None:
    config = SequenceConfig(num_heads=2)
    head, tables = head_that_knows_everything(config)
    reversed_ = Sequences(np.array([0, 3]), np.array([4, 1, 3], np.int32), np.zeros(3))
    forward = Sequences(np.array([0, 3]), np.array([3, 1, 4], np.int32), np.zeros(3))

    with torch.inference_mode():
        links = SequenceTask(head, SEQUENCES, DEMO, config, CPU).links(tables)

    assert np.abs(score_sequences(forward, links) - score_sequences(reversed_, links)).max() > 0.1


def test_events_are_dropped_in_training_alone() -> None:
    config = SequenceConfig(num_heads=2, dropout=0.0, event_dropout=0.5)
    head, tables = head_that_knows_everything(config)
    batch = next_item_batch(SEQUENCES, np.array([0, 1]), max_steps=8, device=CPU)

    with torch.inference_mode():
        assert torch.equal(head(tables, batch), head(tables, batch))
        head.train()
        assert not torch.equal(head(tables, batch), head(tables, batch))
        assert torch.isfinite(head(tables, batch)).all()
