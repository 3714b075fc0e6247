"""Amazon Beauty (5-core reviews and "also" links of 2014) as an ordinary export.

The public files give the order of a user's reviews, not their times: here each user's last item falls on
`LAST_DAY`, the one before on the day before, and so on back. So a split by time leaves the last out.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.quality.options import BenchmarkError

LAST_DAY = datetime(2014, 7, 23, tzinfo=UTC)

#: Each user's last item is an event from `TEST_FROM` on, the one before from `VALIDATION_FROM` on.
VALIDATION_FROM, TEST_FROM = LAST_DAY - timedelta(days=1), LAST_DAY

ALSO_BOUGHT, BOUGHT_TOGETHER = "also_bought", "bought_together"

#: Two item ids, the lower first.
Pair = tuple[str, str]


def write_amazon_beauty(source: Path, folder: Path, *, hidden: Collection[Pair] = ()) -> None:
    """Write the export of the public files in `source` to `folder`.

    Args:
        source: Holds `product.txt.gz` and its fellows.
        folder: Made; gets `interactions`, `items` and `item_links` as Parquet.
        hidden: Pairs that no link of any kind and direction may name.

    Raises:
        BenchmarkError: If a file is missing.
    """
    folder.mkdir(parents=True)
    pq.write_table(_interactions(source), folder / "interactions.parquet")
    pq.write_table(_items(source), folder / "items.parquet")
    pq.write_table(_links(source, frozenset(hidden)), folder / "item_links.parquet")


def bought_together(source: Path) -> list[Pair]:
    """Undirected pairs of the catalogue that the shop lists as bought together, sorted.

    Raises:
        BenchmarkError: If a file is missing.
    """
    known = set(_lines(source, "product"))
    links = _links_of_kind(source, BOUGHT_TOGETHER)
    return sorted({_pair(item, other) for item, other in links if other in known and item != other})


def categories(source: Path) -> dict[str, frozenset[str]]:
    """The categories of each item, without the root that all share.

    Raises:
        BenchmarkError: If a file is missing.
    """
    paths = zip(_lines(source, "product"), _paths(source), strict=True)
    return {item: frozenset(path) for item, path in paths}


def _interactions(source: Path) -> pa.Table:
    sequences = [line.split() for line in _lines(source, "user_sequence")]
    noon = LAST_DAY + timedelta(hours=12)
    events = [
        {"user_id": user, "item_id": item, "timestamp": noon - timedelta(days=len(items) - place)}
        for user, *items in sequences
        for place, item in enumerate(items, start=1)
    ]
    return pa.Table.from_pylist(events)


def _items(source: Path) -> pa.Table:
    brands = _lines(source, "brand")
    of_item = [[brands[int(number)] for number in line.split()] for line in _lines(source, "brand_p_b")]
    return pa.table(
        {
            "item_id": _lines(source, "product"),
            "category": [" > ".join(path) for path in _paths(source)],
            "brand": pa.array([named[0] if named else None for named in of_item], pa.string()),
        }
    )


def _links(source: Path, hidden: frozenset[Pair]) -> pa.Table:
    links = {
        (item, other, kind): None
        for kind in (ALSO_BOUGHT, BOUGHT_TOGETHER)
        for item, other in _links_of_kind(source, kind)
        if item != other and _pair(item, other) not in hidden
    }
    columns = zip(*links, strict=True)
    return pa.table(dict(zip(("item_id", "related_item_id", "kind"), map(list, columns), strict=True)))


def _links_of_kind(source: Path, kind: str) -> Iterator[Pair]:
    related = _lines(source, "related_product")
    for item, line in zip(_lines(source, "product"), _lines(source, f"{kind}_p_p"), strict=True):
        for number in line.split():
            yield item, related[int(number)]


def _paths(source: Path) -> list[list[str]]:
    """The categories of each product from wide to narrow: the files list them in no order.

    A category above another holds more products. The root holds all and is left out: it is the shop itself.
    """
    names = _lines(source, "category")
    of_item = [{int(number) for number in line.split()} for line in _lines(source, "category_p_c")]
    sizes = Counter(number for numbers in of_item for number in numbers)
    return [
        [names[number] for number in sorted(numbers, key=lambda one: (-sizes[one], one)) if number]
        for numbers in of_item
    ]


def _pair(item: str, other: str) -> Pair:
    return (item, other) if item < other else (other, item)


def _lines(source: Path, name: str) -> list[str]:
    try:
        with gzip.open(source / f"{name}.txt.gz", "rt", encoding="utf-8") as file:
            return [line.rstrip("\n") for line in file]
    except FileNotFoundError as error:
        raise BenchmarkError(f"expected {name}.txt.gz in {source}, found none") from error
