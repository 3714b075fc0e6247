"""Cells into typed columns, and bad rows out with one reason each."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from etl.cells import read_column
from etl.contract import CONTRACTS, Contract, rules_of
from etl.engine import identifier, literal
from etl.export import ROW, ExportTable

#: Values of empty cells, by table and column.
_DEFAULTS = {
    ("interactions", "event"): "'purchase'",
    ("interactions", "quantity"): "1.0",
    ("bundle_interactions", "event"): "'purchase'",
    ("bundle_items", "quantity"): "1.0",
    ("items", "in_stock"): "TRUE",
}


@dataclass(frozen=True)
class Cleaned:
    """What became of one table."""

    rows: int
    """Rows read, bad ones and returns among them."""
    rejected: int
    returned: int
    """Rows of negative quantity: left out, not bad."""


def make_rejects(engine: duckdb.DuckDBPyConnection) -> None:
    """Make the empty table `rejects`, which `clean` fills."""
    engine.execute('CREATE TABLE rejects ("table" VARCHAR, "row" BIGINT, reason VARCHAR, data VARCHAR)')


def clean(engine: duckdb.DuckDBPyConnection, name: str, table: ExportTable) -> Cleaned:
    """Make view `good_NAME` of the good rows of `table`, and put the bad ones into `rejects`.

    `good_NAME` has all columns of the contract, typed, with their defaults; those that the export lacks are
    null. Where the contract keeps unknown columns, `attributes` is a JSON object of those that are filled.

    Raises:
        IngestError: If a column is of a type that cannot be read.
    """
    contract = CONTRACTS[name]
    _judge(engine, name, table)
    if contract.key:
        _reject_repeated(engine, name, contract.key)
    elif "event_id" in table.columns:
        _reject_repeated(engine, name, ("event_id",))
    is_return = "coalesce(quantity < 0, FALSE)" if name == "interactions" else "FALSE"
    attributes = ", attributes" if contract.keeps_unknown else ""
    engine.execute(f"""
        CREATE VIEW good_{name} AS
        SELECT {_filled(name, contract)}{attributes}
        FROM judged_{name}
        WHERE reason IS NULL AND NOT {is_return}
    """)
    rows, rejected, returned = engine.execute(f"""
        SELECT count(*), count(reason), count(*) FILTER (reason IS NULL AND {is_return}) FROM judged_{name}
    """).fetchone()
    if rejected or table.unreadable:
        _keep_rejects(engine, name, table)
    return Cleaned(rows + len(table.unreadable), rejected + len(table.unreadable), returned)


def _judge(engine: duckdb.DuckDBPyConnection, name: str, table: ExportTable) -> None:
    """Make table `judged_NAME`: the typed columns of every row, and `reason` where it is bad."""
    contract = CONTRACTS[name]
    seen = {
        alias: expression
        for column in contract.columns
        for alias, expression in read_column(column, table, name).items()
    }
    reasons = " ".join(
        f"WHEN {rule.is_bad} THEN {literal(rule.message.replace('TABLE', name))}" for rule in rules_of(name)
    )
    attributes = f", {_attributes(table)} AS attributes" if contract.keeps_unknown else ""
    engine.execute(f"""
        CREATE TABLE judged_{name} AS
        SELECT
            row_number,
            {", ".join(column.name for column in contract.columns)},
            CASE {reasons} END AS reason
            {", attributes" if contract.keeps_unknown else ""}
        FROM (
            SELECT
                {ROW} AS row_number,
                {", ".join(f"{expression} AS {alias}" for alias, expression in seen.items())}
                {attributes}
            FROM {table.relation}
        )
    """)


def _attributes(table: ExportTable) -> str:
    """JSON of the unknown columns; a merge patch drops those that are null (RFC 7396)."""
    pairs = []
    for name in table.unknown:
        theirs = identifier(name)
        empty_to_null = f"CASE WHEN trim({theirs}) <> '' THEN {theirs} END"
        pairs.append(f"{literal(name)}, {empty_to_null if table.types[name] == 'VARCHAR' else theirs}")
    return f"CAST(json_merge_patch('{{}}', json_object({', '.join(pairs)})) AS VARCHAR)"


def _reject_repeated(engine: duckdb.DuckDBPyConnection, name: str, key: tuple[str, ...]) -> None:
    """Of the good rows that share `key`, all but the first become bad."""
    columns = ", ".join(key)
    same = " AND ".join(f"judged.{column} IS NOT DISTINCT FROM repeated.{column}" for column in key)
    has_key = "event_id IS NOT NULL" if key == ("event_id",) else "TRUE"
    verb = "repeats" if len(key) == 1 else "repeat"
    engine.execute(f"""
        UPDATE judged_{name} AS judged
        SET reason = {literal(f"{' and '.join(key)} {verb} an earlier row")}
        FROM (
            SELECT {columns}, min(row_number) AS first_row
            FROM judged_{name}
            WHERE reason IS NULL AND {has_key}
            GROUP BY {columns}
            HAVING count(*) > 1
        ) AS repeated
        WHERE {same} AND judged.row_number > repeated.first_row AND judged.reason IS NULL
    """)


def _filled(name: str, contract: Contract) -> str:
    columns = []
    for column in contract.columns:
        default = _DEFAULTS.get((name, column.name))
        columns.append(
            column.name if default is None else f"coalesce({column.name}, {default}) AS {column.name}"
        )
    return ", ".join(columns)


def _keep_rejects(engine: duckdb.DuckDBPyConnection, name: str, table: ExportTable) -> None:
    whole_row = ", ".join(f"{literal(theirs)}: {identifier(theirs)}" for theirs in table.types)
    engine.execute(f"""
        INSERT INTO rejects
        SELECT {literal(name)}, row_number, reason, data
        FROM (SELECT row_number, reason FROM judged_{name} WHERE reason IS NOT NULL)
        JOIN (SELECT {ROW} AS row_number, to_json({{{whole_row}}})::VARCHAR AS data FROM {table.relation})
        USING (row_number)
    """)
    for unreadable in table.unreadable:
        engine.execute(
            "INSERT INTO rejects VALUES (?, ?, ?, ?)",
            [name, unreadable.row, unreadable.reason, unreadable.data],
        )
