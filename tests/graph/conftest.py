"""Tables of the planted shop, and each kind of store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from neo4j import GraphDatabase, Query

from etl.tables import Tables
from graph.credentials import Credentials
from graph.embedded_store import EmbeddedStore
from graph.neo4j_store import Neo4jStore
from graph.store import GraphStore, open_store
from tests.graph.planted import Rows, shop, write_shop

WIPE = (
    "MATCH ()-[r]->()\nCALL (r) { DELETE r } IN TRANSACTIONS",
    "MATCH (n)\nCALL (n) { DELETE n } IN TRANSACTIONS",
)

STORES = ["embedded", pytest.param("neo4j", marks=pytest.mark.neo4j)]

WriteTables = Callable[[Rows], Tables]


def wipe(uri: str, credentials: Credentials) -> None:
    """Empty the database at `uri`."""
    auth = (credentials.username, credentials.password)
    with GraphDatabase.driver(uri, auth=auth) as driver, driver.session() as session:
        for statement in WIPE:
            session.run(Query(statement)).consume()


@pytest.fixture
def write_tables(tmp_path: Path) -> WriteTables:
    """A function that writes canonical tables to a new folder."""
    folders = iter(range(1_000))
    return lambda rows: write_shop(tmp_path / f"tables-{next(folders)}", rows)


@pytest.fixture
def shop_tables(write_tables: WriteTables) -> Tables:
    """Tables of the planted shop."""
    return write_tables(shop())


@pytest.fixture
def embedded_uri(tmp_path: Path) -> str:
    """URI of an empty embedded store."""
    return f"ladybug:{tmp_path / 'graph.lbug'}"


@pytest.fixture
def empty_neo4j_uri(neo4j_uri: str, neo4j_credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> str:
    """URI of an empty Neo4j database, with the credentials in the environment."""
    monkeypatch.setenv("NEO4J_USERNAME", neo4j_credentials.username)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_credentials.password)
    wipe(neo4j_uri, neo4j_credentials)
    return neo4j_uri


@pytest.fixture(params=STORES)
def store_uri(request: pytest.FixtureRequest) -> str:
    """URI of each kind of store, empty."""
    name = {"embedded": "embedded_uri", "neo4j": "empty_neo4j_uri"}[request.param]
    return str(request.getfixturevalue(name))


@pytest.fixture
def store(store_uri: str, tmp_path: Path) -> Iterator[GraphStore]:
    """Each kind of store, open and empty."""
    with open_store(store_uri, home=tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module", params=STORES)
def loaded_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GraphStore]:
    """Each kind of store with the planted shop, loaded once for a module that only queries it."""
    folder = tmp_path_factory.mktemp("loaded")
    opened: GraphStore
    if request.param == "embedded":
        opened = EmbeddedStore(folder / "graph.lbug")
    else:
        uri, credentials = (request.getfixturevalue(name) for name in ("neo4j_uri", "neo4j_credentials"))
        wipe(uri, credentials)
        opened = Neo4jStore(uri, credentials)
    with opened as store:
        store.load(write_shop(folder / "tables", shop()))
        # Opened here, not by the first test that queries it: each test must close what it opens.
        store.status()
        yield store
