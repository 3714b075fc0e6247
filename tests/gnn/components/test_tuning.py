"""What is chosen on validation, how good it is, and what tuning reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from etl.tables import Tables
from gnn.components import tuning as tuning_module
from gnn.components.assembly import tuned
from gnn.components.holdout import Holdout, fit_holdout
from gnn.components.links import link_metrics
from gnn.components.tuning import (
    FEWEST_QUERIES,
    Choice,
    TuningResult,
    choose,
    evaluate_holdout,
    served_models,
    served_score,
    tune,
)
from gnn.config import SequenceConfig, TrainingConfig
from gnn.data.training_data import split_by_time, training_data
from gnn.evaluation.measuring import metrics_of
from gnn.evaluation.metrics import full_ranking, ndcg_at_k
from gnn.network.training import no_progress
from gnn.scoring.item_model import Ensemble, LinkProbability
from tests.gnn.conftest import Line, MakeTables


class ContentReadError(Exception):
    """The content of items was read."""


@pytest.fixture
def _no_content(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ContentReadError

    monkeypatch.setattr(tuning_module, "read_content", refuse)


def shop_of(make_tables: MakeTables, *items: str) -> Tables:
    """Sixty baskets of bread and butter on ten days, by a shop that lists `items`."""
    lines: list[Line] = [
        (
            item,
            f"{date(2024, 1, 1) + timedelta(days=basket // 6)}T12:00:00Z",
            f"user{basket % 5}",
            str(basket),
        )
        for basket in range(60)
        for item in ("bread", "butter")
    ]
    return make_tables(lines, [(item, "Food", "") for item in items])


def tune_shop(
    tables: Tables, config: TrainingConfig, folder: Path, *, is_sequence: bool = False
) -> TuningResult:
    return tune(
        tables,
        split_by_time(tables, config=config),
        is_sequence=is_sequence,
        config=config,
        checkpoint=folder / "tuning.pt",
        text_cache=None,
        progress=no_progress,
    )


@pytest.mark.usefixtures("_no_content")
def test_content_is_not_read_where_the_shop_has_sold_all_that_it_lists(
    make_tables: MakeTables, tmp_path: Path, tiny_config: TrainingConfig
) -> None:
    tune_shop(shop_of(make_tables, "bread", "butter"), tiny_config, tmp_path)


@pytest.mark.usefixtures("_no_content")
def test_content_is_read_where_an_item_was_never_sold(
    make_tables: MakeTables, tmp_path: Path, tiny_config: TrainingConfig
) -> None:
    with pytest.raises(ContentReadError):
        tune_shop(shop_of(make_tables, "bread", "butter", "jam"), tiny_config, tmp_path)


@pytest.mark.parametrize("is_sequence", [False, True])
def test_without_a_split_the_defaults_serve_and_nothing_is_measured(
    make_tables: MakeTables, tmp_path: Path, tiny_config: TrainingConfig, is_sequence: bool
) -> None:
    tables = make_tables([("bread", f"2024-01-0{day}T10:00:00Z", "ann", str(day)) for day in (1, 2)])
    config = replace(tiny_config, sequence=SequenceConfig(max_epochs=5, ease_top_k=30))

    result = tune_shop(tables, config, tmp_path, is_sequence=is_sequence)

    assert result.metrics == {}
    assert result.warnings == [
        "not evaluated, default weights: no time split: the baskets lie on fewer than three days"
    ]
    assert result.tuning.num_epochs == (5 if is_sequence else config.max_epochs)
    assert result.tuning.ease_top_k == (30 if is_sequence else max(config.ease_top_k))
    assert result.tuning.ensemble == Ensemble()
    assert result.tuning.link_probability == LinkProbability()
    assert len(result.tuning.reranker.trees) == len(result.tuning.co_basket.trees) == 0


def test_without_queries_the_defaults_serve(
    make_tables: MakeTables, tmp_path: Path, tiny_config: TrainingConfig
) -> None:
    lines: list[Line] = [("bread", f"2024-01-0{day}T10:00:00Z", "ann", str(day)) for day in range(1, 8)]

    result = tune_shop(make_tables(lines), tiny_config, tmp_path)

    assert result.metrics == {}
    assert result.warnings == [
        "not evaluated, default weights: too few purchases in validation or test to evaluate on"
    ]


def test_a_few_queries_measure_the_default_weights(
    make_tables: MakeTables, tmp_path: Path, tiny_config: TrainingConfig
) -> None:
    tables = shop_of(make_tables, "bread", "butter")

    result = tune_shop(tables, tiny_config, tmp_path)

    # A tenth of sixty baskets each, of whole days.
    assert result.warnings == ["only 6 validation queries: the ensemble keeps its default weights"]
    assert FEWEST_QUERIES == 50
    assert set(cast("dict[str, object]", result.metrics["test"])) >= {"popularity", "ease", "served"}
    assert result.tuning.ensemble == Ensemble()


#: Baskets that are hidden from the model: a day of validation and one of test.
NUM_BASKETS = 1_200


@pytest.fixture(scope="module")
def baskets(make_tables: MakeTables) -> Tables:
    """120 baskets a day of three of a group's four items and one of any other; five groups."""
    rng = np.random.default_rng(0)
    lines: list[Line] = []
    for basket in range(NUM_BASKETS):
        group = int(rng.integers(5))
        items = [f"{group}{item}" for item in rng.permutation(4)[:3]]
        items.append(f"{(group + 1 + rng.integers(4)) % 5}{rng.integers(4)}")
        at = f"{date(2024, 1, 1) + timedelta(days=basket // 120)}T10:00:00Z"
        lines += [(item, at, f"user{basket % 60:02}", str(basket)) for item in items]
    return make_tables(lines)


@pytest.fixture(scope="module")
def holdout(
    baskets: Tables, tiny_config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory
) -> Holdout:
    """The holdout of `baskets`: 240 queries of validation, as many of test."""
    config = replace(
        tiny_config, validation_from=date(2024, 1, 7), test_from=date(2024, 1, 9), ease_top_k=(1, 3, 20)
    )
    split = split_by_time(baskets, config=config)
    assert split is not None
    data = training_data(baskets, config=config, is_sequence=False, until=split.validation_from)
    found = fit_holdout(
        data,
        split,
        config=config,
        checkpoint=tmp_path_factory.mktemp("holdout") / "run.pt",
        progress=no_progress,
    )
    assert found is not None
    assert (len(found.validation), len(found.test)) == (240, 240)
    return found


@pytest.fixture(scope="module")
def choice(holdout: Holdout) -> Choice:
    return choose(holdout)


def validation_ndcg(holdout: Holdout, choice: Choice) -> float:
    artifact = tuned(holdout.artifact, holdout.context, choice.tuning)
    ranks = full_ranking(served_score(artifact, holdout.context.data.ranked), holdout.validation)
    return ndcg_at_k(ranks, 20)


def test_the_chosen_weights_rank_validation_better_than_those_it_starts_with(
    holdout: Holdout, choice: Choice
) -> None:
    start = Choice(holdout.context.tuning, None, {}, [])

    assert validation_ndcg(holdout, choice) > validation_ndcg(holdout, start)
    assert choice.tuning.ensemble != holdout.context.tuning.ensemble
    assert choice.tuning.link_probability != LinkProbability()
    assert len(choice.tuning.co_basket.trees)
    assert choice.warnings == []


def test_as_few_ease_weights_are_kept_as_validation_allows(holdout: Holdout, choice: Choice) -> None:
    # An item's group has three others: one weight is too few, and twenty are no better than three.
    assert choice.tuning.ease_top_k == 3


def test_the_served_model_is_measured_beside_its_parts(holdout: Holdout, choice: Choice) -> None:
    artifact = tuned(holdout.artifact, holdout.context, choice.tuning)

    names = list(served_models(holdout, artifact))

    has_trees = len(choice.tuning.reranker.trees) > 0
    assert names == ["gnn", *(["ensemble"] if has_trees else []), "served"]


def planted_choice(holdout: Holdout) -> Choice:
    """A choice whose trees, by their ranks out of fold, put every hidden item second."""
    return Choice(holdout.context.tuning, np.full(len(holdout.validation), 2.0), {"gnn": 1.0}, ["planted"])


def test_the_trees_are_measured_on_validation_by_their_ranks_out_of_fold(
    holdout: Holdout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning_module, "choose", planted_choice)

    result = evaluate_holdout(holdout, beside={}, progress=no_progress)

    table = cast("dict[str, dict[str, float]]", result.metrics["validation"])
    assert table["served"] == metrics_of(np.full(240, 2.0))
    assert table["served"]["mrr"] == 1 / 2
    assert result.metrics["importances"] == {"gnn": 1.0}
    assert result.warnings[0] == "planted"
    # Test queries are ranked by the trees of all of validation.
    assert cast("dict[str, dict[str, float]]", result.metrics["test"])["served"]["mrr"] != 1 / 2


def test_the_baselines_may_be_others(holdout: Holdout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning_module, "choose", planted_choice)
    ranked = len(holdout.context.data.ranked)

    result = evaluate_holdout(
        holdout,
        beside={"constant": lambda queries: np.zeros((len(queries), ranked), np.float32)},
        progress=no_progress,
    )

    assert list(cast("dict[str, object]", result.metrics["test"])) == ["constant", "gnn", "served"]
    assert "leak_probe" not in result.metrics
    # A constant score is no better than chance: four items of twenty are in no cart of three.
    constant = cast("dict[str, dict[str, float]]", result.metrics["test"])["constant"]
    assert constant["hr@20"] == 1.0
    assert constant["hr@10"] == 1.0
    assert constant["mrr"] == pytest.approx(1 / 9)


def test_links_are_measured_with_the_chosen_weights(
    holdout: Holdout, choice: Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning_module, "choose", lambda _: choice)

    metrics = evaluate_holdout(holdout, beside={}, progress=no_progress).metrics

    artifact, rng = tuned(holdout.artifact, holdout.context, choice.tuning), np.random.default_rng(0)
    link = choice.tuning.link_probability
    assert metrics["link_calibration"] == link_metrics(
        artifact.network, artifact.ease, link, holdout.test, rng=rng
    )
    # Chance, .5 for every pair, has a Brier score of .25.
    assert cast("dict[str, float]", metrics["link_calibration"])["brier"] < 0.25
