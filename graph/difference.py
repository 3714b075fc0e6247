"""What to write and what to delete so that one table of rows becomes another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


@dataclass(frozen=True)
class Difference:
    """Rows to write and rows to delete, both in the order that they had."""

    written: pa.Table
    """Rows that are new or have another value."""
    gone: pa.Table
    """Keys of rows that are wanted no more."""


def difference(wanted: pa.Table, found: pa.Table, *, num_keys: int) -> Difference:
    """How `found` differs from `wanted`: tables of the same columns, the first `num_keys` of them the key.

    Keys are unique in each table. Empty equals empty; floats are equal when they are the same number.
    """
    keys = wanted.column_names[:num_keys]
    numbered_found = found.select(keys).append_column("row", _numbers(found.num_rows))
    numbered_wanted = wanted.select(keys).append_column("wanted_row", _numbers(wanted.num_rows))
    joined = numbered_wanted.join(numbered_found, keys, join_type="full outer")
    in_both = joined.filter(pc.and_(pc.is_valid(joined["row"]), pc.is_valid(joined["wanted_row"])))
    is_equal = np.zeros(wanted.num_rows, dtype=np.bool_)
    is_equal[in_both["wanted_row"].to_numpy()] = _equal_rows(
        wanted.take(in_both["wanted_row"]), found.take(in_both["row"]), first=num_keys
    )
    gone = joined.filter(pc.is_null(joined["wanted_row"]))["row"]
    return Difference(
        written=wanted.filter(pa.array(~is_equal)),
        gone=found.select(keys).take(gone.take(pc.sort_indices(gone))),
    )


def _numbers(num_rows: int) -> pa.Array:
    return pa.array(np.arange(num_rows, dtype=np.int64))


def _equal_rows(left: pa.Table, right: pa.Table, *, first: int) -> NDArray[np.bool_]:
    equal = np.ones(left.num_rows, dtype=np.bool_)
    for name in left.column_names[first:]:
        ours, theirs = _comparable(left[name]), _comparable(right[name])
        same = pc.fill_null(pc.equal(ours, theirs), False)
        both_empty = pc.and_(pc.is_null(ours), pc.is_null(theirs))
        equal &= pc.or_(same, both_empty).to_numpy(zero_copy_only=False)
    return equal


def _comparable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """`column` itself, or for lists, which Arrow does not compare, a text of each."""
    if not pa.types.is_list(column.type):
        return column
    texts = [None if value is None else repr(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])
