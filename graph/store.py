"""The contract that both graph stores keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa

from etl.tables import Tables
from graph.edges import EdgeTables
from graph.errors import GraphError as GraphError

#: What a statement's parameter may be.
Parameter = str | int | float | bool | None | list[str] | list[int] | list[float]


@dataclass(frozen=True)
class GraphStatus:
    """What a store holds."""

    tables_version: str | None
    """Version of the tables that were loaded, or being loaded; none for an empty store."""
    is_complete: bool
    """False while a load is under way, or after one that was killed."""
    loaded_at: str | None
    """RFC 3339, UTC."""
    num_nodes: int
    num_relationships: int


@dataclass(frozen=True)
class LoadReport:
    """What a load wrote. Loading the same tables twice writes nothing the second time.

    Neo4j is brought up to date by difference. The embedded store writes a new file whole: all that is in it
    counts as written, and nothing as deleted.
    """

    nodes_written: int
    nodes_deleted: int
    relationships_written: int
    relationships_deleted: int
    seconds: float


class GraphStore(Protocol):
    """A property graph that can be loaded, asked and exported. Open one with `graph.open_store`."""

    uri: str
    """`ladybug:PATH`, `neo4j://…` or `bolt://…`, without credentials."""

    def load(self, tables: Tables) -> LoadReport:
        """Make the graph equal to `tables`: schema, nodes, relationships; what is not in them goes.

        Raises:
            GraphError: If the store holds labels that are not ours, or cannot be reached.
        """
        ...

    def status(self) -> GraphStatus:
        """What is in the store."""
        ...

    def query(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> pa.Table:
        """The rows that one Cypher `statement` returns; columns in the order of its RETURN.

        Raises:
            GraphError: If the statement is refused; the message is the store's own.
        """
        ...

    def export_edges(self) -> EdgeTables:
        """The whole graph as edge tables.

        Raises:
            GraphError: If the store is empty or its load is incomplete.
        """
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
