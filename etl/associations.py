"""Associations: what is bought together, counted over baskets, for items and for level-0 categories.

With N baskets, c(a) of them holding a and c(a, b) holding both, p(x) = c(x) / N:

    support(a, b)        = p(a, b)
    confidence_forward   = P(b | a) = c(a, b) / c(a)
    confidence_backward  = P(a | b) = c(a, b) / c(b)
    lift(a, b)           = p(a, b) / (p(a) p(b)) = N c(a, b) / (c(a) c(b))
    npmi(a, b)           = ln lift(a, b) / -ln p(a, b), in [-1, 1]

Support and confidence: Agrawal, Imieliński & Swami 1993, section 2. Lift: Brin, Motwani, Ullman & Tsur 1997,
as "interest". NPMI: Bouma 2009, equation 7; where every basket holds both, it is 1, the limit for two things
that are only ever bought together.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from etl.engine import literal, open_engine
from etl.tables import SCHEMAS, Tables


def count_co_purchases(tables: Tables, *, until: datetime | None = None) -> pa.Table:
    """Pairs of distinct items in at least `min_baskets` baskets before `until`.

    N counts every basket of the association event before `until`, those with a single item too.

    Returns:
        Schema of `co_purchases`; each pair once, from the lower id in code-point order; sorted by both ids.
    """
    with open_engine() as engine:
        open_lines(engine, tables.path("interactions"), tables.path("items"))
        number_baskets(engine, event=tables.manifest.association_event, until=until)
        return pairs_of_items(engine, min_baskets=tables.manifest.min_baskets)


def count_category_pairs(tables: Tables, *, until: datetime | None = None) -> pa.Table:
    """Pairs of distinct level-0 categories in at least `min_baskets` baskets before `until`.

    A basket holds a category once, however many of its items belong there. N counts every basket.

    Returns:
        Schema of `category_pairs`; each pair once, from the lower id in code-point order; sorted by both ids.
    """
    with open_engine() as engine:
        open_lines(engine, tables.path("interactions"), tables.path("items"))
        number_baskets(engine, event=tables.manifest.association_event, until=until)
        return pairs_of_categories(engine, min_baskets=tables.manifest.min_baskets)


def open_lines(engine: duckdb.DuckDBPyConnection, interactions: Path, items: Path) -> None:
    """Make views `written_interactions` and `written_items` of the canonical tables in these files."""
    for name, file in (("interactions", interactions), ("items", items)):
        engine.execute(f"CREATE OR REPLACE VIEW written_{name} AS FROM read_parquet({literal(file)})")


def number_baskets(engine: duckdb.DuckDBPyConnection, *, event: str, until: datetime | None = None) -> int:
    """Make table `lines` (basket, item: small integers) of view `written_interactions`, and table `numbers`.

    Item numbers follow the code-point order of the ids. Integers make the pair counts several times faster.

    Returns:
        N, the number of baskets.
    """
    in_time = "TRUE" if until is None else f"timestamp < {literal(until.isoformat())}::TIMESTAMPTZ"
    engine.execute("""
        CREATE OR REPLACE TABLE numbers AS
        SELECT item_id, (row_number() OVER (ORDER BY item_id) - 1)::UINTEGER AS item
        FROM (SELECT DISTINCT item_id FROM written_interactions)
    """)
    engine.execute(f"""
        CREATE OR REPLACE TABLE lines AS
        WITH events AS (
            SELECT basket_id, item_id
            FROM written_interactions
            WHERE basket_id IS NOT NULL AND event = {literal(event)} AND {in_time}
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


def pairs_of_items(engine: duckdb.DuckDBPyConnection, *, min_baskets: int) -> pa.Table:
    """Pairs of items in table `lines`, as `co_purchases`."""
    return _pairs(
        engine, "co_purchases", "lines", "SELECT item AS thing, item_id AS id FROM numbers", min_baskets
    )


def pairs_of_categories(engine: duckdb.DuckDBPyConnection, *, min_baskets: int) -> pa.Table:
    """Pairs of the level-0 categories of the items in table `lines`, as `category_pairs`."""
    engine.execute("""
        CREATE OR REPLACE TABLE roots AS
        SELECT numbers.item, string_split(items.category_id, ' > ')[1] AS category_id
        FROM numbers JOIN written_items AS items USING (item_id)
        WHERE items.category_id IS NOT NULL
    """)
    engine.execute("""
        CREATE OR REPLACE TABLE root_numbers AS
        SELECT category_id, (row_number() OVER (ORDER BY category_id) - 1)::UINTEGER AS category
        FROM (SELECT DISTINCT category_id FROM roots)
    """)
    lines = """(
        SELECT DISTINCT basket, category AS item
        FROM lines JOIN roots USING (item) JOIN root_numbers USING (category_id)
    )"""
    ids = "SELECT category AS thing, category_id AS id FROM root_numbers"
    return _pairs(engine, "category_pairs", lines, ids, min_baskets)


def _pairs(engine: duckdb.DuckDBPyConnection, table: str, lines: str, ids: str, min_baskets: int) -> pa.Table:
    """Pairs of what `lines` (basket, item) holds, in the schema of `table`; `ids` gives thing and id."""
    from_id, to_id, *_ = SCHEMAS[table].names
    # A pair can be frequent only where both of its things are (Agrawal & Srikant 1994), so rare things go
    # before the join; two numbers in one integer are the cheapest key to group by.
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
        JOIN ids AS low_id ON low_id.thing = low.item
        JOIN ids AS high_id ON high_id.thing = high.item
        ORDER BY low.item, high.item
    """).to_arrow_table()
    return counted.cast(SCHEMAS[table])
