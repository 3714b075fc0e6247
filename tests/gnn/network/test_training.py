from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from gnn.config import TrainingConfig
from gnn.data.purchases import Purchases
from gnn.errors import TrainingError
from gnn.network.checkpoint import load_checkpoint
from gnn.network.training import choose_device, train_links
from gnn.network.task import LearnedLinks
from gnn.scoring.explanation_vectors import HISTORY, SOURCE, TARGET, Part, VectorParts
from graph.edges import EdgeTables

RANKED = np.arange(20, dtype=np.int32)


def learn(
    purchases: Purchases,
    edges: EdgeTables,
    config: TrainingConfig,
    checkpoint: Path,
    *,
    stop_after: int = 99,
    further_relations: Mapping[str, csr_matrix] | None = None,
) -> LearnedLinks:
    """Train; raise KeyboardInterrupt at the first step after `stop_after` epochs."""

    def progress(stage: str, done: int, total: int) -> None:
        if done > stop_after * total // config.max_epochs:
            raise KeyboardInterrupt

    return train_links(
        purchases,
        edges,
        RANKED,
        config=config,
        validation=None,
        max_epochs=config.max_epochs,
        checkpoint=checkpoint,
        progress=progress,
        further_relations=further_relations or {},
    )


def test_a_run_that_was_stopped_ends_where_an_unbroken_one_ends(
    shop_purchases: Purchases, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    unbroken = learn(shop_purchases, shop_edges, tiny_config, tmp_path / "unbroken.pt")
    with pytest.raises(KeyboardInterrupt):
        learn(shop_purchases, shop_edges, tiny_config, tmp_path / "stopped.pt", stop_after=1)

    resumed = learn(shop_purchases, shop_edges, tiny_config, tmp_path / "stopped.pt")

    assert resumed.num_epochs == unbroken.num_epochs == tiny_config.max_epochs
    for name in ("source", "target", "history", "bias", "users"):
        assert np.array_equal(getattr(resumed, name), getattr(unbroken, name)), name


def test_another_seed_finds_other_tables(
    shop_purchases: Purchases, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, max_epochs=1)

    one = learn(shop_purchases, shop_edges, config, tmp_path / "one.pt")
    other = learn(shop_purchases, shop_edges, replace(config, seed=1), tmp_path / "other.pt")

    assert not np.allclose(one.target, other.target)


def test_the_checkpoint_of_another_run_is_not_taken(
    shop_purchases: Purchases, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, max_epochs=1)
    alone = learn(shop_purchases, shop_edges, replace(config, seed=1), tmp_path / "alone.pt")
    learn(shop_purchases, shop_edges, config, tmp_path / "shared.pt")

    after_another = learn(shop_purchases, shop_edges, replace(config, seed=1), tmp_path / "shared.pt")

    assert np.array_equal(after_another.target, alone.target)


def test_a_further_relation_is_a_part_of_the_vectors_like_those_of_the_graph(
    shop_purchases: Purchases, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, max_epochs=1)
    next_item = csr_matrix(np.roll(np.eye(20, dtype=np.float32), 1, axis=1))
    alone = learn(shop_purchases, shop_edges, config, tmp_path / "shared.pt")

    links = learn(
        shop_purchases, shop_edges, config, tmp_path / "shared.pt", further_relations={"next": next_item}
    )

    assert not np.allclose(links.target, alone.target)  # The checkpoint without the relation is not taken.
    vectors = VectorParts(links.encoder, num_categories=shop_edges.nodes["Category"].num_rows)
    for role, table in ((SOURCE, links.source), (TARGET, links.target), (HISTORY, links.history)):
        parts, given = vectors.of(4, role)
        assert Part("next", 5) in parts
        assert given.sum(axis=0) == pytest.approx(table[4], abs=1e-5)


def test_a_sampled_loss_learns_as_well(
    shop_purchases: Purchases, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, full_softmax_items=0, num_negatives=8, max_epochs=3)

    links = learn(shop_purchases, shop_edges, config, tmp_path / "sampled.pt")

    similarity = links.source @ links.target.T
    meals = np.arange(20) // 4
    together = (meals[:, np.newaxis] == meals) & ~np.eye(20, dtype=bool)
    assert similarity[together].mean() > similarity[meals[:, np.newaxis] != meals].mean()


def test_training_leaves_the_random_state_of_its_caller_alone(
    shop_purchases: Purchases, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    before = torch.get_rng_state()

    learn(shop_purchases, shop_edges, replace(tiny_config, max_epochs=1), tmp_path / "run.pt")

    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("content", [b"", b"no checkpoint"])
def test_a_damaged_checkpoint_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.pt").write_bytes(content)

    assert load_checkpoint(tmp_path / "run.pt", key="any") is None
    assert load_checkpoint(tmp_path / "missing.pt", key="any") is None


def test_a_device_that_is_not_there_is_refused() -> None:
    assert choose_device("cpu").type == "cpu"
    if not torch.cuda.is_available():
        assert choose_device("auto").type == "cpu"
        with pytest.raises(TrainingError, match="no GPU is here"):
            choose_device("cuda")


def test_a_device_that_pytorch_does_not_know_is_refused() -> None:
    with pytest.raises(TrainingError, match="'toaster'"):
        choose_device("toaster")
