"""Baskets: the items of one order, or of one user within a time window if orders have no id."""

from __future__ import annotations

import re
from datetime import datetime

import duckdb
import pyarrow as pa

from etl.contract import IngestError
from etl.engine import literal, open_engine
from etl.tables import Tables

#: Prefix of the basket ids that `assign_baskets` generates; a shop's own ids must not start with it.
GENERATED_PREFIX = "made:"


def read_baskets(tables: Tables, *, since: datetime | None = None, until: datetime | None = None) -> pa.Table:
    """The baskets of the association event, one row for each basket and distinct item.

    Events at or after `until` are ignored. A basket is included if its first remaining event is at or after
    `since`. So two adjacent spans share no basket and no event.

    Returns:
        basket_id, item_id, user_id (null for anonymous), timestamp and local_date (of the basket's first
        event), quantity (sum over the item's lines); sorted by timestamp, basket_id, item_id.
    """
    before = "TRUE" if until is None else f"timestamp < {literal(until)}::TIMESTAMPTZ"
    starts_after = "TRUE" if since is None else f"first_at >= {literal(since)}::TIMESTAMPTZ"
    statement = f"""
        WITH lines AS (
            FROM read_parquet({literal(tables.path("interactions"))})
            WHERE basket_id IS NOT NULL AND event = {literal(tables.manifest.association_event)} AND {before}
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
        WHERE {starts_after}
        GROUP BY ALL
        ORDER BY timestamp, basket_id, item_id
    """
    with open_engine() as engine:
        return engine.execute(statement).to_arrow_table()


def parse_basket_window(text: str) -> str | None:
    """`text` as an SQL interval, or None for `day`.

    With `day`, one user's events within a local day are one basket. With a gap such as `30m` or `4h`, an
    event that follows the user's previous one by more than the gap starts a new basket.

    Raises:
        IngestError: If `text` is neither.
    """
    if text == "day":
        return None
    match = re.fullmatch(r"([1-9]\d{0,5})([mh])", text)
    if match is None:
        raise IngestError(f"expected --basket-window day, or a gap such as 30m or 4h, found {text!r}")
    return f"INTERVAL {match[1]} {'MINUTE' if match[2] == 'm' else 'HOUR'}"


def assign_baskets(engine: duckdb.DuckDBPyConnection, *, event: str, window: str) -> None:
    """Create view `interactions` from view `events`, with a basket id for each `event` of a known user.

    Basket ids of the shop are kept. Anonymous events and events of other kinds get none.
    """
    gap = parse_basket_window(window)
    needs_basket = f"user_id IS NOT NULL AND given_basket_id IS NULL AND event = {literal(event)}"
    if gap is None:
        events, part = "events", "strftime(local_date, '%Y-%m-%d')"
    else:
        by_user = "PARTITION BY user_id, given_basket_id IS NULL, event ORDER BY timestamp, event_key"
        events = f"""(
            SELECT *, sum(starts_basket::INTEGER) OVER ({by_user} ROWS UNBOUNDED PRECEDING) AS basket_number
            FROM (
                SELECT *, coalesce(timestamp - lag(timestamp) OVER ({by_user}) > {gap}, TRUE) AS starts_basket
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
                WHEN {needs_basket} THEN {literal(GENERATED_PREFIX)} || left(user_id, 32) || ':' || {part}
                ELSE given_basket_id
            END AS basket_id,
            quantity, unit_price
        FROM {events}
    """)
