"""Who to be at a Neo4j server: from the environment, or from the file that `bundlegraph neo4j up` writes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from graph.errors import GraphError

ENV_FILE = "neo4j.env"


@dataclass(frozen=True)
class Credentials:
    """A user name and a password; the password does not show in a representation."""

    username: str
    password: str = field(repr=False)


def credentials(uri: str, *, home: Path) -> Credentials:
    """Credentials for the server at `uri`.

    `NEO4J_USERNAME` (default `neo4j`) and `NEO4J_PASSWORD` come first, then `neo4j.env` in `home` where its
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


def read_env(path: Path) -> dict[str, str]:
    """The `NAME=value` lines of `path`; empty where there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def write_env(path: Path, settings: dict[str, str]) -> None:
    """Write `settings` as `NAME=value` lines that only the owner can read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())
