"""The whole of training on planted shops: what is chosen, measured, packed and promoted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from etl.tables import Tables
from gnn.artifact.files import load_artifact
from gnn.artifact.model import ModelArtifact
from gnn.config import TrainingConfig
from gnn.errors import TrainingError
from gnn.registry import list_models, promoted
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from gnn.train import CHECKPOINTS, train
from graph.edges import EdgeTables, edge_tables
from tests.gnn.conftest import Line, MakeTables

#: Trains on the tables in argv[1], to the models folder argv[2], and prints a line an epoch.
TRAIN = """
import sys, logging
from dataclasses import replace
from pathlib import Path
from etl.tables import open_tables
from gnn.config import DEMO
from gnn.train import train
from graph.edges import edge_tables
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
tables = open_tables(Path(sys.argv[1]))
config = replace(DEMO, name="tiny", embedding_dim=8, max_epochs=2, batch_size=128, device="cpu")
train(tables, edge_tables(tables), Path(sys.argv[2]), config=config)
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def trained(shop: Tables, shop_edges: EdgeTables, tiny_config: TrainingConfig, models: Path) -> ModelArtifact:
    return train(shop, shop_edges, models, config=tiny_config)


def ndcg(artifact: ModelArtifact, part: str = "test") -> dict[str, float]:
    table = cast("dict[str, dict[str, float]]", artifact.info.metrics[part])
    return {name: row["ndcg@20"] for name, row in table.items()}


def test_the_first_model_is_saved_promoted_and_loads(trained: ModelArtifact, models: Path) -> None:
    loaded = load_artifact(models / trained.info.model_version)

    assert promoted(models) == trained.info.model_version
    assert loaded.info == trained.info
    assert loaded.info.kind == "gnn"
    assert not (models / CHECKPOINTS).exists()


def test_every_model_is_measured_on_the_same_queries(trained: ModelArtifact) -> None:
    measured = ndcg(trained)

    assert list(measured)[-1] == "served"
    assert "gnn" in measured
    assert {"popularity", "co_purchase", "ease", "household", "ease_household"} < set(measured)
    assert measured["served"] > measured["popularity"]
    assert {"popularity", "leak_probe", "served"} < set(trained.info.metrics["exposure"])  # type: ignore[call-overload]  # a dict
    assert trained.info.metrics["leak_probe"]["leaks"] is False  # type: ignore[index]  # a dict
    assert {"cross_category", "new_to_user"} <= set(trained.info.metrics["slices"])  # type: ignore[call-overload]  # a dict


def test_the_rest_of_a_meal_completes_it_for_the_served_model(trained: ModelArtifact) -> None:
    scores = ItemScorer(trained).score([ItemQuery(cart=[4, 5, 6])])[0]
    scores[[4, 5, 6]] = -np.inf

    assert int(scores.argmax()) == 7


def test_the_served_model_knows_all_of_the_graph(trained: ModelArtifact, shop: Tables) -> None:
    assert (
        trained.catalogue.baskets.sum()
        == shop.read("interactions").group_by(["basket_id", "item_id"]).aggregate([]).num_rows
    )
    assert trained.info.as_of == shop.manifest.last_at


def test_a_later_model_waits_for_its_promotion_and_equal_seeds_give_equal_metrics(
    shop: Tables, shop_edges: EdgeTables, tiny_config: TrainingConfig, trained: ModelArtifact, models: Path
) -> None:
    again = train(shop, shop_edges, models, config=tiny_config)

    assert again.info.metrics == trained.info.metrics
    assert np.array_equal(again.model.target, trained.model.target)
    assert promoted(models) == trained.info.model_version
    assert again.info.model_version in list_models(models)


def test_a_killed_run_leaves_the_models_usable_and_goes_on_when_it_is_started_again(
    shop: Tables, shop_edges: EdgeTables, tiny_config: TrainingConfig, trained: ModelArtifact, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", TRAIN, str(shop.folder), str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2])
    checkpoint = tmp_path / CHECKPOINTS / "judged.pt"
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert list_models(tmp_path) == []
    assert promoted(tmp_path) is None

    resumed = train(shop, shop_edges, tmp_path, config=tiny_config)

    assert promoted(tmp_path) == resumed.info.model_version
    assert resumed.info.metrics == trained.info.metrics


def test_the_graph_of_other_tables_is_refused(
    shop: Tables, shop_edges: EdgeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="run bundlegraph load"):
        train(shop, replace(shop_edges, tables_version="other"), tmp_path, config=tiny_config)


def visits(num_days: int, *, user: str = "ann") -> list[Line]:
    """A basket a day of bread and butter, and every other day jam."""
    return [
        (item, f"2024-{1 + day // 28:02}-{1 + day % 28:02}T10:00:00Z", user, str(day))
        for day in range(num_days)
        for item in (["bread", "butter", "jam"] if day % 2 else ["bread", "butter"])
    ]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (visits(1), "fewer than three days"),
        (visits(6), "too little data for a GNN"),
        (visits(60), "too little data for a GNN"),
        (visits(60, user=""), "too little data for a GNN"),
    ],
    ids=["one basket", "six baskets", "sixty baskets", "no users"],
)
def test_too_little_data_is_served_by_a_closed_form_with_a_warning(
    make_tables: MakeTables, tiny_config: TrainingConfig, tmp_path: Path, lines: list[Line], reason: str
) -> None:
    tables = make_tables(lines)

    artifact = train(tables, edge_tables(tables), tmp_path, config=tiny_config)

    assert artifact.info.kind == "closed_form"
    assert any(reason in warning for warning in artifact.info.warnings)
    users = [None, 0] if len(artifact.histories.user_ids) else [None]
    scores = ItemScorer(artifact).score([ItemQuery(cart=[0], user_index=user) for user in users])
    assert np.isfinite(scores).all()
    assert load_artifact(tmp_path / artifact.info.model_version).info == artifact.info


def test_a_gnn_trains_without_users_categories_or_brands(
    make_tables: MakeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    lines = [
        (f"{group}-{item}", f"2024-01-{1 + basket // 15:02}T{8 + basket % 15:02}:00:00Z", "", str(basket))
        for basket in range(400)
        for group in [int(rng.integers(5))]
        for item in range(4)
        if rng.random() < 0.8
    ]
    tables = make_tables(lines)

    artifact = train(tables, edge_tables(tables), tmp_path, config=tiny_config)

    assert artifact.info.kind == "gnn"
    assert len(artifact.histories.user_ids) == 0
    assert ndcg(artifact)["served"] > ndcg(artifact)["popularity"]
    assert np.isfinite(ItemScorer(artifact).score([ItemQuery(), ItemQuery(cart=[0, 1])])).all()


def test_a_cold_item_is_in_the_catalogue_and_not_ranked(
    make_tables: MakeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    items = [("bread", "Food", ""), ("butter", "Food", ""), ("cold", "Food", ""), ("jam", "Food", "")]
    tables = make_tables(visits(6), items)

    artifact = train(tables, edge_tables(tables), tmp_path, config=tiny_config)

    cold = artifact.catalogue.item_ids.find("cold")
    assert cold == 2
    assert artifact.model.ranked.tolist() == [0, 1, 3]
    assert artifact.catalogue.baskets.tolist() == [6, 6, 0, 3]
