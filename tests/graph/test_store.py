from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import ladybug
import pytest

from etl.tables import Tables
from graph.credentials import ENV_FILE, Credentials, credentials_for, write_env
from graph.errors import GraphError
from graph.neo4j_client import Neo4jClient, require_version
from graph.neo4j_store import Neo4jStore
from graph.store import open_store


@pytest.mark.parametrize("uri", ["sqlite:graph.db", "graph.lbug", "http://localhost:7474", "ladybug:", ""])
def test_a_uri_of_another_kind_is_refused_with_examples(uri: str, tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="expected a store like ladybug:PATH, bolt://"):
        open_store(uri, home=tmp_path)


def test_the_default_store_is_a_file_of_the_home(tmp_path: Path) -> None:
    with open_store(None, home=tmp_path) as store:
        assert store.uri == f"ladybug:{tmp_path / 'graph.lbug'}"


def test_opening_the_embedded_store_imports_no_neo4j_driver(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from graph.store import open_store; "
        f"open_store(None, home=Path({str(tmp_path)!r})); sys.exit('neo4j' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_file_that_is_no_graph_is_never_replaced(tmp_path: Path, shop_tables: Tables) -> None:
    precious = tmp_path / "letter.txt"
    precious.write_text("dear shop")

    with (
        open_store(f"ladybug:{precious}", home=tmp_path) as store,
        pytest.raises(GraphError, match=r"letter\.txt cannot be opened as a graph"),
    ):
        store.load(shop_tables)

    assert precious.read_text() == "dear shop"


def test_a_database_of_another_application_is_never_replaced(tmp_path: Path, shop_tables: Tables) -> None:
    file = tmp_path / "other.lbug"
    with ladybug.Database(file) as database, ladybug.Connection(database) as connection:
        connection.execute("CREATE NODE TABLE Film(name STRING, PRIMARY KEY(name))")

    with (
        open_store(f"ladybug:{file}", home=tmp_path) as store,
        pytest.raises(GraphError, match=r"labels that are not ours \(Film\)"),
    ):
        store.load(shop_tables)


def test_a_graph_of_an_older_version_is_loaded_anew(tmp_path: Path, shop_tables: Tables) -> None:
    file = tmp_path / "graph.lbug"
    with open_store(f"ladybug:{file}", home=tmp_path) as store:
        store.load(shop_tables)
    # Version 0.1 had a relationship type for predicted links, and another schema version.
    with ladybug.Database(file) as database, ladybug.Connection(database) as connection:
        connection.execute("CREATE REL TABLE PREDICTED_WITH(FROM Item TO Item, score DOUBLE)")
        connection.execute("MATCH (s:GraphState) SET s.schema_version = 'older'")

    with open_store(f"ladybug:{file}", home=tmp_path) as store:
        assert store.load(shop_tables).nodes_written == 17
        assert store.load(shop_tables).nodes_written == 0


def test_two_readers_see_a_new_load(tmp_path: Path, shop_tables: Tables) -> None:
    count = "MATCH (i:Item) RETURN count(i) AS num"
    with open_store(None, home=tmp_path) as one, open_store(None, home=tmp_path) as two:
        one.load(shop_tables)
        assert two.query(count).to_pylist() == one.query(count).to_pylist() == [{"num": 5}]
        assert two.load(shop_tables).nodes_written == 0


@pytest.mark.neo4j
def test_a_neo4j_database_of_another_application_is_refused(
    empty_neo4j_uri: str, neo4j_credentials: Credentials, tmp_path: Path, shop_tables: Tables
) -> None:
    with closing(Neo4jClient(empty_neo4j_uri, neo4j_credentials)) as client:
        client.write("CREATE (:Film {name: 'Heat'})")

    with (
        open_store(empty_neo4j_uri, home=tmp_path) as store,
        pytest.raises(GraphError, match=r"labels that are not ours \(Film\)"),
    ):
        store.load(shop_tables)


@pytest.mark.neo4j
def test_a_wrong_password_is_one_line(neo4j_uri: str) -> None:
    with pytest.raises(GraphError, match="refuses the user name or password: set NEO4J_USERNAME"):
        Neo4jStore(neo4j_uri, Credentials("neo4j", "wrong-password"))


def test_a_server_that_is_not_there_is_one_line() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        free_port = listener.getsockname()[1]

    with pytest.raises(GraphError, match=f"no Neo4j answers at bolt://127.0.0.1:{free_port}: start it"):
        Neo4jStore(f"bolt://127.0.0.1:{free_port}", Credentials("neo4j", "secret-password"))


@pytest.mark.parametrize("agent", ["Neo4j/4.4.38", "Memgraph/v2.1", "neo4j"])
def test_an_older_server_is_refused(agent: str) -> None:
    with pytest.raises(GraphError, match=f"expected Neo4j 5 or later at bolt://x, found {agent}"):
        require_version(agent, "bolt://x")


@pytest.mark.parametrize("agent", ["Neo4j/5.26.30", "Neo4j/2025.10.1"])
def test_a_current_server_is_accepted(agent: str) -> None:
    require_version(agent, "bolt://x")


def test_credentials_come_from_the_environment_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_env(tmp_path / ENV_FILE, {"NEO4J_URI": "bolt://x", "NEO4J_USERNAME": "a", "NEO4J_PASSWORD": "b=c"})
    monkeypatch.delenv("NEO4J_USERNAME", raising=False)
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)
    assert credentials_for("bolt://x", home=tmp_path) == Credentials("a", "b=c")

    monkeypatch.setenv("NEO4J_PASSWORD", "mine")

    assert credentials_for("bolt://x", home=tmp_path) == Credentials("neo4j", "mine")
    assert "mine" not in repr(credentials_for("bolt://x", home=tmp_path))


def test_a_password_is_used_only_for_its_own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)
    write_env(tmp_path / ENV_FILE, {"NEO4J_URI": "bolt://x", "NEO4J_USERNAME": "a", "NEO4J_PASSWORD": "b"})

    assert (tmp_path / ENV_FILE).stat().st_mode & 0o777 == 0o600
    with pytest.raises(GraphError, match="no password for bolt://y: set NEO4J_USERNAME and NEO4J_PASSWORD"):
        credentials_for("bolt://y", home=tmp_path)
