"""SQL expressions that turn the cells of a shop's column into typed values."""

from __future__ import annotations

from collections.abc import Mapping

from etl.contract import EVENTS, FIRST_MILLISECONDS, Column, IngestError, Kind
from etl.engine import identifier, literal
from etl.export import ExportTable

_TRUE = "('true', 't', 'yes', 'y')"
_FALSE = "('false', 'f', 'no', 'n')"
_NUMBERS = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    "FLOAT", "DOUBLE", "DECIMAL",
)  # fmt: skip

#: DuckDB type of each kind, for columns that are missing in an export.
SQL_TYPES = {
    Kind.ID: "VARCHAR",
    Kind.TEXT: "VARCHAR",
    Kind.NUMBER: "DOUBLE",
    Kind.TIME: "TIMESTAMPTZ",
    Kind.END_TIME: "TIMESTAMPTZ",
    Kind.EVENT: "VARCHAR",
    Kind.FLAG: "BOOLEAN",
    Kind.VECTOR: "FLOAT[]",
}


def read_column(column: Column, table: ExportTable, name: str) -> dict[str, str]:
    """SQL expressions for `column` of table `name`, keyed by the names that rules use (see `etl.contract`).

    Raises:
        IngestError: If the shop's column has a type that cannot be converted.
    """
    if column.name not in table.columns:
        values = {f"{column.name}_cell": "NULL", column.name: f"NULL::{SQL_TYPES[column.kind]}"}
        return values | ({f"{column.name}_seconds": "NULL::DOUBLE"} if _is_time(column) else {})
    theirs = table.columns[column.name]
    sql_type = table.types[theirs]
    cell = _cell(identifier(theirs), sql_type)
    value = _value(column.kind, cell, sql_type, table.events)
    if value is None:
        raise IngestError(
            f"{name}.{theirs} is of type {sql_type}, which cannot be read as {column.name}, "
            f"a {column.kind.value}: export it as another type"
        )
    values = {f"{column.name}_cell": cell, column.name: value}
    return values | ({f"{column.name}_seconds": _seconds(cell, sql_type)} if _is_time(column) else {})


def _is_time(column: Column) -> bool:
    return column.kind in (Kind.TIME, Kind.END_TIME)


def _is_number(sql_type: str) -> bool:
    return sql_type.startswith(_NUMBERS) and not sql_type.endswith("]")


def _cell(theirs: str, sql_type: str) -> str:
    """The raw cell, null if it is empty."""
    if sql_type == "VARCHAR":
        return f"CASE WHEN trim({theirs}) <> '' THEN {theirs} END"
    if sql_type in ("FLOAT", "DOUBLE"):
        return f"CASE WHEN NOT isnan({theirs}) THEN {theirs} END"
    return theirs


def _value(kind: Kind, cell: str, sql_type: str, events: Mapping[str, str]) -> str | None:
    match kind:
        case Kind.ID | Kind.TEXT:
            return _text(cell, sql_type)
        case Kind.NUMBER if sql_type == "VARCHAR":
            return f"TRY_CAST({cell} AS DOUBLE)"
        case Kind.NUMBER if _is_number(sql_type):
            return f"CAST({cell} AS DOUBLE)"
        case Kind.TIME:
            return _time(cell, sql_type)
        case Kind.END_TIME:
            return _end_time(cell, sql_type)
        case Kind.EVENT:
            return _event(cell, events)
        case Kind.FLAG:
            return _flag(cell, sql_type)
        case Kind.VECTOR if sql_type.endswith("]"):
            return f"TRY_CAST({cell} AS FLOAT[])"
        case _:
            return None


def _text(cell: str, sql_type: str) -> str | None:
    if sql_type in ("FLOAT", "DOUBLE"):
        # pandas writes an integer column with gaps as floats: the id of 123.0 is 123.
        return (
            f"CASE WHEN {cell} = trunc({cell}) AND abs({cell}) < 9e15 "
            f"THEN CAST(CAST({cell} AS BIGINT) AS VARCHAR) ELSE CAST({cell} AS VARCHAR) END"
        )
    return cell if sql_type == "VARCHAR" else f"CAST({cell} AS VARCHAR)"


def _seconds(cell: str, sql_type: str) -> str:
    if sql_type == "VARCHAR":
        return f"TRY_CAST({cell} AS DOUBLE)"
    return f"CAST({cell} AS DOUBLE)" if _is_number(sql_type) else "NULL::DOUBLE"


def _time(cell: str, sql_type: str) -> str | None:
    """An instant. A time without a zone is in the engine's time zone, which is the shop's.

    When clocks go back, a time that occurs twice means the second; when they go forward, a skipped time means
    the hour after it.
    """
    if sql_type in ("DATE", "TIMESTAMP WITH TIME ZONE") or sql_type.startswith("TIMESTAMP"):
        local = cell if sql_type in ("DATE", "TIMESTAMP WITH TIME ZONE") else f"CAST({cell} AS TIMESTAMP)"
        return f"CAST({local} AS TIMESTAMPTZ)"
    seconds = _seconds(cell, sql_type)
    # A number such as 20170131 is an ISO 8601 date without hyphens, not seconds since 1970.
    number = f"""CASE
        WHEN {seconds} BETWEEN 19000101 AND 21001231
        THEN CAST(try_strptime(CAST(CAST({seconds} AS BIGINT) AS VARCHAR), '%Y%m%d') AS TIMESTAMPTZ)
        WHEN abs({seconds}) < {FIRST_MILLISECONDS} THEN to_timestamp({seconds}) END"""
    if _is_number(sql_type):
        return number
    if sql_type != "VARCHAR":
        return None
    instant = f"coalesce(TRY_CAST({cell} AS TIMESTAMPTZ), TRY_CAST({_spelled_out(cell)} AS TIMESTAMPTZ))"
    return f"CASE WHEN {seconds} IS NULL THEN {instant} ELSE {number} END"


def _spelled_out(cell: str) -> str:
    """ISO 8601 in the form that DuckDB reads: with hyphens, colons, seconds and a decimal point."""
    for pattern, replacement in (
        (",", "."),
        (r"^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)", r"\1-\2-\3T\4:\5"),
        (r"^(.{16})(\d\d)", r"\1:\2"),
        (r"^(.{10}[T ]\d\d:\d\d)(Z|[+-].*)$", r"\1:00\2"),
    ):
        cell = f"regexp_replace({cell}, {literal(pattern)}, {literal(replacement)})"
    return cell


def _end_time(cell: str, sql_type: str) -> str | None:
    """As `_time`; a date without a time means the end of that day."""
    instant = _time(cell, sql_type)
    if instant is None or sql_type == "TIMESTAMP WITH TIME ZONE" or sql_type.startswith("TIMESTAMP"):
        return instant
    is_date = "TRUE" if sql_type == "DATE" else f"length(trim(CAST({cell} AS VARCHAR))) IN (8, 10)"
    is_seconds = f"{_seconds(cell, sql_type)} > 21001231"
    is_day = f"{is_date} AND NOT coalesce({is_seconds}, FALSE)"
    return f"CASE WHEN {is_day} THEN {instant} + INTERVAL 1 DAY ELSE {instant} END"


def _event(cell: str, events: Mapping[str, str]) -> str:
    text = f"trim(CAST({cell} AS VARCHAR))"
    mapped = " ".join(
        f"WHEN {text} = {literal(theirs)} THEN {literal(ours)}" for theirs, ours in events.items()
    )
    ours = ", ".join(literal(event) for event in EVENTS)
    return f"CASE {mapped} WHEN lower({text}) IN ({ours}) THEN lower({text}) END"


def _flag(cell: str, sql_type: str) -> str | None:
    """True or false; a number, such as a stock level, is true if it is above 0."""
    if sql_type == "BOOLEAN":
        return cell
    if _is_number(sql_type):
        return f"{cell} > 0"
    if sql_type != "VARCHAR":
        return None
    text = f"lower(trim({cell}))"
    number = f"TRY_CAST({cell} AS DOUBLE)"
    return f"CASE WHEN {text} IN {_TRUE} THEN TRUE WHEN {text} IN {_FALSE} THEN FALSE ELSE {number} > 0 END"
