"""The planted shop's tables, and each store that the contract holds for, empty."""

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
    """Writes canonical tables into a folder of their own."""
    folders = iter(range(1_000))
    return lambda rows: write_shop(tmp_path / f"tables-{next(folders)}", rows)


@pytest.fixture
def shop_tables(write_tables: WriteTables) -> Tables:
    """The planted shop."""
    return write_tables(shop())


@pytest.fixture
def embedded_uri(tmp_path: Path) -> str:
    """A place for an embedded store, empty."""
    return f"ladybug:{tmp_path / 'graph.lbug'}"


@pytest.fixture
def empty_neo4j_uri(neo4j_uri: str, neo4j_credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> str:
    """A Neo4j server for tests, its database empty; its credentials are in the environment."""
    monkeypatch.setenv("NEO4J_USERNAME", neo4j_credentials.username)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_credentials.password)
    wipe(neo4j_uri, neo4j_credentials)
    return neo4j_uri


@pytest.fixture(params=STORES)
def store_uri(request: pytest.FixtureRequest) -> str:
    """Each kind of store in turn, empty."""
    name = {"embedded": "embedded_uri", "neo4j": "empty_neo4j_uri"}[request.param]
    return str(request.getfixturevalue(name))


@pytest.fixture
def store(store_uri: str, tmp_path: Path) -> Iterator[GraphStore]:
    """Each store in turn, open and empty."""
    with open_store(store_uri, home=tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module", params=STORES)
def loaded_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GraphStore]:
    """Each store in turn with the planted shop in it, loaded once for a module that only asks."""
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
        yield store
