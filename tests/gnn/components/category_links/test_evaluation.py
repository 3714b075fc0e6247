from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from etl.tables import Tables
from gnn.components.category_links.evaluation import deviance, judge_categories
from gnn.components.category_links.packing import pack_category_links
from gnn.components.category_links.prior import CategoryPrior
from gnn.components.fitting import FittedModel, fit_model, ranked_items
from gnn.components.shop import pack_catalogue
from gnn.config import DEMO, TrainingConfig
from gnn.data.purchases import read_purchases
from gnn.data.training_data import TimeSplit, split_by_time
from gnn.train import train
from graph.edges import EdgeTables, edge_tables
from tests.gnn.conftest import Line, MakeTables

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


def fit(tables: Tables, edges: EdgeTables, until: datetime | None) -> FittedModel:
    """A closed form: the vectors are planted, an item's being its world's."""
    purchases = read_purchases(tables, edges, until=until)
    model = fit_model(
        purchases,
        edges,
        config=DEMO,
        ranked=ranked_items(purchases, DEMO, is_sequence=False),
        is_sequence=False,
        validation=None,
        max_epochs=1,
        checkpoint=Path("never-written"),
        progress=lambda stage, done, total: None,
    )
    worlds = np.eye(NUM_WORLDS, dtype=np.float32)[model.ranked % NUM_WORLDS]
    return replace(model, links=replace(model.links, source=worlds, target=worlds))


def test_links_by_likeness_foretell_later_baskets_better_than_counts_do(
    planted: Tables, split: TimeSplit
) -> None:
    edges = edge_tables(planted, until=split.validation_from)
    model = fit(planted, edges, split.validation_from)

    judged = judge_categories(planted, edges, model, split, category=np.arange(NUM_CATEGORIES))

    assert judged is not None
    assert judged.prior.slope > 1
    for part in ("all", "rare"):
        by_model = {name: row[part] for name, row in judged.metrics["deviance"].items()}
        assert min(by_model, key=by_model.__getitem__) == "category_links"


def test_categories_that_hardly_ever_meet_are_not_judged(planted: Tables, split: TimeSplit) -> None:
    edges = edge_tables(planted, until=split.validation_from)
    model = fit(planted, edges, split.validation_from)

    assert judge_categories(planted, edges, model, split, category=np.arange(NUM_CATEGORIES) % 3) is None


def test_a_category_is_linked_to_its_likes_those_it_never_met_too(planted: Tables) -> None:
    edges = edge_tables(planted)
    model = fit(planted, edges, None)
    catalogue = pack_catalogue(planted, edges, model.purchases)

    links = pack_category_links(
        model,
        CategoryPrior(intercept=0.0, slope=3.0, log_shape=3.0),
        category=catalogue.category,
        num_categories=NUM_CATEGORIES,
        num_links=9,
    )

    assert links.indptr.tolist() == [9 * row for row in range(NUM_CATEGORIES + 1)]
    rows = np.repeat(np.arange(NUM_CATEGORIES), 9)
    assert (links.category % NUM_WORLDS == rows % NUM_WORLDS).all()
    assert (links.category != rows).all()
    assert (links.baskets == 0).any()
    assert (np.diff(links.lift.reshape(NUM_CATEGORIES, 9), axis=1) <= 0).all()


def test_without_a_prior_nothing_is_linked(planted: Tables) -> None:
    model = fit(planted, edge_tables(planted), None)

    links = pack_category_links(
        model, None, category=np.arange(NUM_CATEGORIES), num_categories=NUM_CATEGORIES
    )

    assert not len(links.category)
    assert len(links.indptr) == NUM_CATEGORIES + 1


def test_a_trained_model_holds_the_links_and_what_they_are_worth(
    planted: Tables, split: TimeSplit, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    config = replace(tiny_config, validation_from=split.validation_day, test_from=split.test_day)

    artifact = train(planted, edge_tables(planted), tmp_path, config=config)

    # Too few baskets for a network: counts alone, drawn towards what is usual.
    assert artifact.info.kind == "closed_form"
    assert len(artifact.category_links.lift) == NUM_CATEGORIES * (NUM_CATEGORIES - 1)
    categories = artifact.info.metrics["categories"]
    assert isinstance(categories, dict)
    assert categories["num_pairs"]["all"] == NUM_CATEGORIES * (NUM_CATEGORIES - 1) / 2
    by_model = categories["deviance"]
    assert by_model["category_links"]["all"] < by_model["popularity"]["all"]


def test_deviance_is_nothing_where_every_count_is_met() -> None:
    assert deviance(np.array([0.0, 2.0]), np.array([0.0, 2.0])) == 0
    assert deviance(np.array([0.0, 2.0]), np.array([1.0, 1.0])) == pytest.approx(
        (2 * 1 + 2 * (2 * np.log(2) - 1)) / 2
    )
