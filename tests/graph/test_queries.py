"""Named queries return the same planted rows from both stores."""

from __future__ import annotations

from datetime import timedelta

import pytest

from graph.errors import GraphError
from graph.queries import QUERIES, find_query
from graph.store import GraphStore
from tests.graph.planted import NOON

MILK, BREAD, CHEESE = 'Milk "whole", 1 l', "Bread; sliced\n500 g", "Käse — 奶酪"
#: Arguments and rows of each query on the planted shop.
ANSWERS: dict[str, tuple[list[str], list[tuple[object, ...]]]] = {
    "bought_with": (
        ["item_id=a/b"],
        [("0012", MILK, 2**53 + 1, 0.25, 6.1, 6.1 / 10), ("ä'ö\"", CHEESE, 7, 0.75, 9.5, 9.5 / 10)],
    ),
    "top_co_purchases": (
        ["limit=2"],
        [
            ("0012", MILK, "a/b", BREAD, 2**53 + 1, 6.1, 6.1 / 10),
            ("0012", MILK, "cold", None, 7, 1 / 3, 1 / 30),
        ],
    ),
    "strongest_co_purchases": (
        ["min_baskets=7", "limit=1"],
        [("a/b", BREAD, "ä'ö\"", CHEESE, 9.5 / 10, 9.5, 7)],
    ),
    "cross_category_pairs": (
        ["min_baskets=7"],
        [("0012", MILK, "Food", "cold", None, "Home", 1 / 3, 7)],
    ),
    "category_associations": ([], [("Food", "Home", 1.25, 0.125, 30)]),
    "item_neighbourhood": (["item_id=cold"], [("a/b", BREAD, 1, 6.1 / 10)]),
    "user_history": (
        ["user_id=ann"],
        [
            ("0012", MILK, 2, NOON, NOON + timedelta(days=2)),
            ("a/b", BREAD, 1, NOON + timedelta(days=2), NOON + timedelta(days=2)),
        ],
    ),
    "top_items": ([], [("0012", MILK, 2, 3), ("a/b", BREAD, 1, 1)]),
    "category_items": (
        ["category_id=Food"],
        [("0012", MILK, 1.0, 2), ("a/b", BREAD, 2.0, 1), ("ä'ö\"", CHEESE, 0.0, 0)],
    ),
    # Three orders from 1 March on, the 61st day of a leap year: in week 60 // 7 + 1 = 9.
    "item_seasons": (["item_id=0012"], [(MILK, 3, [0] * 8 + [3] + [0] * 44)]),
    "cold_items": (
        [],
        [
            ("cold", None, "Home", None),
            ("unlisted", None, None, None),
            ("ä'ö\"", CHEESE, "Food > Dairy", 0.0),
        ],
    ),
    "brand_loyalty": (["min_users=1"], [("Dairy Co", 2, 3, 3 / 2)]),
    "find_items": (["text=KÄSE"], [("ä'ö\"", CHEESE, "Ö'Brand", 0.0)]),
}


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_every_query_returns_the_planted_rows(name: str, loaded_store: GraphStore) -> None:
    arguments, expected = ANSWERS[name]
    query = find_query(name)

    rows = loaded_store.query(query.statement, query.parameters_from(arguments))

    # An association's npmi is planted as lift / 10.
    assert [tuple(row.values()) for row in rows.to_pylist()] == [
        pytest.approx(row) if any(isinstance(value, float) for value in row) else row for row in expected
    ]


def test_the_minimum_of_baskets_applies_next_to_paths_to_categories(loaded_store: GraphStore) -> None:
    query = find_query("cross_category_pairs")

    rows = loaded_store.query(query.statement, query.bind({"min_baskets": 8}))

    assert rows.num_rows == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "bought_with needs item_id"),
        (["item_id=1", "size=3"], "bought_with has no parameter size"),
        (["item_id=1", "limit=many"], "expected limit as int, got 'many'"),
        (["1082185"], "expected key=value, got '1082185'"),
    ],
)
def test_a_wrong_argument_is_named_with_the_usage(arguments: list[str], message: str) -> None:
    with pytest.raises(GraphError, match=message) as refused:
        find_query("bought_with").parameters_from(arguments)

    assert "bundlegraph query bought_with item_id=… limit=10" in str(refused.value)


def test_an_id_that_looks_like_a_number_stays_text_and_may_hold_equals_signs() -> None:
    parameters = find_query("bought_with").parameters_from(["item_id=0012=x"])

    assert parameters == {"item_id": "0012=x", "limit": 10}


def test_an_unknown_query_is_refused_with_the_known_names() -> None:
    with pytest.raises(GraphError, match=r"no query is called 'best': choose one of bought_with, "):
        find_query("best")
