"""Baskets: the items bought in one order, or by one user within a window where orders have no id."""

from __future__ import annotations

import re
from datetime import datetime

import duckdb
import pyarrow as pa

from etl.contract import IngestError
from etl.engine import literal, open_engine
from etl.tables import Tables

#: Begins every basket id that is made here; a shop's own may not begin so.
MADE = "made:"


def read_baskets(tables: Tables, *, since: datetime | None = None, until: datetime | None = None) -> pa.Table:
    """The baskets of the association event, a row a basket and distinct item.

    Events at or after `until` are not seen at all; a basket counts when its first event that is seen lies at
    or after `since`. So two spans that meet share no basket and no event.

    Returns:
        basket_id, item_id, user_id (null for anonymous), timestamp and local_date (of the basket's first
        event), quantity (summed over the item's lines); sorted by timestamp, basket_id, item_id.
    """
    conditions = ["basket_id IS NOT NULL", f"event = {literal(tables.manifest.association_event)}"]
    parameters = [until] if until is not None else []
    if until is not None:
        conditions.append("timestamp < ?")
    begins_in_time = "TRUE" if since is None else "first_at >= ?"
    parameters += [since] if since is not None else []
    statement = f"""
        WITH lines AS (
            FROM read_parquet({literal(tables.path("interactions"))}) WHERE {" AND ".join(conditions)}
        ),
        baskets AS (
            SELECT
                basket_id, min(user_id) AS user_id, min(timestamp) AS first_at, min(local_date) AS local_date
            FROM lines
            GROUP BY basket_id
        )
        SELECT
            basket_id, item_id, baskets.user_id, first_at AS timestamp, baskets.local_date,
            sum(quantity) AS quantity
        FROM lines JOIN baskets USING (basket_id)
        WHERE {begins_in_time}
        GROUP BY ALL
        ORDER BY timestamp, basket_id, item_id
    """
    with open_engine() as engine:
        return engine.execute(statement, parameters).to_arrow_table()


def parse_window(text: str) -> str | None:
    """The gap that `text` names as an SQL interval, or none for `day`.

    `day`: one user's events within a local day are one basket. `30m`, `4h`: an event more than so long after
    the user's previous one begins a new basket.

    Raises:
        IngestError: If it is neither.
    """
    if text == "day":
        return None
    match = re.fullmatch(r"([1-9]\d{0,5})([mh])", text)
    if match is None:
        raise IngestError(f"expected --basket-window day, or a gap such as 30m or 4h, found {text!r}")
    return f"INTERVAL {match[1]} {'MINUTE' if match[2] == 'm' else 'HOUR'}"


def assign_baskets(engine: duckdb.DuckDBPyConnection, *, event: str, window: str) -> None:
    """Make view `interactions` of view `events`: given baskets stay, users' other `event`s go into made ones.

    An event with neither user nor basket, and one of another kind without a basket, is in none.
    """
    gap = parse_window(window)
    made = f"user_id IS NOT NULL AND given_basket_id IS NULL AND event = {literal(event)}"
    if gap is None:
        events, part = "events", "strftime(local_date, '%Y-%m-%d')"
    else:
        by_user = "PARTITION BY user_id, given_basket_id IS NULL, event ORDER BY timestamp, event_key"
        events = f"""(
            SELECT *, sum(begins::INTEGER) OVER ({by_user} ROWS UNBOUNDED PRECEDING) AS basket_number
            FROM (
                SELECT *, coalesce(timestamp - lag(timestamp) OVER ({by_user}) > {gap}, TRUE) AS begins
                FROM events
            )
        )"""
        part = (
            "strftime(timezone('UTC', min(timestamp) OVER "
            "(PARTITION BY user_id, given_basket_id IS NULL, event, basket_number)), '%Y-%m-%dT%H:%M:%SZ')"
        )
    engine.execute(f"""
        CREATE OR REPLACE VIEW interactions AS
        SELECT
            event_key, user_id, item_id, event, timestamp, local_date,
            CASE
                WHEN {made} THEN {literal(MADE)} || left(user_id, 32) || ':' || {part}
                ELSE given_basket_id
            END AS basket_id,
            quantity, unit_price
        FROM {events}
    """)
