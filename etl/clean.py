"""Cleaning: cells become typed columns, and each bad row is rejected with one reason."""

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
class CleaningCounts:
    """Row counts of one cleaned table."""

    rows: int
    """Rows read, including bad rows and returns."""
    rejected: int
    returned: int
    """Rows of negative quantity: left out, but not bad."""


def create_rejects(engine: duckdb.DuckDBPyConnection) -> None:
    """Create the empty table `rejects`, which `clean_table` fills."""
    engine.execute('CREATE TABLE rejects ("table" VARCHAR, "row" BIGINT, reason VARCHAR, data VARCHAR)')


def clean_table(engine: duckdb.DuckDBPyConnection, name: str, table: ExportTable) -> CleaningCounts:
    """Create view `good_NAME` of the good rows of `table`, and insert the bad ones into `rejects`.

    `good_NAME` has all columns of the contract, typed, with defaults for empty cells; columns that the export
    lacks are null. If the contract keeps unknown columns, `attributes` is a JSON object of their values.

    Raises:
        IngestError: If a column has a type that cannot be converted.
    """
    contract = CONTRACTS[name]
    _check_rows(engine, name, table)
    if contract.key:
        _reject_repeated(engine, name, contract.key)
    elif "event_id" in table.columns:
        _reject_repeated(engine, name, ("event_id",))
    is_return = "coalesce(quantity < 0, FALSE)" if name == "interactions" else "FALSE"
    attributes = ", attributes" if contract.keeps_unknown else ""
    engine.execute(f"""
        CREATE VIEW good_{name} AS
        SELECT {_columns_with_defaults(name, contract)}{attributes}
        FROM checked_{name}
        WHERE reason IS NULL AND NOT {is_return}
    """)
    rows, rejected, returned = engine.execute(f"""
        SELECT count(*), count(reason), count(*) FILTER (reason IS NULL AND {is_return}) FROM checked_{name}
    """).fetchone()
    if rejected or table.unreadable:
        _insert_rejects(engine, name, table)
    return CleaningCounts(rows + len(table.unreadable), rejected + len(table.unreadable), returned)


def _check_rows(engine: duckdb.DuckDBPyConnection, name: str, table: ExportTable) -> None:
    """Create table `checked_NAME`: the typed columns of every row, and the `reason` if the row is bad."""
    contract = CONTRACTS[name]
    expressions = {
        alias: expression
        for column in contract.columns
        for alias, expression in read_column(column, table, name).items()
    }
    reasons = " ".join(
        f"WHEN {rule.is_bad} THEN {literal(rule.message.replace('TABLE', name))}" for rule in rules_of(name)
    )
    attributes = f", {_attributes(table)} AS attributes" if contract.keeps_unknown else ""
    engine.execute(f"""
        CREATE TABLE checked_{name} AS
        SELECT
            row_number,
            {", ".join(column.name for column in contract.columns)},
            CASE {reasons} END AS reason
            {", attributes" if contract.keeps_unknown else ""}
        FROM (
            SELECT
                {ROW} AS row_number,
                {", ".join(f"{expression} AS {alias}" for alias, expression in expressions.items())}
                {attributes}
            FROM {table.relation}
        )
    """)


def _attributes(table: ExportTable) -> str:
    """JSON of the unknown columns; the merge patch drops null values (RFC 7396)."""
    pairs = []
    for name in table.unknown:
        column = identifier(name)
        empty_to_null = f"CASE WHEN trim({column}) <> '' THEN {column} END"
        pairs.append(f"{literal(name)}, {empty_to_null if table.types[name] == 'VARCHAR' else column}")
    return f"CAST(json_merge_patch('{{}}', json_object({', '.join(pairs)})) AS VARCHAR)"


def _reject_repeated(engine: duckdb.DuckDBPyConnection, name: str, key: tuple[str, ...]) -> None:
    """Of the good rows that share `key`, reject all but the first."""
    columns = ", ".join(key)
    same = " AND ".join(f"checked.{column} IS NOT DISTINCT FROM repeated.{column}" for column in key)
    has_key = "event_id IS NOT NULL" if key == ("event_id",) else "TRUE"
    verb = "repeats" if len(key) == 1 else "repeat"
    engine.execute(f"""
        UPDATE checked_{name} AS checked
        SET reason = {literal(f"{' and '.join(key)} {verb} an earlier row")}
        FROM (
            SELECT {columns}, min(row_number) AS first_row
            FROM checked_{name}
            WHERE reason IS NULL AND {has_key}
            GROUP BY {columns}
            HAVING count(*) > 1
        ) AS repeated
        WHERE {same} AND checked.row_number > repeated.first_row AND checked.reason IS NULL
    """)


def _columns_with_defaults(name: str, contract: Contract) -> str:
    defaults = {column.name: _DEFAULTS.get((name, column.name)) for column in contract.columns}
    return ", ".join(
        column if default is None else f"coalesce({column}, {default}) AS {column}"
        for column, default in defaults.items()
    )


def _insert_rejects(engine: duckdb.DuckDBPyConnection, name: str, table: ExportTable) -> None:
    whole_row = ", ".join(f"{literal(column)}: {identifier(column)}" for column in table.types)
    engine.execute(f"""
        INSERT INTO rejects
        SELECT {literal(name)}, row_number, reason, data
        FROM (SELECT row_number, reason FROM checked_{name} WHERE reason IS NOT NULL)
        JOIN (SELECT {ROW} AS row_number, to_json({{{whole_row}}})::VARCHAR AS data FROM {table.relation})
        USING (row_number)
    """)
    for unreadable in table.unreadable:
        engine.execute(
            "INSERT INTO rejects VALUES (?, ?, ?, ?)",
            [name, unreadable.row, unreadable.reason, unreadable.data],
        )
