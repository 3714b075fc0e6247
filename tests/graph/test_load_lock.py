"""Two loads into one store cannot interleave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from neo4j import GraphDatabase

import graph.neo4j_client
from etl.tables import Tables
from graph.credentials import Credentials
from graph.edges import edge_tables
from graph.errors import GraphError
from graph.neo4j_client import Neo4jClient
from graph.neo4j_store import Neo4jStore
from graph.store import LoadReport, open_store
from tests.graph.planted import Rows, event, shop
from tests.graph.test_store_contract import assert_equal

NUM_LOADS = 3


@contextmanager
def another_load(uri: str, credentials: Credentials | None) -> Iterator[None]:
    """Hold the lock that a load holds."""
    if credentials is None:
        with FileLock(f"{uri.removeprefix('ladybug:')}.lock"):
            yield
    else:
        with closing(Neo4jClient(uri, credentials)) as client, client.load_lock():
            yield


def test_a_load_during_another_load_is_refused_and_succeeds_afterwards(
    request: pytest.FixtureRequest, store_uri: str, shop_tables: Tables, tmp_path: Path
) -> None:
    is_embedded = store_uri.startswith("ladybug:")
    credentials = None if is_embedded else request.getfixturevalue("neo4j_credentials")
    with open_store(store_uri, home=tmp_path) as store:
        with another_load(store_uri, credentials), pytest.raises(GraphError) as refused:
            store.load(shop_tables)

        assert str(refused.value).startswith("another process is loading ")
        assert str(refused.value).endswith(": wait for it, then try again")
        assert store.status().num_nodes == 0
        assert store.load(shop_tables).nodes_written == 17


def large_shop() -> Rows:
    """The planted shop with 200 more users, so that a load takes many batches."""
    rows = shop()
    for number in range(200):
        rows["interactions"].append(event(f"user-{number}", "0012", "purchase", 0))
    return rows


@pytest.mark.neo4j
def test_simultaneous_first_loads_write_the_graph_once(
    empty_neo4j_uri: str,
    neo4j_credentials: Credentials,
    write_tables: Callable[[Rows], Tables],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(graph.neo4j_client, "BATCH_ROWS", 10)
    tables = write_tables(large_shop())
    barrier = threading.Barrier(NUM_LOADS)
    outcomes: list[LoadReport | GraphError] = []

    def load() -> None:
        with Neo4jStore(empty_neo4j_uri, neo4j_credentials) as store:
            barrier.wait()
            try:
                outcomes.append(store.load(tables))
            except GraphError as error:
                outcomes.append(error)

    threads = [threading.Thread(target=load) for _ in range(NUM_LOADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    reports = [outcome for outcome in outcomes if isinstance(outcome, LoadReport)]
    refusals = [str(outcome) for outcome in outcomes if isinstance(outcome, GraphError)]
    assert len(reports) + len(refusals) == NUM_LOADS
    # One load writes everything. The others find the graph complete, or give up waiting.
    assert sorted(report.nodes_written for report in reports)[-1] == 17 + 200
    assert sum(report.nodes_written for report in reports) == 17 + 200
    assert all(message.startswith("another process is loading ") for message in refusals)
    with Neo4jStore(empty_neo4j_uri, neo4j_credentials) as store:
        assert_equal(store.export_edges(), edge_tables(tables))


@pytest.mark.neo4j
def test_a_load_that_loses_its_lock_writes_nothing_more(
    empty_neo4j_uri: str, neo4j_credentials: Credentials
) -> None:
    auth = (neo4j_credentials.username, neo4j_credentials.password)
    with (
        GraphDatabase.driver(empty_neo4j_uri, auth=auth) as admin,
        closing(Neo4jClient(empty_neo4j_uri, neo4j_credentials)) as client,
        client.load_lock(),
    ):
        client.write("CREATE (:Brand {brand_id: 'before'})")
        (transaction,) = (
            record["transactionId"]
            for record in admin.execute_query("SHOW TRANSACTIONS").records
            if "GraphLock" in record["currentQuery"] or not record["currentQuery"]
        )
        admin.execute_query("TERMINATE TRANSACTION $id", id=transaction)

        with pytest.raises(GraphError, match=r"lost its lock .*: run bundlegraph load again"):
            client.write("CREATE (:Brand {brand_id: 'after'})")

        assert client.read("MATCH (b:Brand) RETURN b.brand_id AS id")["id"].to_pylist() == ["before"]


@pytest.mark.neo4j
def test_the_lock_leaves_no_node_in_the_database(
    empty_neo4j_uri: str, neo4j_credentials: Credentials
) -> None:
    with closing(Neo4jClient(empty_neo4j_uri, neo4j_credentials)) as client:
        with client.load_lock():
            pass

        assert client.read("MATCH (n) RETURN count(n) AS num")["num"].to_pylist() == [0]
