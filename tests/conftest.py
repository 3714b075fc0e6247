"""A real Neo4j for the tests marked `neo4j`: the one that is named, else one started from Java and Maven.

`BUNDLEGRAPH_TEST_NEO4J_URI` (with `NEO4J_USERNAME`, `NEO4J_PASSWORD`) names a server whose database the tests
may wipe. Where there is neither, those tests are skipped, one line at the end says so, and with `CI=true` the
run fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from graph.credentials import ENV_FILE, Credentials, credentials_for, read_env
from graph.errors import GraphError
from graph.neo4j_server import start_server, stop_server

TEST_URI = "BUNDLEGRAPH_TEST_NEO4J_URI"
_NOT_TESTED = pytest.StashKey[str]()

# A busy machine is no defect: nothing here is asserted about time.
settings.register_profile("bundlegraph", deadline=None)
settings.load_profile("bundlegraph")


@pytest.fixture(scope="session")
def neo4j_home(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Path]:
    """A home whose `neo4j.env` names a server that was started for these tests."""
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
    """Address of a server that the tests may wipe: given to them, or started for them."""
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
