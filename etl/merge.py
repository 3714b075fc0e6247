"""The new export joined to the tables that are there: what is new is added, nothing is counted twice."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from etl.baskets import MADE
from etl.cells import SQL_TYPES
from etl.contract import CONTRACTS
from etl.engine import literal
from etl.pseudonyms import PseudonymKey
from etl.tables import Tables


@dataclass(frozen=True)
class _Lines:
    """A table of events: what of a good row is kept, and what a row of the previous tables gives for it."""

    values: tuple[str, ...]
    """Columns that make a line's identity, in the order of its key."""
    previous: str
    """The same columns out of the previous table."""


_LINES = {
    "interactions": _Lines(
        ("user_id", "item_id", "event", "timestamp", "given_basket_id", "quantity", "unit_price"),
        f"user_id, item_id, event, timestamp, "
        f"CASE WHEN NOT starts_with(basket_id, {literal(MADE)}) THEN basket_id END AS given_basket_id, "
        f"quantity, unit_price",
    ),
    "bundle_interactions": _Lines(
        ("user_id", "bundle_id", "timestamp", "event"), "user_id, bundle_id, timestamp, event"
    ),
    "reviews": _Lines(
        ("user_id", "item_id", "text", "rating", "timestamp"), "user_id, item_id, text, rating, timestamp"
    ),
}

#: The catalogue tables: key, columns, and the condition under which a previous row is the shop's own.
_CATALOGUE = {
    "items": (
        "item_id, title, category, brand, description, price, cost, in_stock, attributes",
        "item_id, title, category_id AS category, brand, description, "
        "CASE WHEN price_given THEN price END AS price, cost, in_stock, attributes",
        "listed",
    ),
    "users": ("user_id, attributes", "user_id, attributes", "TRUE"),
    "bundles": ("bundle_id, title, discount", "bundle_id, title, discount", "TRUE"),
    "bundle_items": ("bundle_id, item_id, quantity", "bundle_id, item_id, quantity", "TRUE"),
    "promotions": (
        "promotion_id, name, starts_at, ends_at",
        "promotion_id, name, starts_at, ends_at",
        "TRUE",
    ),
    "promotion_items": ("promotion_id, item_id, discount", "promotion_id, item_id, discount", "TRUE"),
    "item_vectors": ("item_id, vector", "item_id, vector", "TRUE"),
    "item_links": ("item_id, related_item_id, kind", "item_id, related_item_id, kind", "TRUE"),
}


def merge(engine: duckdb.DuckDBPyConnection, key: PseudonymKey, previous: Tables | None) -> None:
    """Make table `all_NAME` for every table of the contract, of `previous` and of the tables `good_NAME`.

    User ids become pseudonyms. Lines are added where their key is new; catalogue rows replace those of the
    same key.
    """
    there = {row[0] for row in engine.execute("SELECT view_name FROM duckdb_views()").fetchall()}
    for name in CONTRACTS:
        if f"good_{name}" not in there:
            _make_empty(engine, name)
    _make_pseudonyms(engine, key)
    for name, lines in _LINES.items():
        _merge_lines(engine, name, lines, previous)
    for name in _CATALOGUE:
        _merge_catalogue(engine, name, previous)


def _make_empty(engine: duckdb.DuckDBPyConnection, name: str) -> None:
    contract = CONTRACTS[name]
    columns = ", ".join(f"{column.name} {SQL_TYPES[column.kind]}" for column in contract.columns)
    attributes = ", attributes VARCHAR" if contract.keeps_unknown else ""
    engine.execute(f"CREATE TABLE good_{name} ({columns}{attributes})")


def _make_pseudonyms(engine: duckdb.DuckDBPyConnection, key: PseudonymKey) -> None:
    """Make table `pseudonyms` of the distinct user ids; DuckDB has no keyed hash, so it is computed here."""
    names = [
        name for name, contract in CONTRACTS.items() if any(c.name == "user_id" for c in contract.columns)
    ]
    distinct = " UNION ".join(f"SELECT user_id FROM good_{name} WHERE user_id IS NOT NULL" for name in names)
    user_ids = [row[0] for row in engine.execute(distinct).fetchall()]
    pseudonyms = pa.table(
        {
            "user_id": pa.array(user_ids, pa.string()),
            "pseudonym": pa.array([key.pseudonym(user_id) for user_id in user_ids], pa.string()),
        }
    )
    engine.register("pseudonym_list", pseudonyms)
    engine.execute("CREATE TABLE pseudonyms AS FROM pseudonym_list")
    engine.unregister("pseudonym_list")


def _merge_lines(
    engine: duckdb.DuckDBPyConnection, name: str, lines: _Lines, previous: Tables | None
) -> None:
    """A line's key: the hash of its `event_id`, else of its values and occurrence number in the export."""
    values = ", ".join(lines.values)
    # As text, a time would depend on the engine's zone.
    canonical = values.replace("timestamp", "epoch_us(timestamp)")
    renamed = "user_id AS shop_user_id" + (", basket_id AS given_basket_id" if name == "interactions" else "")
    identity = (
        f"CASE WHEN event_id IS NULL THEN json_array({canonical}) ELSE json_array('event_id', event_id) END"
    )
    engine.execute(f"""
        CREATE TABLE keyed AS
        SELECT md5({identity}) AS line_key, {values}
        FROM (SELECT * RENAME ({renamed}) FROM good_{name})
        LEFT JOIN (SELECT user_id AS shop_user_id, pseudonym AS user_id FROM pseudonyms) USING (shop_user_id)
    """)
    # Few lines are equal to another, so only those are sorted to be numbered.
    engine.execute(
        "CREATE TABLE equal_lines AS SELECT line_key FROM keyed GROUP BY line_key HAVING count(*) > 1"
    )
    before, known = "", ""
    if previous is not None:
        file = f"read_parquet({literal(previous.path(name))})"
        before = f"SELECT event_key, {lines.previous} FROM {file} UNION ALL"
        known = f"ANTI JOIN (SELECT event_key FROM {file}) USING (event_key)"
    engine.execute(f"""
        CREATE TABLE all_{name} AS
        {before}
        SELECT event_key, {values}
        FROM (
            SELECT line_key AS event_key, {values}
            FROM keyed ANTI JOIN equal_lines USING (line_key)
            UNION ALL
            SELECT
                CASE WHEN occurrence = 1 THEN line_key ELSE md5(json_array(line_key, occurrence)) END
                    AS event_key,
                {values}
            FROM (
                SELECT *, row_number() OVER (PARTITION BY line_key) AS occurrence
                FROM keyed SEMI JOIN equal_lines USING (line_key)
            )
        )
        {known}
    """)
    engine.execute("DROP TABLE keyed")
    engine.execute("DROP TABLE equal_lines")


def _merge_catalogue(engine: duckdb.DuckDBPyConnection, name: str, previous: Tables | None) -> None:
    columns, previous_columns, is_own = _CATALOGUE[name]
    new = f"good_{name}"
    if name == "users":
        new = "(SELECT pseudonym AS user_id, attributes FROM good_users JOIN pseudonyms USING (user_id))"
    before = ""
    if previous is not None:
        same = " AND ".join(
            f"old.{column} IS NOT DISTINCT FROM new.{column}" for column in CONTRACTS[name].key
        )
        before = f"""
            UNION ALL
            FROM (
                SELECT {previous_columns}
                FROM read_parquet({literal(previous.path(name))})
                WHERE {is_own}
            ) AS old
            ANTI JOIN {new} AS new ON {same}
        """
    engine.execute(f"CREATE TABLE all_{name} AS SELECT {columns} FROM {new} {before}")
