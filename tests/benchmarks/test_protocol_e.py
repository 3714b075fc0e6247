from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.options import Options
from benchmarks.quality.protocol_e import (
    FIRST_STAGE,
    GNN,
    OURS,
    UNORDERED,
    fit_beauty,
    ingest_beauty,
    run,
    sequence_config,
)
from gnn.components.holdout import Holdout
from gnn.data.queries import NextItemQueries
from gnn.evaluation.leak_probe import LEAK_PROBE
from gnn.evaluation.metrics import full_ranking

#: Each user buys consecutive items, one a day, from the item of the user's own number on.
USERS, ITEMS, LENGTH = 240, 12, 5


@pytest.fixture
def options(tmp_path: Path) -> Options:
    items = [f"item{number:02}" for number in range(ITEMS)]
    files = {
        "product": items,
        "related_product": items,
        "also_bought_p_p": ["1"] * ITEMS,
        "bought_together_p_p": ["2"] * ITEMS,
        "category": ["Beauty", "Shaving"],
        "category_p_c": ["0 1"] * ITEMS,
        "brand": ["Acme"],
        "brand_p_b": ["0"] * ITEMS,
        "user_sequence": [
            " ".join([str(user), *(items[(user + step) % ITEMS] for step in range(LENGTH))])
            for user in range(USERS)
        ],
    }
    source = tmp_path / "amazon-beauty"
    source.mkdir()
    for name, lines in files.items():
        with gzip.open(source / f"{name}.txt.gz", "wt", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    return Options(tmp_path, 1, "demo", tmp_path / "home", tmp_path)


@pytest.fixture
def holdout(options: Options) -> Holdout:
    tables = ingest_beauty(options.dataset("amazon-beauty"), options)
    return fit_beauty(tables, sequence_config("demo", seed=0), options.scratch)


def test_the_last_item_is_hidden_and_all_before_it_are_the_history(holdout: Holdout) -> None:
    validation, test = holdout.validation, holdout.test

    assert isinstance(validation, NextItemQueries)
    assert isinstance(test, NextItemQueries)
    assert len(holdout.context.data.ranked) == ITEMS
    assert len(validation) == len(test) == USERS
    assert set(validation.histories.lengths.tolist()) == {LENGTH - 2}
    assert set(test.histories.lengths.tolist()) == {LENGTH - 1}
    steps = (test.hidden - test.histories.item[LENGTH - 2 :: LENGTH - 1]) % ITEMS
    assert set(steps.tolist()) == {1}
    assert holdout.context.data.ranked_purchases.lines.sum() == USERS * (LENGTH - 2)


def test_the_closed_form_of_sequences_gains_by_their_order(holdout: Holdout) -> None:
    models = holdout.task.baselines(holdout.context)
    ranks = {name: full_ranking(score, holdout.test) for name, score in models.items()}

    assert set(ranks) >= {LEAK_PROBE, "popularity", "ease"}
    assert np.mean(ranks["ease_and_transitions"]) < np.mean(ranks["popularity"])
    assert np.mean(ranks["ease_and_transitions"]) <= np.mean(ranks["ease"])


def test_the_shops_own_links_are_left_out(options: Options) -> None:
    tables = ingest_beauty(options.dataset("amazon-beauty"), options)

    assert tables.read("item_links").num_rows == 0


def test_a_kept_home_serves_the_next_run(options: Options, tmp_path: Path) -> None:
    first = ingest_beauty(options.dataset("amazon-beauty"), options)

    again = ingest_beauty(options.dataset("amazon-beauty"), replace(options, scratch=tmp_path / "another"))

    assert again.read("interactions").num_rows == first.read("interactions").num_rows


def test_a_run_measures_every_model_on_both_windows(options: Options) -> None:
    report = run(options)

    assert set(report.models) == set(report.validation) >= {LEAK_PROBE, UNORDERED, GNN, FIRST_STAGE, OURS}
    assert all(len(values) == 1 for row in report.models.values() for values in row.values())
    assert all(np.isfinite(report.values(path)).all() for path in report.targets)
    assert report.values(f"{GNN}/hr@10")[0] > 0.9
    assert set(report.intervals["ndcg@10"]) == set(report.models) - {OURS}
    assert GNN in report.notes[0]


def test_models_that_draw_nothing_are_fitted_in_the_first_run_alone(options: Options) -> None:
    report = run(replace(options, seeds=2))

    num_values = {model: len(values["hr@10"]) for model, values in report.models.items()}
    assert {model for model, number in num_values.items() if number == 2} == {GNN, FIRST_STAGE, OURS}
    assert set(num_values.values()) == {1, 2}
    assert len(report.seconds) == 2


@pytest.mark.parametrize(("baselines", "is_fitted"), [("none", False), ("closed", True)])
def test_baselines_can_be_left_out(options: Options, baselines: str, is_fitted: bool) -> None:
    report = run(replace(options, baselines=baselines))

    assert {GNN, FIRST_STAGE, OURS} <= report.validation.keys()
    assert (LEAK_PROBE in report.validation) == is_fitted
    assert UNORDERED not in report.validation
    assert len(report.notes) == 1
