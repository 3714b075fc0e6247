"""Opening a graph store by its URI."""

from __future__ import annotations

from pathlib import Path

from graph.store import GraphError, GraphStore

DEFAULT_FILE = "graph.lbug"
_EMBEDDED = "ladybug:"
_BOLT_SCHEMES = tuple(
    f"{scheme}{encryption}://" for scheme in ("bolt", "neo4j") for encryption in ("", "+s", "+ssc")
)


def open_store(uri: str | None, *, home: Path) -> GraphStore:
    """The store at `uri`: `ladybug:PATH`, `bolt://…` or `neo4j://…`; none is `graph.lbug` in `home`.

    Neo4j's user name and password come from `NEO4J_USERNAME` and `NEO4J_PASSWORD`, or from `neo4j.env` in
    `home` where that names this URI. The drivers are imported here, not before one is needed.

    Raises:
        GraphError: If the URI is of no known kind, or Neo4j does not answer.
    """
    if uri is None:
        uri = f"{_EMBEDDED}{home / DEFAULT_FILE}"
    if uri.startswith(_EMBEDDED) and len(uri) > len(_EMBEDDED):
        from graph.embedded_store import EmbeddedStore

        return EmbeddedStore(Path(uri.removeprefix(_EMBEDDED)).expanduser())
    if uri.startswith(_BOLT_SCHEMES):
        from graph.credentials import credentials
        from graph.neo4j_store import Neo4jStore

        return Neo4jStore(uri, credentials(uri, home=home))
    raise GraphError(f"expected a store like ladybug:PATH, bolt://HOST:7687 or neo4j://HOST, got {uri!r}")
