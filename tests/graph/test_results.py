"""Both stores return ids, lists, times, nodes, sums and errors in the same form."""

from __future__ import annotations

from datetime import timedelta

import pytest

from graph.errors import GraphError
from graph.store import GraphStore
from tests.graph.planted import NOON

DONE_WHEN_4 = (
    "MATCH (a:Item)-[c:CO_PURCHASED]->(b:Item) RETURN a.title, b.title, c.baskets "
    "ORDER BY c.baskets DESC, a.item_id, b.item_id LIMIT 5"
)


@pytest.mark.parametrize("item_id", ["0012", "a/b", "ä'ö\""])
def test_an_id_is_a_parameter_whatever_it_holds(item_id: str, loaded_store: GraphStore) -> None:
    rows = loaded_store.query("MATCH (i:Item) WHERE i.item_id = $id RETURN i.item_id AS id", {"id": item_id})

    assert rows.to_pylist() == [{"id": item_id}]


def test_a_list_is_a_parameter(loaded_store: GraphStore) -> None:
    rows = loaded_store.query(
        "MATCH (i:Item) WHERE i.item_id IN $ids RETURN i.item_id AS id ORDER BY id",
        {"ids": ["cold", "0012", "unknown"]},
    )

    assert rows["id"].to_pylist() == ["0012", "cold"]


def test_times_come_back_in_utc_to_the_microsecond(loaded_store: GraphStore) -> None:
    rows = loaded_store.query(
        "MATCH (:User {user_id: 'bob'})-[f:FAVOURITED|CARTED]->(:Item) RETURN f.first_at AS at ORDER BY at"
    )

    # The first is before 1970.
    assert rows["at"].to_pylist() == [NOON - timedelta(days=30_000), NOON + timedelta(days=1)]


def test_the_most_frequent_pairs_print_the_same_rows(loaded_store: GraphStore) -> None:
    rows = loaded_store.query(DONE_WHEN_4)

    assert rows.column_names == ["a.title", "b.title", "c.baskets"]
    assert [tuple(row.values()) for row in rows.to_pylist()] == [
        ('Milk "whole", 1 l', "Bread; sliced\n500 g", 2**53 + 1),
        ('Milk "whole", 1 l', None, 7),
        ("Bread; sliced\n500 g", "Käse — 奶酪", 7),
    ]


def test_nodes_and_relationships_are_returned_as_their_properties(loaded_store: GraphStore) -> None:
    rows = loaded_store.query(
        "MATCH (b:Bundle)-[c:CONTAINS]->(i:Item {item_id: '0012'}) RETURN b, c, sum(c.quantity) AS s"
    )

    assert rows.to_pylist() == [
        {
            "b": {
                "label": "Bundle",
                "bundle_id": "b-1",
                "title": "Breakfast",
                "discount": 0.1,
                "source": "merchant",
            },
            "c": {"label": "CONTAINS", "quantity": 2.0},
            "s": 2.0,
        }
    ]


def test_a_sum_of_integers_is_an_integer(loaded_store: GraphStore) -> None:
    rows = loaded_store.query("MATCH (:User)-[p:PURCHASED]->(:Item) RETURN sum(p.count) AS purchases")

    assert rows.to_pylist() == [{"purchases": 2 + 1 + 1}]
    assert str(rows.schema.field("purchases").type) == "int64"


@pytest.mark.parametrize(
    "statement",
    ["RETRN 1", "MATCH (i:Item) RETURN i.item_id AS id, nothing", "CREATE (n:Brand {brand_id: 'x'})"],
    ids=["not Cypher", "unknown variable", "a write"],
)
def test_a_refused_statement_is_one_line(statement: str, loaded_store: GraphStore) -> None:
    with pytest.raises(GraphError) as refused:
        loaded_store.query(statement)

    assert "\n" not in str(refused.value)
    assert loaded_store.query("MATCH (b:Brand) RETURN count(b) AS num")["num"].to_pylist() == [2]
