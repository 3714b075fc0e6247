"""BundleRec (bundles that people found in shopping sessions, Sun et al. 2022) as an ordinary export.

The items of a session are views. An annotated bundle is a basket, so that "bought together" means "bundled",
and also one of the shop's own bundles. Nobody chose a bundle: each is of one session.
The public files describe no item that is in no annotated bundle, so that a missing title gives an item away:
tasks over held-out sessions should leave such items out (`Session.described`).
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.quality.options import BenchmarkError

#: Commas within a name are followed by a space, those between the levels of a path are not.
_LEVELS = re.compile(r",(?! )")


@dataclass(frozen=True)
class Session:
    """The items that one user viewed on one day, and the bundles that annotators found among them."""

    session_id: str
    user_id: str
    timestamp: datetime
    items: tuple[str, ...]
    described: tuple[str, ...]
    """Those of `items` that have a title and a category."""
    bundles: tuple[tuple[str, frozenset[str]], ...]
    """Bundle id and items, all of them described items of the session; may be empty."""


@dataclass(frozen=True)
class BundleRec:
    """One data set of BundleRec."""

    sessions: Sequence[Session]
    """By number."""
    titles: dict[str, str]
    categories: dict[str, str]
    """Paths, levels joined by ` > `: the first that the public files name."""


def read_bundlerec(source: Path) -> BundleRec:
    """The public files in `source`.

    Raises:
        BenchmarkError: If a file is missing.
    """
    titles = dict(_rows(source, "item_titles"))
    categories = {item: category_path(text) for item, text in _rows(source, "item_categories")}
    items, contents, bundles = (
        _grouped(_rows(source, name)) for name in ("session_item", "bundle_item", "session_bundle")
    )
    sessions = [
        Session(
            session_id=session_id,
            user_id=user_id,
            timestamp=datetime.fromtimestamp(int(seconds), UTC),
            items=tuple(items[session_id]),
            described=tuple(item for item in items[session_id] if item in titles and item in categories),
            bundles=tuple((bundle, frozenset(contents[bundle])) for bundle in bundles[session_id]),
        )
        for user_id, session_id, seconds in _rows(source, "user_session")
    ]
    return BundleRec(sorted(sessions, key=lambda session: int(session.session_id)), titles, categories)


def category_path(text: str) -> str:
    """The first path of `[[A,B, C,D],[A,E]]` as `A > B, C > D`."""
    first = text.strip("[]").split("],[")[0].split("], [")[0]
    return " > ".join(_LEVELS.split(first))


def write_bundlerec(data: BundleRec, folder: Path, *, without: Collection[str]) -> None:
    """Write the export of `data` to `folder`, without the events of some sessions.

    Args:
        data: The data set.
        folder: Made; gets `interactions`, `items`, `bundles` and `bundle_items` as Parquet.
        without: Ids of the sessions; their items stay in the catalogue.
    """
    folder.mkdir(parents=True)
    sessions = [session for session in data.sessions if session.session_id not in without]
    bundles = [(session, bundle, sorted(items)) for session in sessions for bundle, items in session.bundles]
    views: list[tuple[object, ...]] = [
        (session.user_id, item, session.timestamp, "view", None)
        for session in sessions
        for item in session.items
    ]
    baskets: list[tuple[object, ...]] = [
        (session.user_id, item, session.timestamp, "purchase", bundle)
        for session, bundle, items in bundles
        for item in items
    ]
    described = [(item, title, data.categories.get(item)) for item, title in data.titles.items()]
    tables = {
        "interactions": _table(("user_id", "item_id", "timestamp", "event", "basket_id"), views + baskets),
        "items": _table(("item_id", "title", "category"), described),
        "bundles": _table(("bundle_id",), [(bundle,) for _, bundle, _ in bundles]),
        "bundle_items": _table(
            ("bundle_id", "item_id"), [(bundle, item) for _, bundle, items in bundles for item in items]
        ),
    }
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")


def _table(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> pa.Table:
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})


def _grouped(rows: Iterable[Sequence[str]]) -> defaultdict[str, list[str]]:
    """Second cells by first ones, in the order of the file, each once."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for key, value in rows:
        found[key][value] = None
    return defaultdict(list, {key: list(values) for key, values in found.items()})


def _rows(source: Path, name: str) -> list[list[str]]:
    """The cells of `name`.csv below its header."""
    try:
        with (source / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))[1:]
    except FileNotFoundError as error:
        raise BenchmarkError(f"expected {name}.csv in {source}, found none") from error
