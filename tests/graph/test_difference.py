from __future__ import annotations

import pyarrow as pa

from graph.difference import row_difference

SCHEMA = pa.schema([("key", pa.string()), ("price", pa.float64()), ("title", pa.string())])


def table(*rows: tuple[str, float | None, str | None]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA)


def test_new_and_changed_rows_are_written_and_unwanted_rows_deleted() -> None:
    wanted = table(("new", 1.0, None), ("same", 2.0, None), ("price", 3.0, "t"), ("emptied", 4.0, None))
    found = table(("same", 2.0, None), ("price", 3.5, "t"), ("emptied", 4.0, "t"), ("old", 5.0, None))

    change = row_difference(wanted, found, num_keys=1)

    assert change.to_write["key"].to_pylist() == ["new", "price", "emptied"]
    assert change.to_delete.to_pylist() == [{"key": "old"}]


def test_equal_tables_differ_in_nothing_in_whatever_order() -> None:
    rows = [("a", 0.1, "x"), ("b", None, None)]

    change = row_difference(table(*rows), table(*reversed(rows)), num_keys=1)

    assert (change.to_write.num_rows, change.to_delete.num_rows) == (0, 0)


def test_everything_is_written_to_an_empty_table_and_deleted_for_an_empty_one() -> None:
    rows = table(("a", 1.0, None))

    assert row_difference(rows, table(), num_keys=1).to_write.num_rows == 1
    assert row_difference(table(), rows, num_keys=1).to_delete.num_rows == 1


def test_lists_are_compared_by_their_values() -> None:
    columns = pa.schema([("key", pa.string()), ("counts", pa.list_(pa.int64()))])

    def counts(**by_key: list[int] | None) -> pa.Table:
        rows = [{"key": key, "counts": values} for key, values in by_key.items()]
        return pa.Table.from_pylist(rows, schema=columns)

    change = row_difference(
        counts(same=[1, 2], other=[1, 3], none=None, emptied=None),
        counts(same=[1, 2], other=[1, 2], none=None, emptied=[0]),
        num_keys=1,
    )

    assert change.to_write["key"].to_pylist() == ["other", "emptied"]
