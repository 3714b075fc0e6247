from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gnn.config import TrainingConfig
from gnn.data.purchases import Purchases
from gnn.data.queries import CompletionQueries
from gnn.errors import TrainingError
from gnn.network.task import LearnedLinks
from gnn.network.training import Progress, choose_device, no_progress, train_links
from gnn.scoring.explanation import HISTORY, SOURCE, TARGET, VectorTerms
from graph.edges import EdgeTables
from tests.gnn.network.step_counter import StepCounter

RANKED = np.arange(20, dtype=np.int32)
TABLES = ("source", "target", "history", "bias", "users")


def learn(
    purchases: Purchases,
    edges: EdgeTables,
    config: TrainingConfig,
    checkpoint: Path,
    *,
    validation: CompletionQueries | None = None,
    progress: Progress = no_progress,
) -> LearnedLinks:
    return train_links(
        purchases,
        edges,
        RANKED,
        config=config,
        validation=validation,
        max_epochs=config.max_epochs,
        checkpoint=checkpoint,
        progress=progress,
    )


def test_a_resumed_run_does_the_steps_that_are_left_and_ends_equal(
    shop_purchases: Purchases, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, max_epochs=3)
    whole, stopped, resumed = StepCounter(), StepCounter(stop_in_epoch=2), StepCounter()
    unbroken = learn(shop_purchases, shop_edges, config, tmp_path / "unbroken.pt", progress=whole.count)
    with pytest.raises(KeyboardInterrupt):
        learn(shop_purchases, shop_edges, config, tmp_path / "run.pt", progress=stopped.count)

    links = learn(shop_purchases, shop_edges, config, tmp_path / "run.pt", progress=resumed.count)

    assert stopped.num_steps == whole.num_steps // 3
    assert resumed.num_steps == whole.num_steps - whole.num_steps // 3
    assert links.num_epochs == unbroken.num_epochs == 3
    for name in TABLES:
        assert np.array_equal(getattr(links, name), getattr(unbroken, name)), name


def test_a_finished_run_is_read_from_its_checkpoint_without_a_step(
    shop_purchases: Purchases, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    finished = learn(shop_purchases, shop_edges, tiny_config, tmp_path / "run.pt")
    again = StepCounter()

    links = learn(shop_purchases, shop_edges, tiny_config, tmp_path / "run.pt", progress=again.count)

    assert again.num_steps == 0
    for name in TABLES:
        assert np.array_equal(getattr(links, name), getattr(finished, name)), name


def test_a_resumed_run_remembers_its_best_epoch(
    shop_purchases: Purchases, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, max_epochs=3)
    validation = CompletionQueries(
        shop_purchases.lines[:40].sign(), np.full(40, -1), np.arange(40) % 20, ("",) * 40
    )
    files = [tmp_path / "unbroken.pt", tmp_path / "run.pt"]
    unbroken = learn(shop_purchases, shop_edges, config, files[0], validation=validation)
    with pytest.raises(KeyboardInterrupt):
        stop = StepCounter(stop_in_epoch=3).count
        learn(shop_purchases, shop_edges, config, files[1], validation=validation, progress=stop)

    links = learn(shop_purchases, shop_edges, config, files[1], validation=validation)

    assert links.num_epochs == unbroken.num_epochs
    assert np.array_equal(links.target, unbroken.target)


def test_another_seed_finds_other_tables(
    shop_purchases: Purchases, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, max_epochs=1)

    one = learn(shop_purchases, shop_edges, config, tmp_path / "one.pt")
    other = learn(shop_purchases, shop_edges, replace(config, seed=1), tmp_path / "other.pt")

    assert not np.allclose(one.target, other.target)


@pytest.mark.parametrize("change", [{"seed": 1}, {"relations": ("purchased",)}])
def test_the_checkpoint_of_another_run_is_not_used(
    shop_purchases: Purchases,
    shop_edges: EdgeTables,
    tiny_config: TrainingConfig,
    tmp_path: Path,
    change: dict[str, object],
) -> None:
    config = replace(tiny_config, max_epochs=1)
    changed = replace(config, **change)  # type: ignore[arg-type]  # a field of the parameter's own type
    alone = learn(shop_purchases, shop_edges, changed, tmp_path / "alone.pt")
    learn(shop_purchases, shop_edges, config, tmp_path / "shared.pt")

    after_another = learn(shop_purchases, shop_edges, changed, tmp_path / "shared.pt")

    assert np.array_equal(after_another.target, alone.target)


def test_vectors_are_explained_by_every_relation_of_the_configuration(
    shop_purchases: Purchases, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, max_epochs=1, num_layers=2, relations=("co_purchase", "purchased"))

    links = learn(shop_purchases, shop_edges, config, tmp_path / "run.pt")

    vectors = VectorTerms(links.encoder, num_categories=shop_edges.nodes["Category"].num_rows)
    for role, table in ((SOURCE, links.source), (TARGET, links.target), (HISTORY, links.history)):
        terms, given = vectors.of(4, role)
        assert {"item", "category", "co_purchase", "purchased"} <= {term.relation for term in terms}
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


def test_a_device_that_is_not_there_is_refused() -> None:
    assert choose_device("cpu").type == "cpu"
    if not torch.cuda.is_available():
        assert choose_device("auto").type == "cpu"
        with pytest.raises(TrainingError, match="no GPU is here"):
            choose_device("cuda")


def test_a_device_that_pytorch_does_not_know_is_refused() -> None:
    with pytest.raises(TrainingError, match="'toaster'"):
        choose_device("toaster")
