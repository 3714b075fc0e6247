from __future__ import annotations

import numpy as np
import pytest

from benchmarks.composition.completion import completion_rates, completion_table
from benchmarks.composition.contents import Contents
from benchmarks.composition.protocol_d import BY_THRESHOLD, NO_BASELINES, OURS, Shop, composers
from benchmarks.composition.session_ours import at_threshold, best_few
from benchmarks.composition.sessions import SessionTask, Split, session_means, session_values
from bundles.recommender import Recommender
from bundles.request.schemas import SizeRange
from tests.artifact_factory import KEY, make_artifact
from tests.planted_shop import GROCERY

RECOMMENDER = Recommender(make_artifact(GROCERY), KEY)
PASTA, BREAKFAST = frozenset({"pasta", "sauce"}), frozenset({"milk", "bread", "butter"})
TASKS = (
    SessionTask("1", ("pasta", "milk", "sauce"), (PASTA,)),
    SessionTask("2", ("milk", "bread", "butter", "pasta"), (BREAKFAST,)),
)
ITEMS = tuple(sorted({item for task in TASKS for item in task.items}))


@pytest.fixture
def shop() -> Shop:
    vectors = np.eye(len(ITEMS), dtype=np.float32)
    return Shop(
        split=Split(TASKS, TASKS, TASKS, frozenset({"1", "2"})),
        recommender=RECOMMENDER,
        categories=dict.fromkeys(ITEMS, "Food"),
        contents={"own": Contents(ITEMS, {item: row for row, item in enumerate(ITEMS)}, vectors)},
    )


def test_bundles_above_a_threshold_are_the_largest_of_what_is_left() -> None:
    compose = at_threshold(RECOMMENDER, min_link=0.52)

    assert list(compose(TASKS[0])) == [PASTA]
    assert list(compose(TASKS[1])) == [BREAKFAST]
    assert list(at_threshold(RECOMMENDER, min_link=0.0)(TASKS[0])) == [frozenset(TASKS[0].items)]
    assert list(at_threshold(RECOMMENDER, min_link=1.0)(TASKS[0])) == []


def test_the_best_few_are_of_the_sessions_items_alone() -> None:
    found = best_few(RECOMMENDER, count=3, sizes=SizeRange(min=2, max=3))(TASKS[1])

    assert len(found) == 3
    assert all(bundle <= set(TASKS[1].items) and 2 <= len(bundle) <= 3 for bundle in found)
    assert list(best_few(RECOMMENDER, count=3, sizes=SizeRange(min=4, max=4))(TASKS[0])) == []


def test_every_row_has_a_composer_and_thresholds_are_the_best_on_validation(shop: Shop) -> None:
    models, chosen = composers(shop)

    assert {OURS, BY_THRESHOLD, *NO_BASELINES} < models.keys()
    match = session_means(session_values(models[BY_THRESHOLD], TASKS))["match"]
    assert match == 1.0
    assert f"{BY_THRESHOLD} 0.44" in chosen


def test_completion_counts_hidden_items_among_the_first_ten(shop: Shop) -> None:
    rates = completion_rates(RECOMMENDER, shop.split, shop.contents, seed=0)

    assert rates["items/recommend"]["hr@10"] == 1.0
    assert set(rates) == {"popularity", "cosine, own", "items/recommend"}
    table = completion_table(
        {name: {key: [value] for key, value in row.items()} for name, row in rates.items()}
    )
    assert "| items/recommend | 1.0000 |" in table
