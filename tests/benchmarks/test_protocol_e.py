from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.options import Options
from benchmarks.quality.protocol_e import GNN, OURS, UNORDERED, ingest_beauty, read_setting, run
from gnn.components.sequences.evaluation import closed_forms
from gnn.evaluation.leak_probe import LEAK_PROBE
from gnn.evaluation.metrics import full_ranking

#: Users walk up the items, one a day, each from where its number says.
USERS, ITEMS, LENGTH = 40, 12, 5


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


def test_the_last_item_is_asked_for_from_all_before_it(options: Options) -> None:
    setting = read_setting(ingest_beauty(options.dataset("amazon-beauty"), options))

    assert len(setting.ranked) == ITEMS
    assert len(setting.validation) == len(setting.test) == USERS
    assert set(setting.validation.histories.lengths.tolist()) == {LENGTH - 2}
    assert set(setting.test.histories.lengths.tolist()) == {LENGTH - 1}
    steps = (setting.test.hidden - setting.test.histories.item[LENGTH - 2 :: LENGTH - 1]) % ITEMS
    assert set(steps.tolist()) == {1}
    assert setting.purchases.lines.sum() == USERS * (LENGTH - 2)


def test_order_is_what_the_closed_form_of_sequences_knows_more(options: Options) -> None:
    setting = read_setting(ingest_beauty(options.dataset("amazon-beauty"), options))

    models = closed_forms(setting.purchases, setting.ease, category=setting.groups[0])
    ranks = {name: full_ranking(score, setting.test) for name, score in models.items()}

    assert set(ranks) >= {LEAK_PROBE, "popularity", "ease"}
    assert np.mean(ranks["ease_and_transitions"]) < np.mean(ranks["popularity"])
    assert np.mean(ranks["ease_and_transitions"]) <= np.mean(ranks["ease"])


def test_the_shops_own_links_are_not_seen(options: Options) -> None:
    tables = ingest_beauty(options.dataset("amazon-beauty"), options)

    assert tables.read("item_links").num_rows == 0


def test_a_run_measures_every_model_on_both_windows(options: Options) -> None:
    report = run(options)

    assert set(report.models) == set(report.validation) >= {LEAK_PROBE, UNORDERED, GNN, "stage_one", OURS}
    assert all(len(values) == 1 for row in report.models.values() for values in row.values())
    assert all(np.isfinite(report.values(path)).all() for path in report.targets)
    assert report.values(f"{GNN}/hr@10")[0] > 0.9
    assert set(report.intervals["ndcg@10"]) == set(report.models) - {OURS}
    assert GNN in report.notes[0]


def test_what_draws_nothing_is_fitted_in_the_first_run_alone(options: Options) -> None:
    report = run(replace(options, seeds=2))

    num_values = {model: len(values["hr@10"]) for model, values in report.models.items()}
    assert {model for model, number in num_values.items() if number == 2} == {GNN, "stage_one", OURS}
    assert set(num_values.values()) == {1, 2}
    assert len(report.seconds) == 2
