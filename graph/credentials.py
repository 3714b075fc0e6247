"""User name and password of a Neo4j server, from the environment or from `neo4j.env`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from graph.errors import GraphError

ENV_FILE = "neo4j.env"


@dataclass(frozen=True)
class Credentials:
    """A user name and a password; `repr` does not show the password."""

    username: str
    password: str = field(repr=False)


def credentials_for(uri: str, *, home: Path) -> Credentials:
    """Credentials for the server at `uri`.

    `NEO4J_USERNAME` (default `neo4j`) and `NEO4J_PASSWORD` come first, then `neo4j.env` in `home` if its
    `NEO4J_URI` is `uri`.

    Raises:
        GraphError: If there is no password.
    """
    password = os.environ.get("NEO4J_PASSWORD")
    if password:
        return Credentials(os.environ.get("NEO4J_USERNAME") or "neo4j", password)
    settings = read_env(home / ENV_FILE)
    if settings.get("NEO4J_URI") == uri:
        return Credentials(settings["NEO4J_USERNAME"], settings["NEO4J_PASSWORD"])
    raise GraphError(f"no password for {uri}: set NEO4J_USERNAME and NEO4J_PASSWORD")


def read_env(file: Path) -> dict[str, str]:
    """The `NAME=value` lines of `file`; empty if the file does not exist."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def write_env(file: Path, settings: dict[str, str]) -> None:
    """Write `settings` as `NAME=value` lines that only the owner can read."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.writelines(f"{name}={value}\n" for name, value in settings.items())
