from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.sparse import csr_matrix

from etl.ingest import IngestOptions, ingest
from etl.pseudonyms import KEY_VARIABLE
from etl.tables import Tables
from gnn.components.bundle_ranking.fitting import (
    BundleRankingParams,
    fit_bundle_ranking,
    tune_bundle_ranking,
)
from gnn.components.context import BundleTuning, Tuning
from gnn.config import STANDARD
from gnn.data.bundle_choices import BundleChoices
from gnn.data.training_data import split_by_time, training_data
from gnn.evaluation.leak_probe import LEAK_PROBE
from gnn.network.bundle_training import ViewParams
from tests.gnn.conftest import KEY
from tests.gnn.planted_context import make_context

CONFIG = replace(STANDARD, holdout_share=0.34, device="cpu")
SMALL = BundleRankingParams(
    num_seeds=1, views=ViewParams(dim=8, learning_rate=0.03, max_epochs=4, batch_size=60)
)
Planted = tuple[BundleChoices, csr_matrix]


MakeShop = Callable[..., Tables]


@pytest.fixture(scope="module")
def make_shop(two_tastes: Planted, tmp_path_factory: pytest.TempPathFactory) -> MakeShop:
    """Makes tables of choices by day; further choices and purchases are rows of the export."""
    choices, _ = two_tastes

    def make(
        days: Sequence[tuple[csr_matrix, str]],
        more_choices: Sequence[tuple[str, ...]],
        more_purchases: Sequence[tuple[str, ...]],
    ) -> Tables:
        folder = tmp_path_factory.mktemp("export")
        bought = _pairs(choices.bought, "u", "i")
        purchases = [(*pair, f"2026-03-0{day}") for pair in bought for day in (1, 2, 3)]
        chosen = [(*pair, day) for part, day in days for pair in _pairs(part, "u", "b")]
        for name, columns, rows in (
            ("interactions", ("user_id", "item_id", "timestamp"), [*purchases, *more_purchases]),
            ("bundles", ("bundle_id",), [(f"b{bundle:02}",) for bundle in range(20)]),
            ("bundle_items", ("bundle_id", "item_id"), _pairs(choices.contains, "b", "i")),
            ("bundle_interactions", ("user_id", "bundle_id", "timestamp"), [*chosen, *more_choices]),
        ):
            if rows:
                _write(folder / f"{name}.csv", columns, rows)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(KEY_VARIABLE, KEY)
            return ingest(str(folder), folder / "home", options=IngestOptions(min_baskets=1)).tables

    return make


@pytest.fixture(scope="module")
def tables(two_tastes: Planted, make_shop: MakeShop) -> Tables:
    """Choices on one day, a new one of each user on each of the two days after; purchases on all three."""
    choices, new = two_tastes
    days = [(choices.chosen, "2026-03-01"), *zip(_apart(new), ("2026-03-02", "2026-03-03"), strict=True)]
    return make_shop(days, [], [])


def test_a_shop_is_evaluated_on_its_past_and_served_by_all_of_it(tables: Tables) -> None:
    tuned = tune(tables)

    assert tuned is not None
    tuning, metrics = tuned
    assert set(metrics) == {"popularity", LEAK_PROBE, "kernel_ease", "gnn", "served"}
    assert metrics["served"]["recall@20"] == 1.0
    assert metrics["served"]["ndcg@20"] > metrics["popularity"]["ndcg@20"]
    ranking = fit_bundle_ranking(make_context(tables, config=CONFIG, tuning=with_bundles(tuning)))
    assert ranking.popularity.sum() == 120 * (5 + 2)
    assert (ranking.lists.lengths == 20).all()
    assert ranking.items.shape == (40, ViewParams().dim)


def test_without_a_tuning_defaults_are_fitted(tables: Tables) -> None:
    ranking = fit_bundle_ranking(make_context(tables, config=CONFIG))

    assert len(ranking.lists.indices) == 120 * 20


def test_a_shop_whose_last_choices_are_all_by_newcomers_is_fitted_and_not_measured(
    two_tastes: Planted, make_shop: MakeShop
) -> None:
    choices, new = two_tastes
    days = [(choices.chosen, "2026-03-01"), (_apart(new)[0], "2026-03-02")]
    newcomers = [(f"newcomer{number}", "b00", "2026-03-03") for number in range(5)]
    purchases = [(f"newcomer{number}", "i00", "2026-03-01") for number in range(5)]
    tables = make_shop(days, newcomers, purchases)

    tuned = tune(tables)

    assert tuned is not None
    tuning, metrics = tuned
    assert metrics == {}
    assert len(tuning.num_epochs) == 1


def test_a_shop_where_nobody_chose_a_bundle_has_no_tuning_and_no_ranking(make_shop: MakeShop) -> None:
    tables = make_shop([], [], [])

    assert tune(tables) is None
    assert len(fit_bundle_ranking(make_context(tables, config=CONFIG)).lists.indices) == 0


def tune(tables: Tables) -> tuple[BundleTuning, dict[str, dict[str, float]]] | None:
    """The tuning of `tables` by its last two days."""
    split = split_by_time(tables, config=CONFIG)
    assert split is not None
    data = training_data(tables, config=CONFIG, is_sequence=False, until=split.validation_from)
    return tune_bundle_ranking(data, split, config=CONFIG, params=SMALL)


def with_bundles(tuning: BundleTuning) -> Tuning:
    """A tuning of the bundle ranking alone."""
    return Tuning(num_epochs=1, ease_top_k=50, bundle_ranking=tuning)


def _apart(new: csr_matrix) -> tuple[csr_matrix, csr_matrix]:
    """The first and the second entry of each row."""
    dense = new.toarray()
    first = dense * (dense.cumsum(axis=1) == 1)
    return csr_matrix(first), csr_matrix(dense - first)


def _pairs(matrix: csr_matrix, row_name: str, column_name: str) -> list[tuple[str, ...]]:
    rows, columns = matrix.nonzero()
    return [
        (f"{row_name}{row:02}", f"{column_name}{column:02}")
        for row, column in zip(rows, columns, strict=True)
    ]


def _write(file: Path, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(columns)
        writer.writerows(rows)
