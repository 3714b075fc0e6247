"""The contract of a graph store, tested on both stores."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from etl.tables import Tables
from graph.edges import EdgeTables, edge_tables
from graph.errors import GraphError
from graph.store import GraphStore, open_store
from tests.graph.planted import Rows, event, item_pair, shop

# Kills its own process at the nth write: a COPY into the embedded store, or a batch of two rows to Neo4j.
KILLED_LOAD = """
import os, signal, sys
from pathlib import Path
import ladybug
import graph.neo4j_client
from etl.tables import open_tables
from graph.store import open_store

uri, folder, kill_at = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
graph.neo4j_client.BATCH_ROWS = 2
writes = 0

def counted(write):
    def write_or_die(*arguments, **named):
        global writes
        if "rows" in named or (len(arguments) > 2 and "rows" in (arguments[2] or {})):
            writes += 1
            if writes == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return write(*arguments, **named)
    return write_or_die

ladybug.Connection.execute = counted(ladybug.Connection.execute)
import neo4j
neo4j.ManagedTransaction.run = counted(neo4j.ManagedTransaction.run)
with open_store(uri, home=folder) as store:
    store.load(open_tables(folder))
"""


def changed_shop() -> Rows:
    """The planted shop a day later, with nodes and relationships added, changed and deleted."""
    rows = shop()
    rows["items"][1]["price"] = 2.5
    rows["items"][2]["brand"] = None
    rows["items"].append({"item_id": "new", "title": "New", "in_stock": True, "listed": True})
    rows["items"] = [item for item in rows["items"] if item["item_id"] != "unlisted"]
    rows["interactions"].append(event("ann", "0012", "purchase", 9))
    rows["interactions"].append(event("zoe", "new", "view", 9))
    rows["co_purchases"] = [item_pair("0012", "a/b", 2**53 + 2, 6.0), item_pair("a/b", "new", 5, 1.5)]
    rows["item_links"][1]["kind"] = "spare part"
    del rows["item_links"][2]
    rows["bundles"], rows["bundle_items"], rows["bundle_interactions"] = [], [], []
    return rows


def assert_equal(left: EdgeTables, right: EdgeTables) -> None:
    assert left.tables_version == right.tables_version
    assert left.nodes.keys() == right.nodes.keys()
    assert left.edges.keys() == right.edges.keys()
    for label, nodes in left.nodes.items():
        assert nodes.schema == right.nodes[label].schema
        assert nodes.to_pylist() == right.nodes[label].to_pylist(), label
    for edge_type, edges in left.edges.items():
        assert edges.schema == right.edges[edge_type].schema
        assert edges.to_pylist() == right.edges[edge_type].to_pylist(), edge_type


def test_an_empty_store_reports_that_it_holds_no_graph(store: GraphStore) -> None:
    status = store.status()

    assert status.tables_version is None
    assert not status.is_complete
    assert (status.num_nodes, status.num_relationships) == (0, 0)
    with pytest.raises(GraphError, match="run bundlegraph load"):
        store.export_edges()


def test_a_load_writes_every_node_and_relationship(store: GraphStore, shop_tables: Tables) -> None:
    report = store.load(shop_tables)

    # users ann, bob, eve, never; 5 items; 4 categories; 2 brands; 1 bundle; 1 promotion.
    assert report.nodes_written == 4 + 5 + 4 + 2 + 1 + 1
    # 1 viewed, 1 carted, 1 favourited, 3 purchased; 4 in category; 2 child of; 3 made by; 3 co-purchased;
    # 1 bought with; 3 linked; 2 contained; 1 chosen; 1 offered.
    assert report.relationships_written == 6 + 4 + 2 + 3 + 3 + 1 + 3 + 2 + 1 + 1
    status = store.status()
    assert status.tables_version == shop_tables.manifest.tables_version
    assert status.is_complete
    assert (status.num_nodes, status.num_relationships) == (17, 26)


def test_loading_twice_writes_nothing_the_second_time(store: GraphStore, shop_tables: Tables) -> None:
    store.load(shop_tables)
    first = store.status()

    again = store.load(shop_tables)

    assert (again.nodes_written, again.nodes_deleted) == (0, 0)
    assert (again.relationships_written, again.relationships_deleted) == (0, 0)
    assert store.status() == first


def test_the_export_equals_the_edge_tables_of_the_tables(store: GraphStore, shop_tables: Tables) -> None:
    store.load(shop_tables)

    assert_equal(store.export_edges(), edge_tables(shop_tables))


def test_a_second_load_applies_additions_changes_and_deletions(
    store: GraphStore, write_tables: Callable[[Rows], Tables]
) -> None:
    store.load(write_tables(shop()))
    later = write_tables(changed_shop())

    store.load(later)

    assert_equal(store.export_edges(), edge_tables(later))
    assert store.status().tables_version == later.manifest.tables_version


def test_a_shop_with_interactions_alone_loads(
    store: GraphStore, write_tables: Callable[[Rows], Tables]
) -> None:
    tables = write_tables(
        {
            "interactions": [event("ann", "x", "view", 0)],
            "items": [{"item_id": "x", "listed": False}],
        }
    )

    store.load(tables)

    assert_equal(store.export_edges(), edge_tables(tables))
    assert store.status().num_nodes == 2


def test_a_load_of_empty_tables_gives_a_complete_empty_graph(
    store: GraphStore, write_tables: Callable[[Rows], Tables]
) -> None:
    tables = write_tables({})

    store.load(tables)

    assert store.status().is_complete
    assert store.status().num_nodes == 0
    assert_equal(store.export_edges(), edge_tables(tables))


@pytest.mark.parametrize("kill_at", [1, 4, 9])
def test_the_load_after_a_killed_load_completes_the_graph(
    kill_at: int, store_uri: str, tmp_path: Path, write_tables: Callable[[Rows], Tables]
) -> None:
    before, after = write_tables(shop()), write_tables(changed_shop())
    with open_store(store_uri, home=tmp_path) as store:
        store.load(before)

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_LOAD, store_uri, str(after.folder), str(kill_at)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with open_store(store_uri, home=tmp_path) as store:
        if store_uri.startswith("ladybug:"):
            assert_equal(store.export_edges(), edge_tables(before))
        else:
            assert not store.status().is_complete
            with pytest.raises(GraphError, match="incomplete: run bundlegraph load"):
                store.export_edges()
        store.load(after)
        assert store.status().is_complete
        assert_equal(store.export_edges(), edge_tables(after))


def test_a_load_of_tables_with_a_dangling_key_is_refused(
    store: GraphStore, write_tables: Callable[[Rows], Tables]
) -> None:
    rows = shop()
    rows["bundle_items"].append({"bundle_id": "b-1", "item_id": "nowhere", "quantity": 1.0})

    with pytest.raises(GraphError, match=r"item_id among the Item nodes, 1 unknown \(first: 'nowhere'\)"):
        store.load(write_tables(rows))

    assert not store.status().is_complete
