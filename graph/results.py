"""Query results in one form, whichever store they come from.

A node or relationship becomes a dictionary of its properties and its `label`; a path becomes its `nodes` and
`relationships`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pyarrow as pa

_RENAMED = {"_LABEL": "label", "_NODES": "nodes", "_RELS": "relationships"}
_INTERNAL = {"_ID", "_SRC", "_DST"}


def result_table(columns: Mapping[str, Sequence[object]]) -> pa.Table:
    """A table of Python values; a column whose values have no common type becomes text."""
    return pa.table({name: _array(values) for name, values in columns.items()})


def normalise_result(result: pa.Table) -> pa.Table:
    """A LadybugDB `result` without internal ids, and with sums of integers as int64."""
    for number, field in enumerate(result.schema):
        if pa.types.is_nested(field.type) or pa.types.is_decimal(field.type):
            values = [_normalise(value) for value in result.column(number).to_pylist()]
            result = result.set_column(number, field.name, _array(values))
    return result


def _normalise(value: object) -> object:
    if isinstance(value, dict):
        return {
            _RENAMED.get(key, key): _normalise(inner) for key, inner in value.items() if key not in _INTERNAL
        }
    if isinstance(value, list):
        return [_normalise(inner) for inner in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _array(values: Sequence[object]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values])
