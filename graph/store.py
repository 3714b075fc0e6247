"""The contract of a graph store, and opening one by its URI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa

from etl.tables import Tables
from graph.edges import EdgeTables
from graph.errors import GraphError

DEFAULT_FILE = "graph.lbug"
_EMBEDDED = "ladybug:"
_BOLT_SCHEMES = tuple(
    f"{scheme}{encryption}://" for scheme in ("bolt", "neo4j") for encryption in ("", "+s", "+ssc")
)

#: Types that a statement's parameter may have.
Parameter = str | int | float | bool | None | list[str] | list[int] | list[float]


@dataclass(frozen=True)
class GraphStatus:
    """What a store holds."""

    tables_version: str | None
    """Version of the tables that were loaded, or are being loaded; None for an empty store."""
    is_complete: bool
    """False during a load, and after a load that was killed."""
    loaded_at: str | None
    """RFC 3339, UTC."""
    num_nodes: int
    num_relationships: int


@dataclass(frozen=True)
class LoadReport:
    """What a load wrote and deleted. Loading the same tables again writes nothing.

    Neo4j receives only the differences. The embedded store writes a whole new file: everything in it counts
    as written, and nothing as deleted.
    """

    nodes_written: int
    nodes_deleted: int
    relationships_written: int
    relationships_deleted: int
    seconds: float


class GraphStore(Protocol):
    """A property graph that can be loaded, queried and exported. Open one with `open_store`."""

    uri: str
    """`ladybug:PATH`, `neo4j://…` or `bolt://…`, without credentials."""

    def load(self, tables: Tables) -> LoadReport:
        """Make the graph equal to `tables`; delete nodes and relationships that are not in them.

        Raises:
            GraphError: If the store holds labels of another application, cannot be reached, or is being
                loaded by another process.
        """
        ...

    def status(self) -> GraphStatus:
        """What the store holds."""
        ...

    def query(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> pa.Table:
        """The rows that one reading Cypher `statement` returns; columns in the order of its RETURN.

        Raises:
            GraphError: If the store refuses the statement; the message is the store's own.
        """
        ...

    def export_edges(self) -> EdgeTables:
        """The whole graph as edge tables.

        Raises:
            GraphError: If the store is empty or its load is incomplete.
        """
        ...

    def close(self) -> None:
        """Release the file or the connection."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(uri: str | None, *, home: Path) -> GraphStore:
    """Open the store at `uri`: `ladybug:PATH`, `bolt://…` or `neo4j://…`; None means `graph.lbug` in `home`.

    Neo4j's user name and password come from `NEO4J_USERNAME` and `NEO4J_PASSWORD`, or from `neo4j.env` in
    `home` if that file is for this URI. Drivers are imported only when they are needed.

    Raises:
        GraphError: If the URI is of no known kind, or Neo4j does not answer.
    """
    if uri is None:
        uri = f"{_EMBEDDED}{home / DEFAULT_FILE}"
    if uri.startswith(_EMBEDDED) and len(uri) > len(_EMBEDDED):
        from graph.embedded_store import EmbeddedStore

        return EmbeddedStore(Path(uri.removeprefix(_EMBEDDED)).expanduser())
    if uri.startswith(_BOLT_SCHEMES):
        from graph.credentials import credentials_for
        from graph.neo4j_store import Neo4jStore

        return Neo4jStore(uri, credentials_for(uri, home=home))
    raise GraphError(f"expected a store like ladybug:PATH, bolt://HOST:7687 or neo4j://HOST, got {uri!r}")
