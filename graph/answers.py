"""Query answers in one form: whatever a store returns for a node, a number or a time, both return alike.

A node or relationship becomes its properties with its `label`; a path its `nodes` and `relationships`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pyarrow as pa

_RENAMED = {"_LABEL": "label", "_NODES": "nodes", "_RELS": "relationships"}
_INTERNAL = {"_ID", "_SRC", "_DST"}


def answer_table(columns: Mapping[str, Sequence[object]]) -> pa.Table:
    """A table of Python values; a column of values that have no common type becomes text."""
    return pa.table({name: _array(values) for name, values in columns.items()})


def plain_table(answer: pa.Table) -> pa.Table:
    """`answer` of LadybugDB without its internal ids, and with sums of integers as int64."""
    plain = answer
    for number, field in enumerate(answer.schema):
        if pa.types.is_nested(field.type) or pa.types.is_decimal(field.type):
            values = [_plain(value) for value in answer.column(number).to_pylist()]
            plain = plain.set_column(number, field.name, _array(values))
    return plain


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {_RENAMED.get(key, key): _plain(of) for key, of in value.items() if key not in _INTERNAL}
    if isinstance(value, list):
        return [_plain(of) for of in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _array(values: Sequence[object]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values])
