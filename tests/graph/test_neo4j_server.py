from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
import pytest

from graph.credentials import ENV_FILE, read_env
from graph.errors import GraphError
from graph.neo4j_jars import POM_FILES, fetch_jars, find_java, neo4j_version
from graph.neo4j_server import ServerStatus, server_status, start_server, stop_server
from graph.store import open_store


def test_a_home_without_a_server_is_reported(tmp_path: Path) -> None:
    assert server_status(tmp_path) == ServerStatus(is_running=False, uri=None, pid=None)
    assert not stop_server(tmp_path)


def test_stopping_ignores_a_process_that_reuses_the_id_of_an_old_server(tmp_path: Path) -> None:
    started = psutil.Process().create_time() - 3600
    (tmp_path / "neo4j").mkdir()
    (tmp_path / "neo4j" / "server.json").write_text(json.dumps({"pid": os.getpid(), "started": started}))

    assert not server_status(tmp_path).is_running
    assert not stop_server(tmp_path)


def test_missing_java_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)

    with pytest.raises(GraphError, match="needs Java 17 or later, found none: install it, or name a running"):
        start_server(tmp_path)


def test_an_old_java_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(GraphError, match=r"needs Java 17 or later, .* is openjdk version \"11\.0\.2\""):
        find_java()


def test_missing_maven_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(GraphError, match="Maven downloads Neo4j, found no mvn: install it"):
        fetch_jars()


def test_a_failed_download_leaves_nothing_that_looks_complete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho '[ERROR] no route to the repository'\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    for _ in range(2):
        with pytest.raises(GraphError, match=r"could not download Neo4j \(\[ERROR\] no route"):
            fetch_jars()


def test_the_neo4j_version_is_that_of_the_pom() -> None:
    version = neo4j_version(POM_FILES[0])

    assert version == "5.26.30"


@pytest.mark.neo4j
@pytest.mark.slow
def test_a_server_starts_once_answers_and_stops_with_its_data_kept(
    neo4j_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `neo4j_home` has shown that servers can be started here.
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)
    # One drawn password in 64 begins with a hyphen, which Neo4j's command must not read as an option.
    monkeypatch.setattr("secrets.token_urlsafe", lambda num_bytes: "-" + "x" * num_bytes)
    first = start_server(tmp_path)
    try:
        assert first.uri is not None and first.pid is not None
        assert start_server(tmp_path) == first
        assert server_status(tmp_path) == first
        assert (tmp_path / ENV_FILE).stat().st_mode & 0o777 == 0o600
        password = read_env(tmp_path / ENV_FILE)["NEO4J_PASSWORD"]
        assert all(password not in argument for argument in psutil.Process(first.pid).cmdline())
        with open_store(first.uri, home=tmp_path) as store:
            assert store.status().num_nodes == 0
    finally:
        assert stop_server(tmp_path)

    assert not psutil.pid_exists(first.pid)
    assert not server_status(tmp_path).is_running
    assert (tmp_path / "neo4j" / "data").is_dir()
