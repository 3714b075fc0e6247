"""A local Neo4j server for tests and trials.

Its data are in `neo4j/` of a home, its address and password in `neo4j.env`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psutil

from etl.locks import exclusive_lock
from graph.credentials import ENV_FILE, Credentials, read_env, write_env
from graph.errors import GraphError
from graph.neo4j_client import Neo4jClient
from graph.neo4j_jars import fetch_jars, find_java

USERNAME = "neo4j"
_START_TIMEOUT_S = 180.0
_STOP_TIMEOUT_S = 60.0
_CONFIGURATION = """\
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.pagecache.size=512m
dbms.usage_report.enabled=false
"""
_JAVA_OPTIONS = (
    "-Xmx1g",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.nio", "java.io", "sun.nio.ch")),
)


@dataclass(frozen=True)
class ServerStatus:
    """Whether the server of a home is running."""

    is_running: bool
    uri: str | None
    """Its address; None while it is not running."""
    pid: int | None


def start_server(home: Path) -> ServerStatus:
    """Start the server of `home` and wait until it answers; do nothing if it is running.

    The first start generates a password; `neo4j.env` (mode 0600) holds it with the address and user name.

    Raises:
        GraphError: If Java, Maven or the jars are missing, or the server does not start.
    """
    with _server_lock(home):
        status = server_status(home)
        if status.is_running:
            return status
        command, folder = find_java(), fetch_jars()
        credentials = _prepare(home, command, folder)
        uri = read_env(home / ENV_FILE)["NEO4J_URI"]
        process = _start(home, command, folder)
        try:
            _wait_until_it_answers(home, process, uri, credentials)
        except BaseException:
            _stop(process)
            raise
        return ServerStatus(is_running=True, uri=uri, pid=process.pid)


def stop_server(home: Path) -> bool:
    """Stop the server of `home` and keep its data; return False if it was not running.

    Raises:
        GraphError: If the server does not end.
    """
    with _server_lock(home):
        process = _process(home)
        if process is not None:
            _stop(process)
        _pid_file(home).unlink(missing_ok=True)
        return process is not None


def server_status(home: Path) -> ServerStatus:
    """Whether the server of `home` is running, and its address."""
    process = _process(home)
    if process is None:
        return ServerStatus(is_running=False, uri=None, pid=None)
    return ServerStatus(is_running=True, uri=read_env(home / ENV_FILE).get("NEO4J_URI"), pid=process.pid)


def _server_lock(home: Path) -> AbstractContextManager[None]:
    busy = GraphError(f"another process is starting or stopping the server of {home}: wait, then try again")
    return exclusive_lock(home / "neo4j.lock", busy=busy)


def _prepare(home: Path, command: str, folder: Path) -> Credentials:
    """Write the configuration with a free port and, on the first start, set the password."""
    server = home / "neo4j"
    settings = read_env(home / ENV_FILE)
    is_new = not (server / "data").is_dir()
    if not is_new and "NEO4J_PASSWORD" not in settings:
        raise GraphError(f"{home / ENV_FILE} with the password is missing: delete {server} to start anew")
    password = secrets.token_urlsafe(24) if is_new else settings["NEO4J_PASSWORD"]
    port = _free_port(settings.get("NEO4J_URI", "").rpartition(":")[2])
    (server / "conf").mkdir(parents=True, exist_ok=True)
    server.chmod(0o700)
    (server / "conf" / "neo4j.conf").write_text(_CONFIGURATION.format(port=port), encoding="utf-8")
    uri = f"bolt://127.0.0.1:{port}"
    write_env(home / ENV_FILE, {"NEO4J_URI": uri, "NEO4J_USERNAME": USERNAME, "NEO4J_PASSWORD": password})
    if is_new:
        _set_password(server, command, folder, password)
    return Credentials(USERNAME, password)


def _set_password(server: Path, command: str, folder: Path, password: str) -> None:
    # An argument file keeps the password out of the process list; -- ends the options.
    arguments = server / "password.arguments"
    write_env(arguments, {})
    arguments.write_text(f'--\n"{password}"\n', encoding="utf-8")
    admin_tool = [command, "-cp", f"{folder}/*", "org.neo4j.cli.AdminTool"]
    environment = {**os.environ, "NEO4J_HOME": str(server), "NEO4J_CONF": str(server / "conf")}
    try:
        ended = subprocess.run(
            [*admin_tool, "dbms", "set-initial-password", f"@{arguments}"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        arguments.unlink()
    if ended.returncode != 0:
        shutil.rmtree(server)
        reason = (ended.stderr.strip() or "no message").splitlines()[-1]
        raise GraphError(f"Neo4j refused its first password ({reason})")


def _start(home: Path, command: str, folder: Path) -> psutil.Process:
    server = home / "neo4j"
    entry_point = ["-cp", f"{folder}/*", "org.neo4j.server.CommunityEntryPoint"]
    options = [f"--home-dir={server}", f"--config-dir={server / 'conf'}", "--console-mode"]
    # With a session of its own, the server outlives the command that starts it and its terminal.
    pid = os.posix_spawn(
        command,
        [command, *_JAVA_OPTIONS, *entry_point, *options],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(_log(home)), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    process = psutil.Process(pid)
    _pid_file(home).write_text(json.dumps({"pid": pid, "started": process.create_time()}), encoding="utf-8")
    return process


def _wait_until_it_answers(home: Path, process: psutil.Process, uri: str, credentials: Credentials) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while _is_alive(process):
        try:
            Neo4jClient(uri, credentials).close()
        except GraphError as error:
            if time.monotonic() > deadline:
                raise GraphError(
                    f"Neo4j did not answer in {_START_TIMEOUT_S:.0f} s: see {_log(home)}"
                ) from error
            time.sleep(0.3)
        else:
            return
    raise GraphError(f"Neo4j ended while it started: see {_log(home)}")


def _process(home: Path) -> psutil.Process | None:
    """The running server of `home`; None if its process ended or its process id was reused."""
    try:
        recorded = json.loads(_pid_file(home).read_text(encoding="utf-8"))
        process = psutil.Process(recorded["pid"])
        is_ours = process.create_time() == recorded["started"]
    except (FileNotFoundError, ValueError, KeyError, psutil.NoSuchProcess):
        return None
    return process if is_ours and _is_alive(process) else None


def _is_alive(process: psutil.Process) -> bool:
    """False for a process that ended, and for a zombie whose parent has not yet collected it."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _stop(process: psutil.Process) -> None:
    try:
        process.terminate()
        process.wait(_STOP_TIMEOUT_S)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired as error:
        raise GraphError(f"Neo4j (process {process.pid}) does not end: kill it") from error


def _free_port(previous: str) -> int:
    """The `previous` port if it is still free, so that the address stays valid; else any free port."""
    for port in (previous, "0"):
        with socket.socket() as listener:
            # Closed connections of the previous run may linger on its port without occupying it.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", int(port)))
            except (OSError, ValueError):
                continue
            return int(listener.getsockname()[1])
    raise GraphError("no port is free on 127.0.0.1")


def _pid_file(home: Path) -> Path:
    return home / "neo4j" / "server.json"


def _log(home: Path) -> Path:
    return home / "neo4j" / "console.log"
