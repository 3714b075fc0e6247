"""The difference between two tables of rows: what to write and what to delete."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


@dataclass(frozen=True)
class Difference:
    """Rows to write and keys to delete, each in the order of its table."""

    to_write: pa.Table
    """Rows that are new or have another value."""
    to_delete: pa.Table
    """Keys of rows that are no longer wanted."""


def row_difference(wanted: pa.Table, found: pa.Table, *, num_keys: int) -> Difference:
    """What turns the rows `found` into the rows `wanted`.

    Both tables have the same columns; the first `num_keys` of them are the key, unique in each table. Null
    equals null; floats are equal only if they are the same number.
    """
    keys = wanted.column_names[:num_keys]
    numbered_found = found.select(keys).append_column("row", _row_numbers(found))
    numbered_wanted = wanted.select(keys).append_column("wanted_row", _row_numbers(wanted))
    joined = numbered_wanted.join(numbered_found, keys, join_type="full outer")
    in_both = joined.filter(pc.and_(pc.is_valid(joined["row"]), pc.is_valid(joined["wanted_row"])))
    is_equal = np.zeros(wanted.num_rows, dtype=np.bool_)
    is_equal[in_both["wanted_row"].to_numpy()] = _equal_rows(
        wanted.take(in_both["wanted_row"]), found.take(in_both["row"]), first_column=num_keys
    )
    unwanted = joined.filter(pc.is_null(joined["wanted_row"]))["row"]
    return Difference(
        to_write=wanted.filter(pa.array(~is_equal)),
        to_delete=found.select(keys).take(unwanted.take(pc.sort_indices(unwanted))),
    )


def _row_numbers(rows: pa.Table) -> pa.Array:
    return pa.array(np.arange(rows.num_rows, dtype=np.int64))


def _equal_rows(left: pa.Table, right: pa.Table, *, first_column: int) -> NDArray[np.bool_]:
    equal = np.ones(left.num_rows, dtype=np.bool_)
    for name in left.column_names[first_column:]:
        left_values, right_values = _comparable(left[name]), _comparable(right[name])
        both_equal = pc.fill_null(pc.equal(left_values, right_values), False)
        both_null = pc.and_(pc.is_null(left_values), pc.is_null(right_values))
        equal &= pc.or_(both_equal, both_null).to_numpy(zero_copy_only=False)
    return equal


def _comparable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """`column` itself, or text for lists, which Arrow cannot compare."""
    if not pa.types.is_list(column.type):
        return column
    texts = [None if value is None else repr(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])
