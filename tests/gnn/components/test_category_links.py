from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from etl.tables import Tables
from gnn.components import category_links, fit_components
from gnn.components.category_links import tune_category_prior
from gnn.components.category_prior import CategoryPrior
from gnn.components.context import Tuning
from gnn.components.learned import closed_form_links
from gnn.config import DEMO, TrainingConfig
from gnn.data.training_data import TimeSplit, TrainingData, split_by_time, training_data
from gnn.network.task import LearnedLinks
from gnn.scoring.catalogue import CategoryLinks
from gnn.train import train
from graph.edges import edge_tables
from tests.gnn.conftest import Line, MakeTables
from tests.gnn.planted_context import make_context

NUM_CATEGORIES, NUM_WORLDS, NUM_DAYS = 30, 3, 30


@pytest.fixture(scope="module")
def planted(make_tables: MakeTables) -> Tables:
    """Category number c holds item c alone; 6 baskets a day hold two items of one world, c mod 3."""
    rng = np.random.default_rng(0)
    lines: list[Line] = []
    for number in range(6 * NUM_DAYS):
        world = int(rng.integers(NUM_WORLDS))
        day = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number // 6)
        for item in rng.choice(NUM_CATEGORIES // NUM_WORLDS, 2, replace=False) * NUM_WORLDS + world:
            lines.append((f"i{item:02}", day.isoformat(), f"u{number % 7}", f"b{number:03}"))
    return make_tables(
        lines, [(f"i{item:02}", f"c{item:02}", "") for item in range(NUM_CATEGORIES)], min_baskets=5
    )


@pytest.fixture(scope="module")
def split(planted: Tables) -> TimeSplit:
    config = replace(DEMO, validation_from=date(2026, 1, 11), test_from=date(2026, 1, 21))
    found = split_by_time(planted, config=config)
    assert found is not None
    return found


def before_validation(tables: Tables, split: TimeSplit) -> TrainingData:
    return training_data(tables, config=DEMO, is_sequence=False, until=split.validation_from)


def planted_links(data: TrainingData) -> LearnedLinks:
    """The vectors of an item are those of its world."""
    worlds = np.eye(NUM_WORLDS, dtype=np.float32)[data.ranked % NUM_WORLDS]
    return replace(closed_form_links(data.ranked_purchases), source=worlds, target=worlds)


def fit(tables: Tables, prior: CategoryPrior | None) -> CategoryLinks:
    links = planted_links(training_data(tables, config=DEMO, is_sequence=False))
    tuning = Tuning(num_epochs=1, ease_top_k=50, category_prior=prior)
    context = make_context(tables, config=DEMO, tuning=tuning, links=links)
    found = fit_components(context, only=("catalogue", "categories", "category_links"))["category_links"]
    assert isinstance(found, CategoryLinks)
    return found


def test_links_by_vectors_predict_later_baskets_better_than_counts_do(
    planted: Tables, split: TimeSplit
) -> None:
    data = before_validation(planted, split)

    found = tune_category_prior(data, planted_links(data), split, category=np.arange(NUM_CATEGORIES))

    assert found is not None
    prior, metrics = found
    assert prior.slope > 1
    for part in ("all", "rare"):
        by_model = {name: row[part] for name, row in metrics["deviance"].items()}
        assert min(by_model, key=by_model.__getitem__) == "category_links"


def test_no_prior_is_tuned_where_categories_hardly_ever_meet(planted: Tables, split: TimeSplit) -> None:
    data = before_validation(planted, split)

    found = tune_category_prior(data, planted_links(data), split, category=np.arange(NUM_CATEGORIES) % 3)

    assert found is None


def test_a_category_is_linked_to_others_of_its_world_even_those_it_was_never_bought_with(
    planted: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(category_links, "NUM_LINKS", 9)

    links = fit(planted, CategoryPrior(intercept=0.0, slope=3.0, log_shape=3.0))

    assert links.lift.indptr.tolist() == [9 * row for row in range(NUM_CATEGORIES + 1)]
    rows = np.repeat(np.arange(NUM_CATEGORIES), 9)
    assert (links.lift.indices % NUM_WORLDS == rows % NUM_WORLDS).all()
    assert (links.lift.indices != rows).all()
    assert (links.baskets == 0).any()
    assert (np.diff(links.lift.values.reshape(NUM_CATEGORIES, 9), axis=1) <= 0).all()


def test_without_a_prior_nothing_is_linked(planted: Tables) -> None:
    links = fit(planted, None)

    assert not len(links.lift.indices)
    assert not len(links.row(NUM_CATEGORIES - 1)[0])


def test_a_trained_model_has_the_links_and_their_metrics(
    planted: Tables, split: TimeSplit, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, validation_from=split.validation_day, test_from=split.test_day)

    artifact = train(planted, edge_tables(planted), tmp_path, config=config)

    # Too few baskets for a network: counts alone, shrunk towards the mean lift.
    assert artifact.info.kind == "closed_form"
    assert len(artifact.category_links.baskets) == NUM_CATEGORIES * (NUM_CATEGORIES - 1)
    categories = artifact.info.metrics["categories"]
    assert isinstance(categories, dict)
    assert categories["num_pairs"]["all"] == NUM_CATEGORIES * (NUM_CATEGORIES - 1) / 2
    by_model = categories["deviance"]
    assert by_model["category_links"]["all"] < by_model["popularity"]["all"]
