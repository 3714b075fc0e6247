"""Youshu (book lists of a reading site, Chen et al. 2019) as an ordinary export.

The public files give the part of the split that a choice is in, not its time: here each part is a day. The
training part falls on `LEARNED_DAY`, validation on the next day and test on the one after, so that a split by
time is the given one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.quality.options import BenchmarkError

LEARNED_DAY = datetime(2017, 1, 1, tzinfo=UTC)

#: `user_bundle_tune` is events from `VALIDATION_FROM` on, `user_bundle_test` from `TEST_FROM` on.
VALIDATION_FROM, TEST_FROM = LEARNED_DAY + timedelta(days=1), LEARNED_DAY + timedelta(days=2)

_NOON = timedelta(hours=12)


def write_youshu(source: Path, folder: Path) -> None:
    """Write the export of the public files in `source` to `folder`.

    Args:
        source: Holds `Youshu_data_size.txt` and its fellows.
        folder: Made; gets `interactions`, `items`, `bundles`, `bundle_items` and `bundle_interactions` as
            Parquet. Ids are the numbers of the public files.

    Raises:
        BenchmarkError: If a file is missing.
    """
    folder.mkdir(parents=True)
    _, num_bundles, num_items = _read(source, "Youshu_data_size")[0]
    tables = {
        "interactions": _events(_read(source, "user_item"), "item_id", LEARNED_DAY),
        "items": pa.table({"item_id": _ids(np.arange(num_items))}),
        "bundles": pa.table({"bundle_id": _ids(np.arange(num_bundles))}),
        "bundle_items": _pairs(_read(source, "bundle_item"), ("bundle_id", "item_id")),
        "bundle_interactions": pa.concat_tables(
            _events(_read(source, f"user_bundle_{part}"), "bundle_id", day)
            for part, day in (("train", LEARNED_DAY), ("tune", VALIDATION_FROM), ("test", TEST_FROM))
        ),
    }
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")


def _events(pairs: NDArray[np.int64], target: str, day: datetime) -> pa.Table:
    times = pa.array([day + _NOON] * len(pairs), pa.timestamp("us", tz="UTC"))
    return _pairs(pairs, ("user_id", target)).append_column("timestamp", times)


def _pairs(pairs: NDArray[np.int64], names: tuple[str, str]) -> pa.Table:
    return pa.table({name: _ids(column) for name, column in zip(names, pairs.T, strict=True)})


def _ids(numbers: NDArray[np.int64]) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def _read(source: Path, name: str) -> NDArray[np.int64]:
    try:
        return np.loadtxt(source / f"{name}.txt", dtype=np.int64, delimiter="\t", ndmin=2)
    except FileNotFoundError as error:
        raise BenchmarkError(f"expected {name}.txt in {source}, found none") from error
