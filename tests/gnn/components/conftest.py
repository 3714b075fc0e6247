"""A small shop that has something for every component of baskets, and the artifact that is fitted to it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from etl.ingest import IngestOptions, ingest
from etl.pseudonyms import KEY_VARIABLE
from etl.tables import Tables
from gnn.artifact.model import ModelArtifact
from gnn.components.assembly import assemble
from gnn.components.boosted_trees import TreeParams, fit_classifier, fit_ranker
from gnn.components.category_prior import CategoryPrior
from gnn.components.context import FitContext, Tuning
from gnn.components.learned import learn
from gnn.config import TrainingConfig
from gnn.data.training_data import training_data
from gnn.network.training import no_progress
from gnn.scoring.basket_stage import BASKET_FEATURES
from gnn.scoring.cold_items import cold_feature_names
from gnn.scoring.item_model import CoBasketTrees, Ensemble, LinkProbability, Reranker
from tests.gnn.conftest import KEY

#: Items of a family share words, a category and baskets; the last of each is never bought.
NUM_FAMILIES, FAMILY_SIZE = 14, 6
NUM_BASKETS, NUM_USERS = 420, 60
NAMES = [name for names in BASKET_FEATURES.values() for name in names]


@pytest.fixture(scope="session")
def full_shop(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Baskets of families, links within them, a bundle of each, and a promotion."""
    folder = tmp_path_factory.mktemp("full")
    rng = np.random.default_rng(0)
    families = [[f"{family:02}-{part}" for part in range(FAMILY_SIZE)] for family in range(NUM_FAMILIES)]
    items, links, lines = [], [], []
    for number, family in enumerate(families):
        for part, item_id in enumerate(family):
            title = f"word{number} word{number + 100} part{part}"
            items.append(
                (item_id, title, f"Root {number % 4} > Family {number:02}", f"Brand {part % 3}", 1 + part)
            )
        links += [(a, b, "accessory") for a in family for b in family if a < b]
    for basket in range(NUM_BASKETS):
        day = date(2026, 1, 1) + timedelta(days=basket // 8)
        user = f"user{rng.integers(NUM_USERS)}"
        family = families[basket % NUM_FAMILIES]
        bought = [*rng.choice(family[:-1], 3, replace=False), families[rng.integers(NUM_FAMILIES)][0]]
        lines += [(item_id, f"{day}T12:00:00Z", user, str(basket)) for item_id in dict.fromkeys(bought)]
    bundles = [f"bundle{number:02}" for number in range(NUM_FAMILIES)]
    chosen = [
        (f"user{user}", bundles[bundle], "2026-01-20T12:00:00Z")
        for user in range(NUM_USERS)
        for bundle in rng.choice(NUM_FAMILIES, 3, replace=False)
    ]
    for name, columns, rows in (
        ("interactions", ("item_id", "timestamp", "user_id", "basket_id"), lines),
        ("items", ("item_id", "title", "category", "brand", "price"), items),
        ("item_links", ("item_id", "related_item_id", "kind"), links),
        ("bundles", ("bundle_id",), [(bundle,) for bundle in bundles]),
        (
            "bundle_items",
            ("bundle_id", "item_id"),
            [(bundle, item) for bundle, family in zip(bundles, families, strict=True) for item in family[:3]],
        ),
        ("bundle_interactions", ("user_id", "bundle_id", "timestamp"), chosen),
        ("promotions", ("promotion_id", "name"), [("spring", "Spring offers")]),
        ("promotion_items", ("promotion_id", "item_id", "discount"), [("spring", "00-0", "0.2")]),
    ):
        _write(folder / f"{name}.csv", columns, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        return ingest(str(folder), folder / "home", options=IngestOptions(min_baskets=3)).tables


@pytest.fixture(scope="session")
def full_context(
    full_shop: Tables, tiny_config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory
) -> FitContext:
    """All of `full_shop`, what a small network learned from it, and a tuning that is not the default one."""
    config = replace(tiny_config, min_item_baskets=1)
    data = training_data(full_shop, config=config, is_sequence=False)
    learned = learn(
        data,
        config=config,
        validation=None,
        max_epochs=1,
        checkpoint=tmp_path_factory.mktemp("full") / "run.pt",
        progress=no_progress,
    )
    rows = np.random.default_rng(0).uniform(size=(400, len(NAMES))).astype(np.float32)
    is_relevant = rows[:, NAMES.index("gnn")].reshape(200, 2).argmax(axis=1)[:, np.newaxis] == np.arange(2)
    params = TreeParams(num_trees=5, num_leaves=4, min_rows_a_leaf=5)
    ranker = fit_ranker(
        rows, is_relevant.ravel().astype(int), np.full(200, 2), names=NAMES, seed=0, params=params
    )
    classifier = fit_classifier(rows, is_relevant.ravel(), names=NAMES, seed=0, params=params)
    tuning = Tuning(
        num_epochs=1,
        ease_top_k=len(data.ranked),
        ensemble=Ensemble(gnn=0.5, ease=2.0, bought=0.3, known=0.7, share=1.1, recency=0.9),
        link_probability=LinkProbability(-0.2, 0.8, 1.5, raw=(0.0, 0.4, 1.0), calibrated=(0.1, 0.3, 0.9)),
        reranker=Reranker(ranker, weight=2.0, shortlist_size=30),
        co_basket=CoBasketTrees(classifier),
        category_prior=CategoryPrior(0.0, 1.0, 1.0),
        cold_weights=np.ones(len(cold_feature_names(1)) + 1, dtype=np.float32),
    )
    return FitContext(data, learned, tuning, config)


@pytest.fixture(scope="session")
def full_artifact(full_context: FitContext) -> ModelArtifact:
    """Every component of `full_context`."""
    return assemble(full_context)


def _write(file: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(columns)
        writer.writerows(rows)
