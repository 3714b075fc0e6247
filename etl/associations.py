"""Associations: which items, and which level-0 categories, are bought together.

With N baskets, c(a) of them with a and c(a, b) with both, p(x) = c(x) / N:

    support(a, b)        = p(a, b)
    confidence_forward   = P(b | a) = c(a, b) / c(a)
    confidence_backward  = P(a | b) = c(a, b) / c(b)
    lift(a, b)           = p(a, b) / (p(a) p(b)) = N c(a, b) / (c(a) c(b))
    npmi(a, b)           = ln lift(a, b) / -ln p(a, b), in [-1, 1]

Support and confidence: Agrawal, Imieliński & Swami 1993, section 2. Lift: Brin, Motwani, Ullman & Tsur 1997,
as "interest". NPMI: Bouma 2009, equation 7; it is 1 if every basket holds both, the limit for two things that
are only bought together.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from etl.engine import literal, open_engine
from etl.tables import SCHEMAS, Tables


def count_co_purchases(tables: Tables, *, until: datetime | None = None) -> pa.Table:
    """Pairs of distinct items in at least `min_baskets` baskets before `until`.

    N counts all baskets of the association event before `until`, including those with a single item.

    Returns:
        Schema of `co_purchases`; each pair once, from the lower id in code-point order; sorted by both ids.
    """
    return _count(tables, until, item_pairs)


def count_category_pairs(tables: Tables, *, until: datetime | None = None) -> pa.Table:
    """Pairs of distinct level-0 categories in at least `min_baskets` baskets before `until`.

    A basket holds a category once, however many of its items are in it. N counts all baskets.

    Returns:
        Schema of `category_pairs`; each pair once, from the lower id in code-point order; sorted by both ids.
    """
    return _count(tables, until, category_pairs)


def _count(
    tables: Tables, until: datetime | None, pairs: Callable[[duckdb.DuckDBPyConnection, int], pa.Table]
) -> pa.Table:
    manifest = tables.manifest
    files = {name: tables.path(name) for name in ("interactions", "items")}
    with open_engine() as engine:
        create_lines(engine, **files, event=manifest.association_event, until=until)
        return pairs(engine, manifest.min_baskets)


def create_lines(
    engine: duckdb.DuckDBPyConnection,
    *,
    interactions: Path,
    items: Path,
    event: str,
    until: datetime | None = None,
) -> int:
    """Create the tables that pairs are counted over, from two canonical tables.

    `lines` (basket, item) numbers baskets and items with small integers, which makes counting pairs several
    times faster. `numbers` (item_id, item) gives the item numbers, in code-point order of the ids.
    `item_categories` (item_id, category_id) is a view of `items`.

    Returns:
        N, the number of baskets with an `event` before `until`.
    """
    before = "TRUE" if until is None else f"timestamp < {literal(until)}::TIMESTAMPTZ"
    engine.execute(f"""
        CREATE VIEW item_categories AS
        SELECT item_id, category_id FROM read_parquet({literal(items)}) WHERE category_id IS NOT NULL
    """)
    engine.execute(f"""
        CREATE TABLE numbers AS
        SELECT item_id, (row_number() OVER (ORDER BY item_id) - 1)::UINTEGER AS item
        FROM (SELECT DISTINCT item_id FROM read_parquet({literal(interactions)}))
    """)
    engine.execute(f"""
        CREATE TABLE lines AS
        WITH events AS (
            SELECT basket_id, item_id
            FROM read_parquet({literal(interactions)})
            WHERE basket_id IS NOT NULL AND event = {literal(event)} AND {before}
        ),
        baskets AS (
            SELECT basket_id, row_number() OVER ()::UINTEGER AS basket
            FROM (SELECT DISTINCT basket_id FROM events)
        )
        SELECT DISTINCT basket, item
        FROM events JOIN baskets USING (basket_id) JOIN numbers USING (item_id)
    """)
    row = engine.execute("SELECT count(DISTINCT basket) FROM lines").fetchone()
    return int(row[0])


def item_pairs(engine: duckdb.DuckDBPyConnection, min_baskets: int) -> pa.Table:
    """Pairs of items in table `lines`, in the schema of `co_purchases`."""
    return _pairs(
        engine, "co_purchases", "lines", "SELECT item AS number, item_id AS id FROM numbers", min_baskets
    )


def category_pairs(engine: duckdb.DuckDBPyConnection, min_baskets: int) -> pa.Table:
    """Pairs of level-0 categories of the items in table `lines`, in the schema of `category_pairs`."""
    engine.execute("""
        CREATE TABLE roots AS
        SELECT item, string_split(category_id, ' > ')[1] AS category_id
        FROM numbers JOIN item_categories USING (item_id)
    """)
    engine.execute("""
        CREATE TABLE root_numbers AS
        SELECT category_id, (row_number() OVER (ORDER BY category_id) - 1)::UINTEGER AS category
        FROM (SELECT DISTINCT category_id FROM roots)
    """)
    lines = """(
        SELECT DISTINCT basket, category AS item
        FROM lines JOIN roots USING (item) JOIN root_numbers USING (category_id)
    )"""
    ids = "SELECT category AS number, category_id AS id FROM root_numbers"
    return _pairs(engine, "category_pairs", lines, ids, min_baskets)


def _pairs(engine: duckdb.DuckDBPyConnection, table: str, lines: str, ids: str, min_baskets: int) -> pa.Table:
    """Pairs of the numbers in `lines` (basket, item), in the schema of `table`; `ids` maps number to id."""
    from_id, to_id, *_ = SCHEMAS[table].names
    # A pair can be frequent only if both of its items are (Agrawal & Srikant 1994), so rare ones are dropped
    # before the join. Two numbers packed in one integer are the cheapest key to group by.
    counted = engine.execute(f"""
        WITH counts AS (
            SELECT item, count(*) AS baskets FROM {lines} GROUP BY item HAVING count(*) >= {min_baskets}
        ),
        frequent AS (
            SELECT basket, item FROM {lines} SEMI JOIN counts USING (item)
        ),
        pairs AS (
            SELECT (low.item::UBIGINT << 32) | high.item::UBIGINT AS pair, count(*) AS baskets
            FROM frequent AS low JOIN frequent AS high ON low.basket = high.basket AND low.item < high.item
            GROUP BY pair
            HAVING count(*) >= {min_baskets}
        ),
        ids AS ({ids}),
        total AS (SELECT count(DISTINCT basket)::DOUBLE AS num_baskets FROM lines)
        SELECT
            low_id.id AS {from_id},
            high_id.id AS {to_id},
            pairs.baskets,
            pairs.baskets / num_baskets AS support,
            pairs.baskets / low.baskets AS confidence_forward,
            pairs.baskets / high.baskets AS confidence_backward,
            num_baskets * pairs.baskets / (low.baskets::DOUBLE * high.baskets) AS lift,
            CASE WHEN support = 1 THEN 1.0 ELSE least(ln(lift) / -ln(support), 1.0) END AS npmi
        FROM pairs
        CROSS JOIN total
        JOIN counts AS low ON low.item = pair >> 32
        JOIN counts AS high ON high.item = pair & 4294967295
        JOIN ids AS low_id ON low_id.number = low.item
        JOIN ids AS high_id ON high_id.number = high.item
        ORDER BY low.item, high.item
    """).to_arrow_table()
    return counted.cast(SCHEMAS[table])
