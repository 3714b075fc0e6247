"""A planted graph of items that the shop links itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from gnn.data.purchases import Purchases, UserEvents
from graph.edges import EdgeTables
from graph.schema import RELATIONSHIP_TYPES

Link = tuple[int, int, str]


def edges_of(
    num_items: int,
    links: Sequence[Link],
    *,
    category: Sequence[int] = (),
    brand: Sequence[int] = (),
    title: Sequence[str] = (),
) -> EdgeTables:
    """Items with `links`; each of `category` and `brand` is the number of an item's, −1 for none."""
    counts = {"Item": num_items, "User": 1, "Category": 10, "Brand": 10, "Bundle": 0, "Promotion": 0}
    rows: dict[str, list[tuple[int, int] | Link]] = {
        "LINKED": [*sorted(links)],
        "IN_CATEGORY": [(item, of) for item, of in enumerate(category) if of >= 0],
        "MADE_BY": [(item, of) for item, of in enumerate(brand) if of >= 0],
    }
    edges = {}
    for relationship in RELATIONSHIP_TYPES.values():
        names = ["source_index", "target_index", *(["kind"] if relationship.type == "LINKED" else [])]
        schema = pa.schema([(name, pa.string() if name == "kind" else pa.int64()) for name in names])
        listed = [dict(zip(names, row, strict=True)) for row in rows.get(relationship.type, ())]
        edge_type = (relationship.source, relationship.type, relationship.target)
        edges[edge_type] = pa.Table.from_pylist(listed, schema=schema)
    nodes = {label: pa.table({"key": list(map(str, range(count)))}) for label, count in counts.items()}
    no_text = pa.nulls(num_items, pa.string())
    titles = pa.array(title, pa.string()) if title else no_text
    nodes["Item"] = nodes["Item"].append_column("title", titles).append_column("brand", no_text)
    nodes["Category"] = nodes["Category"].append_column("name", pa.nulls(counts["Category"], pa.string()))
    return EdgeTables(nodes=nodes, edges=edges, tables_version="planted")


def purchases_of(num_items: int, users: Sequence[Sequence[int]] = ()) -> Purchases:
    """One basket a user."""
    bought = np.zeros((len(users), num_items), dtype=np.float32)
    for user, items in enumerate(users):
        bought[user, list(items)] = 1.0
    return Purchases(
        lines=csr_matrix(bought),
        basket_user=np.arange(len(users)),
        basket_age=np.zeros(len(users)),
        counts=csr_matrix(bought),
        events=UserEvents(np.zeros(len(users) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0)),
        as_of=datetime(2026, 11, 22, tzinfo=UTC),
    )
