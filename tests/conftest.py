"""A Neo4j server for the tests marked `neo4j`, and a check that every test closes its databases.

`BUNDLEGRAPH_TEST_NEO4J_URI` (with `NEO4J_USERNAME` and `NEO4J_PASSWORD`) names a server whose database the
tests may wipe. Without it a server is started, which needs Java and Maven. If that is not possible, those
tests are skipped, the last line of the output says so, and the run fails if `CI=true`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import ladybug
import pytest
from hypothesis import settings

from graph.credentials import ENV_FILE, Credentials, credentials_for, read_env
from graph.errors import GraphError
from graph.neo4j_server import start_server, stop_server

TEST_URI = "BUNDLEGRAPH_TEST_NEO4J_URI"
_NOT_TESTED = pytest.StashKey[str]()

# Hypothesis must not fail a test for being slow on a busy machine.
settings.register_profile("bundlegraph", deadline=None)
settings.load_profile("bundlegraph")


@pytest.fixture(autouse=True)
def _databases_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves a DuckDB connection or a LadybugDB database open.

    Neo4j's driver itself warns of a connection that nobody closed, and warnings are errors.
    """
    connections: list[duckdb.DuckDBPyConnection] = []
    databases: list[ladybug.Database] = []
    connect, open_database = duckdb.connect, ladybug.Database.__init__

    def tracked_connect(*arguments: object, **options: object) -> duckdb.DuckDBPyConnection:
        connections.append(connect(*arguments, **options))
        return connections[-1]

    def tracked_open(database: ladybug.Database, *arguments: object, **options: object) -> None:
        open_database(database, *arguments, **options)
        databases.append(database)

    monkeypatch.setattr(duckdb, "connect", tracked_connect)
    monkeypatch.setattr(ladybug.Database, "__init__", tracked_open)
    yield
    assert [connection for connection in connections if _is_open(connection)] == []
    assert [database for database in databases if not database.is_closed] == []


def _is_open(connection: duckdb.DuckDBPyConnection) -> bool:
    try:
        connection.execute("SELECT 1")
    except duckdb.ConnectionException:
        return False
    return True


@pytest.fixture(scope="session")
def neo4j_home(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Path]:
    """A home with a server that was started for these tests."""
    home = tmp_path_factory.mktemp("neo4j")
    try:
        start_server(home)
    except GraphError as error:
        pytestconfig.stash[_NOT_TESTED] = str(error)
        pytest.skip(f"no Neo4j: {error}")
    yield home
    stop_server(home)


@pytest.fixture(scope="session")
def neo4j_uri(request: pytest.FixtureRequest) -> str:
    """Address of a server that the tests may wipe."""
    given = os.environ.get(TEST_URI)
    if given:
        return given
    return read_env(request.getfixturevalue("neo4j_home") / ENV_FILE)["NEO4J_URI"]


@pytest.fixture(scope="session")
def neo4j_credentials(request: pytest.FixtureRequest, neo4j_uri: str) -> Credentials:
    """User name and password of that server."""
    if TEST_URI in os.environ:
        return credentials_for(neo4j_uri, home=Path())
    settings = read_env(request.getfixturevalue("neo4j_home") / ENV_FILE)
    return Credentials(settings["NEO4J_USERNAME"], settings["NEO4J_PASSWORD"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    reason = config.stash.get(_NOT_TESTED, None)
    if reason is not None:
        terminalreporter.write_line(f"NOT TESTED: Neo4j ({reason})", red=True, bold=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    is_ci = os.environ.get("CI", "").lower() == "true"
    if is_ci and _NOT_TESTED in session.config.stash and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
