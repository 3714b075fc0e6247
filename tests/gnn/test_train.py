"""The whole of training on planted shops: what is chosen, measured, saved and promoted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from filelock import FileLock

from etl.tables import Tables
from gnn.artifact.files import load_artifact
from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import item_scorer
from gnn.config import TrainingConfig
from gnn.errors import TrainingError
from gnn.registry import list_models, promoted, training_lock
from gnn.scoring.item_model import Ensemble, LinkProbability
from gnn.scoring.item_scorer import ItemQuery
from gnn.train import CHECKPOINTS, train
from graph.edges import EdgeTables, edge_tables
from tests.gnn.conftest import Line, MakeTables
from tests.gnn.trained_models import filled_components, metrics_of

#: Trains on the tables in argv[1], to the models folder argv[2].
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
config = replace(
    DEMO, name="tiny", embedding_dim=8, max_epochs=2, batch_size=128, device="cpu", holdout_share=0.2
)
train(tables, edge_tables(tables), Path(sys.argv[2]), config=config)
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def config(tiny_config: TrainingConfig) -> TrainingConfig:
    """With as many validation queries as trees need; the same as in `TRAIN`."""
    return replace(tiny_config, holdout_share=0.2)


@pytest.fixture(scope="module")
def trained(shop: Tables, shop_edges: EdgeTables, config: TrainingConfig, models: Path) -> ModelArtifact:
    return train(shop, shop_edges, models, config=config)


def ndcg(artifact: ModelArtifact) -> dict[str, float]:
    return {name: row["ndcg@20"] for name, row in metrics_of(artifact)["test"].items()}


def test_the_first_model_is_saved_promoted_and_loads(trained: ModelArtifact, models: Path) -> None:
    loaded = load_artifact(models / trained.info.model_version)

    assert promoted(models) == trained.info.model_version
    assert loaded.info == trained.info
    assert loaded.info.kind == "gnn"
    assert not (models / CHECKPOINTS).exists()


def test_every_component_that_the_shop_has_data_for_is_fitted(trained: ModelArtifact) -> None:
    # It sells in baskets, has no bundles of its own, has sold all that it lists, and its few items and
    # categories were all bought together. A re-ranker may not help there.
    assert filled_components(trained) - {"reranker"} == {
        "catalogue",
        "categories",
        "co_purchases",
        "category_pairs",
        "histories",
        "promotions",
        "seasons",
        "ranked",
        "network",
        "encoder",
        "ease",
        "co_basket",
        "substitutes",
    }
    assert trained.ensemble != Ensemble()
    assert trained.link_probability != LinkProbability()


def test_every_model_is_measured_on_the_same_queries(trained: ModelArtifact) -> None:
    measured, metrics = ndcg(trained), metrics_of(trained)

    assert list(measured)[-1] == "served"
    assert "gnn" in measured
    assert {"popularity", "co_purchase", "ease", "user_frequency", "ease_user_frequency"} < set(measured)
    assert measured["served"] > measured["popularity"]
    assert {"popularity", "leak_probe", "served"} < set(metrics["exposure"])
    assert metrics["leak_probe"]["leaks"] is False
    assert {"cross_category", "new_to_user"} <= set(metrics["slices"])
    assert set(metrics["validation"]) == set(metrics["test"])
    assert metrics["protocol"]["task"].startswith("complete a basket")
    assert metrics["link_calibration"]["brier"] < 0.25
    assert trained.info.warnings == []


def test_a_model_says_how_it_was_trained(trained: ModelArtifact, config: TrainingConfig) -> None:
    run = cast("dict[str, float]", trained.info.config["run"])

    assert trained.info.config == config.to_json() | {"run": run}
    assert 1 <= run["num_epochs"] <= config.max_epochs
    assert run["tuned_s"] > 0


def test_the_rest_of_a_meal_completes_it_for_the_served_model(trained: ModelArtifact) -> None:
    scores = item_scorer(trained).score([ItemQuery(cart=[4, 5, 6])])[0]
    scores[[4, 5, 6]] = -np.inf

    assert int(scores.argmax()) == 7


def test_the_served_model_knows_all_of_the_graph(trained: ModelArtifact, shop: Tables) -> None:
    assert (
        trained.catalogue.baskets.sum()
        == shop.read("interactions").group_by(["basket_id", "item_id"]).aggregate([]).num_rows
    )
    assert trained.info.as_of == shop.manifest.last_at


def test_a_later_model_waits_for_its_promotion_and_equal_seeds_give_equal_metrics(
    shop: Tables, shop_edges: EdgeTables, config: TrainingConfig, trained: ModelArtifact, models: Path
) -> None:
    again = train(shop, shop_edges, models, config=config)

    assert again.info.metrics == trained.info.metrics
    assert np.array_equal(again.network.target, trained.network.target)
    assert promoted(models) == trained.info.model_version
    assert again.info.model_version in list_models(models)


def test_a_killed_run_leaves_the_models_usable_and_goes_on_when_it_is_started_again(
    shop: Tables, shop_edges: EdgeTables, config: TrainingConfig, trained: ModelArtifact, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", TRAIN, str(shop.folder), str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2])
    checkpoint = tmp_path / CHECKPOINTS / "tuning.pt"
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert list_models(tmp_path) == []
    assert promoted(tmp_path) is None

    resumed = train(shop, shop_edges, tmp_path, config=config)

    assert promoted(tmp_path) == resumed.info.model_version
    assert resumed.info.metrics == trained.info.metrics
    assert np.array_equal(resumed.network.target, trained.network.target)


def test_the_graph_of_other_tables_is_refused(
    shop: Tables, shop_edges: EdgeTables, config: TrainingConfig, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="run bundlegraph load"):
        train(shop, replace(shop_edges, tables_version="other"), tmp_path, config=config)


def test_tables_without_baskets_are_refused(
    make_tables: MakeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    tables = make_tables([("bread", "2024-01-01T10:00:00Z", "", "")])
    assert tables.manifest.num_baskets == 0

    with pytest.raises(TrainingError, match="no baskets in the tables"):
        train(tables, edge_tables(tables), tmp_path, config=tiny_config)


def test_a_second_training_at_the_same_time_is_refused(
    shop: Tables, shop_edges: EdgeTables, config: TrainingConfig, tmp_path: Path
) -> None:
    unfinished = tmp_path / ".unfinished-20240101T000000Z-12345678"
    unfinished.mkdir()

    # A lock object of its own, as another process has it.
    with (
        FileLock(tmp_path / ".training.lock", is_singleton=False),
        pytest.raises(TrainingError, match="another training writes to"),
    ):
        train(shop, shop_edges, tmp_path, config=config)

    # What the other one is saving is left alone.
    assert unfinished.exists()
    assert list_models(tmp_path) == []


def test_a_training_that_fails_lets_the_next_one_begin(
    shop: Tables,
    shop_edges: EdgeTables,
    config: TrainingConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr("gnn.train.tune", fail)

    with pytest.raises(RuntimeError, match="out of memory"):
        train(shop, shop_edges, tmp_path, config=config)

    with training_lock(tmp_path):
        assert list_models(tmp_path) == []


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
    scores = item_scorer(artifact).score([ItemQuery(cart=[0], user_index=user) for user in users])
    assert np.isfinite(scores).all()
    assert load_artifact(tmp_path / artifact.info.model_version).info == artifact.info


def test_without_a_time_split_a_model_is_trained_and_not_evaluated(
    make_tables: MakeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    # Two days, enough baskets and items for a network.
    lines: list[Line] = [
        (f"{(basket + step) % 12:02}", f"2024-01-0{1 + basket % 2}T10:00:00Z", f"u{basket % 9}", str(basket))
        for basket in range(240)
        for step in range(3)
    ]
    tables = make_tables(lines)

    artifact = train(tables, edge_tables(tables), tmp_path, config=tiny_config)

    assert artifact.info.kind == "gnn"
    assert artifact.info.metrics == {}
    assert artifact.info.warnings == [
        "not evaluated, default weights: no time split: the baskets lie on fewer than three days"
    ]
    assert artifact.ensemble == Ensemble()
    assert promoted(tmp_path) == artifact.info.model_version


def test_a_model_that_was_tuned_without_a_network_is_served_without_one(
    make_tables: MakeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    # 240 baskets: enough for a network, but only 192 of them come before validation.
    lines: list[Line] = [
        (
            f"{(basket + step) % 12:02}",
            f"{date(2024, 1, 1) + timedelta(days=basket // 8)}T10:00:00Z",
            f"u{basket % 9}",
            str(basket),
        )
        for basket in range(240)
        for step in range(3)
    ]
    tables = make_tables(lines)

    artifact = train(tables, edge_tables(tables), tmp_path, config=tiny_config)

    assert artifact.info.kind == "closed_form"
    assert "gnn" not in ndcg(artifact)
    assert not artifact.network.is_trained


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
    assert np.isfinite(item_scorer(artifact).score([ItemQuery(), ItemQuery(cart=[0, 1])])).all()


def test_a_cold_item_is_in_the_catalogue_and_not_ranked(
    make_tables: MakeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    items = [("bread", "Food", ""), ("butter", "Food", ""), ("cold", "Food", ""), ("jam", "Food", "")]
    tables = make_tables(visits(6), items)

    artifact = train(tables, edge_tables(tables), tmp_path, config=tiny_config)

    cold = artifact.catalogue.item_ids.find("cold")
    assert cold == 2
    assert artifact.ranked.item.tolist() == [0, 1, 3]
    assert artifact.catalogue.baskets.tolist() == [6, 6, 0, 3]


def test_a_shop_of_baskets_stays_one_where_most_of_what_they_hold_is_too_rare_to_rank(
    make_tables: MakeTables, tmp_path: Path, tiny_config: TrainingConfig
) -> None:
    # Nine baskets of ten hold one of twelve common items and one that is bought this once; the tenth holds
    # four common ones. All hold 2.2 items in the mean, of ranked items they hold 1.3.
    lines: list[Line] = []
    for basket in range(600):
        at = f"{date(2024, 1, 1) + timedelta(days=basket // 20)}T12:00:00Z"
        items = [f"common{(basket + step) % 12:02}" for step in range(4)]
        if basket % 10:
            items = [items[0], f"rare{basket:03}"]
        lines += [(item, at, f"user{basket % 50:02}", str(basket)) for item in items]
    tables = make_tables(lines)

    artifact = train(tables, edge_tables(tables), tmp_path, config=replace(tiny_config, min_item_baskets=5))

    assert artifact.info.kind == "gnn"
    assert not artifact.sequences.is_fitted
    assert metrics_of(artifact)["protocol"]["task"].startswith("complete a basket")
