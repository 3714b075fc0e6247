"""Derived data: generated baskets, median prices, the category tree, and items that no catalogue lists."""

from __future__ import annotations

import duckdb

from etl.baskets import assign_baskets
from etl.contract import EVENTS, IngestError

_UNCHANGED = (
    "bundle_items",
    "bundle_interactions",
    "promotion_items",
    "reviews",
    "item_vectors",
    "item_links",
)


def derive_tables(engine: duckdb.DuckDBPyConnection, *, basket_window: str) -> tuple[str, list[str]]:
    """Create every canonical table except the associations from the tables `all_NAME`.

    Returns:
        The event that associations count, and warnings.

    Raises:
        IngestError: If there are no interactions, or item vectors differ in length.
    """
    _refuse_mixed_vectors(engine)
    event = _association_event(engine)
    engine.execute("""
        CREATE VIEW events AS SELECT *, CAST(timestamp AS DATE) AS local_date FROM all_interactions
    """)
    assign_baskets(engine, event=event, window=basket_window)
    warnings = _make_items(engine)
    if event != EVENTS[0]:
        warnings.insert(0, f"no purchase in interactions: associations count {event} events")
    _make_categories(engine)
    _make_users(engine)
    warnings += _make_parents(engine, "bundles", "bundle_id", ("bundle_items", "bundle_interactions"))
    warnings += _make_parents(engine, "promotions", "promotion_id", ("promotion_items",))
    for name in _UNCHANGED:
        engine.execute(f"CREATE VIEW {name} AS FROM all_{name}")
    return event, warnings


def _association_event(engine: duckdb.DuckDBPyConnection) -> str:
    """The strongest event among the interactions.

    Raises:
        IngestError: If there are no interactions.
    """
    found = {row[0] for row in engine.execute("SELECT DISTINCT event FROM all_interactions").fetchall()}
    if not found:
        raise IngestError("interactions has no usable line: give at least one")
    return next(event for event in EVENTS if event in found)


def _refuse_mixed_vectors(engine: duckdb.DuckDBPyConnection) -> None:
    lengths = engine.execute("SELECT DISTINCT len(vector) FROM all_item_vectors ORDER BY ALL").fetchall()
    if len(lengths) > 1:
        found = ", ".join(str(row[0]) for row in lengths)
        raise IngestError(
            f"item_vectors: expected one length for all, found {found} in the export and the existing "
            "tables: ingest with --replace"
        )


def _make_items(engine: duckdb.DuckDBPyConnection) -> list[str]:
    engine.execute("""
        CREATE TABLE mentioned AS
        SELECT item_id FROM all_interactions
        UNION SELECT item_id FROM all_bundle_items
        UNION SELECT item_id FROM all_promotion_items
        UNION SELECT item_id FROM all_reviews
        UNION SELECT item_id FROM all_item_vectors
        UNION SELECT item_id FROM all_item_links
        UNION SELECT related_item_id FROM all_item_links
    """)
    # A line of price 0 is a gift and not the price of the item.
    engine.execute("""
        CREATE TABLE line_prices AS
        SELECT item_id, median(unit_price) AS line_price
        FROM all_interactions
        WHERE unit_price > 0
        GROUP BY item_id
    """)
    engine.execute("""
        CREATE TABLE items AS
        SELECT
            item_id, title,
            nullif(array_to_string(
                [trim(part) FOR part IN string_split(category, '>') IF trim(part) <> ''], ' > '
            ), '') AS category_id,
            brand, description, coalesce(price, line_price) AS price, cost, in_stock, listed, attributes,
            price IS NOT NULL AS price_given
        FROM (
            SELECT *, TRUE AS listed FROM all_items
            UNION ALL BY NAME
            SELECT item_id, TRUE AS in_stock, FALSE AS listed, '{}' AS attributes
            FROM mentioned ANTI JOIN all_items USING (item_id)
        )
        LEFT JOIN line_prices USING (item_id)
    """)
    listed, unlisted = engine.execute(
        "SELECT count(*) FILTER (listed), count(*) FILTER (NOT listed) FROM items"
    ).fetchone()
    if not listed:
        return ["no items table: the items are those of interactions, and category features are off"]
    if unlisted:
        return [f"{unlisted:,} items are not in items: kept without title and category"]
    return []


def _make_categories(engine: duckdb.DuckDBPyConnection) -> None:
    """Create a row for every ancestor of every item's category; a root has level 0 and no parent."""
    engine.execute("""
        CREATE VIEW categories AS
        SELECT DISTINCT
            array_to_string(path[:depth], ' > ') AS category_id,
            path[depth] AS name,
            (depth - 1)::INTEGER AS level,
            CASE WHEN depth > 1 THEN array_to_string(path[:depth - 1], ' > ') END AS parent_id
        FROM (
            SELECT path, unnest(range(1, len(path) + 1)) AS depth
            FROM (
                SELECT DISTINCT string_split(category_id, ' > ') AS path
                FROM items
                WHERE category_id IS NOT NULL
            )
        )
    """)


def _make_users(engine: duckdb.DuckDBPyConnection) -> None:
    engine.execute("""
        CREATE VIEW users AS
        FROM all_users
        UNION ALL
        SELECT user_id, '{}' AS attributes
        FROM (
            SELECT user_id FROM all_interactions WHERE user_id IS NOT NULL
            UNION SELECT user_id FROM all_bundle_interactions
            UNION SELECT user_id FROM all_reviews
        )
        ANTI JOIN all_users USING (user_id)
    """)


def _make_parents(
    engine: duckdb.DuckDBPyConnection, name: str, key: str, children: tuple[str, ...]
) -> list[str]:
    """Create table `name`: its rows, and a row with only a key for each id that only `children` contain."""
    named = " UNION ".join(f"SELECT {key} FROM all_{child}" for child in children)
    engine.execute(f"""
        CREATE TABLE {name} AS
        FROM all_{name}
        UNION ALL BY NAME
        SELECT {key} FROM ({named}) ANTI JOIN all_{name} USING ({key})
    """)
    added = engine.execute(f"SELECT count(*) FROM {name} ANTI JOIN all_{name} USING ({key})").fetchone()[0]
    return [f"{added:,} {name} are not in {name}: kept without title and dates"] if added else []
