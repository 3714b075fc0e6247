"""Merging: a new export is added to the existing tables, and nothing is counted twice."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from etl.baskets import GENERATED_PREFIX
from etl.cells import SQL_TYPES
from etl.contract import CONTRACTS
from etl.engine import literal
from etl.pseudonyms import PseudonymKey
from etl.tables import Tables

#: The columns that identify an event without an event id, in the order in which they are hashed.
_EVENT_COLUMNS = {
    "interactions": ("user_id", "item_id", "event", "timestamp", "given_basket_id", "quantity", "unit_price"),
    "bundle_interactions": ("user_id", "bundle_id", "timestamp", "event"),
    "reviews": ("user_id", "item_id", "text", "rating", "timestamp"),
}

#: Expressions over an existing table for columns that have another name or value there.
_FROM_PREVIOUS = {
    ("interactions", "given_basket_id"): (
        f"CASE WHEN NOT starts_with(basket_id, {literal(GENERATED_PREFIX)}) THEN basket_id END"
    ),
    ("items", "category"): "category_id",
    ("items", "price"): "CASE WHEN price_given THEN price END",
}


def merge_export(engine: duckdb.DuckDBPyConnection, key: PseudonymKey, previous: Tables | None) -> None:
    """Create table `all_NAME` for every table of the contract from `previous` and the views `good_NAME`.

    User ids become pseudonyms. Events are added if their key is new; catalogue rows replace existing rows
    with the same key.
    """
    existing = {row[0] for row in engine.execute("SELECT view_name FROM duckdb_views()").fetchall()}
    for name in CONTRACTS:
        if f"good_{name}" not in existing:
            _create_empty(engine, name)
    _create_pseudonyms(engine, key)
    for name in CONTRACTS:
        merge = _merge_events if name in _EVENT_COLUMNS else _merge_catalogue
        merge(engine, name, previous)


def _create_empty(engine: duckdb.DuckDBPyConnection, name: str) -> None:
    contract = CONTRACTS[name]
    columns = ", ".join(f"{column.name} {SQL_TYPES[column.kind]}" for column in contract.columns)
    attributes = ", attributes VARCHAR" if contract.keeps_unknown else ""
    engine.execute(f"CREATE TABLE good_{name} ({columns}{attributes})")


def _create_pseudonyms(engine: duckdb.DuckDBPyConnection, key: PseudonymKey) -> None:
    """Create table `pseudonyms` of the distinct user ids; DuckDB has no keyed hash, so Python computes it."""
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


def _previous_columns(name: str, columns: Iterable[str]) -> str:
    return ", ".join(f"{_FROM_PREVIOUS.get((name, column), column)} AS {column}" for column in columns)


def _merge_events(engine: duckdb.DuckDBPyConnection, name: str, previous: Tables | None) -> None:
    """Add events with a new key: a hash of `event_id`, else of the values and a number among equal lines."""
    values = ", ".join(_EVENT_COLUMNS[name])
    # Written as text, a time would depend on the engine's time zone.
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
    # Few lines are equal to another one, so only those are sorted and numbered.
    engine.execute(
        "CREATE TABLE equal_lines AS SELECT line_key FROM keyed GROUP BY line_key HAVING count(*) > 1"
    )
    before, known = "", ""
    if previous is not None:
        file = f"read_parquet({literal(previous.path(name))})"
        before = f"SELECT event_key, {_previous_columns(name, _EVENT_COLUMNS[name])} FROM {file} UNION ALL"
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
    contract = CONTRACTS[name]
    columns = [column.name for column in contract.columns] + ["attributes"] * contract.keeps_unknown
    new = f"good_{name}"
    if name == "users":
        new = "(SELECT pseudonym AS user_id, attributes FROM good_users JOIN pseudonyms USING (user_id))"
    before = ""
    if previous is not None:
        same_key = " AND ".join(f"old.{column} IS NOT DISTINCT FROM new.{column}" for column in contract.key)
        before = f"""
            UNION ALL
            FROM (
                SELECT {_previous_columns(name, columns)}
                FROM read_parquet({literal(previous.path(name))})
                WHERE {"listed" if name == "items" else "TRUE"}
            ) AS old
            ANTI JOIN {new} AS new ON {same_key}
        """
    engine.execute(f"CREATE TABLE all_{name} AS SELECT {', '.join(columns)} FROM {new} {before}")
