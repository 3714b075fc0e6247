"""Repeated ingests: the same export, more data, another source; and a killed ingest."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.contract import IngestError
from etl.ingest import LOCK, IngestOptions, ingest
from etl.pseudonyms import KEY_VARIABLE, load_key
from etl.tables import SCHEMAS, open_tables
from tests.etl.shop import Shop, day, rows

_HEADER = "item_id,timestamp,user_id\n"
_FIRST = f"{_HEADER}a,{day(1)},u\na,{day(1)},u\nb,{day(2)},u\n"


def _files(home: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (home / "tables").iterdir()}


def test_every_table_has_its_schema_and_user_ids_are_pseudonyms(shop: Shop) -> None:
    report = shop.write(interactions=_FIRST).ingest()

    for name, schema in SCHEMAS.items():
        assert report.tables.read(name).schema.equals(schema), name
    pseudonym = load_key(shop.home).pseudonym("u")
    assert rows(report, "users", "user_id", "attributes") == [(pseudonym, "{}")]
    assert {user for (user,) in rows(report, "interactions", "user_id")} == {pseudonym}
    assert rows(report, "interactions", "basket_id")[0] == (f"made:{pseudonym[:32]}:2026-03-01",)


def test_the_same_export_again_changes_nothing(shop: Shop) -> None:
    first = shop.write(interactions=_FIRST, items="item_id,title\na,A\n").ingest()
    before = _files(shop.home)

    again = shop.ingest()

    assert (first.changed, again.changed) == (True, False)
    assert again.tables.manifest == first.tables.manifest
    assert _files(shop.home) == before


def test_two_equal_lines_of_one_export_are_two_events(shop: Shop) -> None:
    report = shop.write(interactions=_FIRST).ingest()

    assert rows(report, "interactions", "item_id") == [("a",), ("a",), ("b",)]
    assert len(set(rows(report, "interactions", "event_key"))) == 3


def test_an_overlapping_export_adds_only_what_is_new(shop: Shop) -> None:
    shop.write(interactions=_FIRST).ingest()

    report = shop.write(interactions=f"{_HEADER}b,{day(2)},u\nc,{day(3)},v\n").ingest()

    assert report.changed
    assert rows(report, "interactions", "item_id") == [("a",), ("a",), ("b",), ("c",)]
    assert report.rows["users"] == 2


_EXPORTS = st.lists(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([1, 2])), min_size=1, max_size=6),
    min_size=1,
    max_size=2,
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(exports=_EXPORTS)
def test_an_overlap_keeps_the_larger_count_of_each_line(
    tmp_path_factory: pytest.TempPathFactory, exports: list[list[tuple[str, int]]]
) -> None:
    base = tmp_path_factory.mktemp("overlap")
    shop = Shop(base / "export", base / "home")

    for lines in [*exports, exports[0]]:
        text = "".join(f"{item},{day(number)},u\n" for item, number in lines)
        report = shop.write(interactions=_HEADER + text).ingest()

    found = sorted((item, at.day) for item, at in rows(report, "interactions", "item_id", "timestamp"))
    kinds = {line for lines in exports for line in lines}
    assert found == sorted(line for line in kinds for _ in range(max(lines.count(line) for lines in exports)))
    assert not report.changed


def test_an_event_id_is_the_key_of_its_line(shop: Shop) -> None:
    header = "item_id,timestamp,event_id\n"
    shop.write(interactions=f"{header}a,{day(1)},e1\na,{day(1)},e2\n").ingest()

    report = shop.write(interactions=f"{header}changed,{day(9)},e1\na,{day(1)},e3\n").ingest()

    assert rows(report, "interactions", "item_id") == [("a",)] * 3


def test_catalogue_rows_are_upserted_and_absence_deletes_nothing(shop: Shop) -> None:
    shop.write(
        interactions=_FIRST,
        items="item_id,title,category\na,Old,X > Y\nz,Stays,\n",
        users="user_id,city\nu,Rome\nw,Oslo\n",
        bundles="bundle_id,title\nb,Old\n",
        bundle_items="bundle_id,item_id,quantity\nb,a,1\nb,z,1\n",
    ).ingest()

    report = shop.write(
        items="item_id,title,category\na,New,X > Z\n",
        users="user_id,city\nu,Bern\n",
        bundles="bundle_id,title\nb,New\n",
        bundle_items="bundle_id,item_id,quantity\nb,a,2\n",
    ).ingest()

    assert rows(report, "items", "item_id", "title", "listed") == [
        ("a", "New", True), ("b", None, False), ("z", "Stays", True),
    ]  # fmt: skip
    assert rows(report, "categories", "category_id") == [("X",), ("X > Z",)]
    assert sorted(rows(report, "users", "attributes")) == [('{"city":"Bern"}',), ('{"city":"Oslo"}',)]
    assert rows(report, "bundles", "bundle_id", "title") == [("b", "New")]
    assert rows(report, "bundle_items", "item_id", "quantity") == [("a", 2.0), ("z", 1.0)]


def test_a_median_price_follows_new_lines_and_a_given_price_stays(shop: Shop) -> None:
    header = "item_id,timestamp,unit_price\n"
    shop.write(
        interactions=f"{header}a,{day(1)},1\nb,{day(1)},1\n", items="item_id,price\na,\nb,9\n"
    ).ingest()

    report = shop.write(interactions=f"{header}a,{day(2)},3\nb,{day(2)},3\n").ingest()

    assert rows(report, "items", "item_id", "price", "price_given") == [
        ("a", (1 + 3) / 2, False),
        ("b", 9, True),
    ]


def test_replace_starts_anew(shop: Shop) -> None:
    shop.write(interactions=_FIRST).ingest()

    report = shop.write(interactions=f"{_HEADER}c,{day(3)},v\n").ingest(replace=True)

    assert rows(report, "interactions", "item_id") == [("c",)]
    assert len(_files(shop.home)) == len(SCHEMAS) + len(["manifest.json"])


def test_another_source_is_refused_without_replace(shop: Shop, tmp_path: Path) -> None:
    shop.write(interactions=_FIRST).ingest()
    other = Shop(tmp_path / "other", shop.home).write(interactions=_FIRST)

    with pytest.raises(IngestError, match=r"made with SOURCE .*, this ingest has .*: use another --home"):
        other.ingest()

    assert other.ingest(replace=True).tables.manifest.source == str(tmp_path / "other")


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("currency = 'EUR'", "made with currency none, this ingest has EUR"),
        ("timezone = 'Asia/Tokyo'", "made with timezone UTC, this ingest has Asia/Tokyo"),
    ],
)
def test_a_home_has_one_currency_and_one_zone(shop: Shop, mapping: str, message: str) -> None:
    shop.write(interactions=_FIRST).ingest()

    with pytest.raises(IngestError, match=message):
        shop.write(mapping=mapping).ingest()


def test_another_pseudonym_key_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write(interactions=_FIRST).ingest()
    monkeypatch.setenv(KEY_VARIABLE, "another key entirely")

    with pytest.raises(IngestError, match="made with pseudonym key "):
        shop.ingest()


def test_another_basket_window_and_minimum_apply_to_existing_events(shop: Shop) -> None:
    shop.write(interactions=f"{_HEADER}a,2026-03-01T08:00Z,u\nb,2026-03-01T12:00Z,u\n")

    by_day = shop.ingest()
    assert len(set(rows(by_day, "interactions", "basket_id"))) == 1
    by_gap = shop.ingest(basket_window="2h")
    assert len(set(rows(by_gap, "interactions", "basket_id"))) == 2

    assert (by_day.rows["co_purchases"], by_gap.rows["co_purchases"]) == (1, 0)
    assert shop.ingest(min_baskets=2).rows["co_purchases"] == 0


def test_tables_are_equal_where_key_and_export_are(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "one key for both homes")
    shop.write(interactions=_FIRST)

    versions = {
        Shop(shop.folder, tmp_path / name).ingest().tables.manifest.tables_version for name in ("one", "two")
    }

    assert len(versions) == 1


def test_rejects_are_readable_by_their_owner_only(shop: Shop) -> None:
    shop.write(interactions=f"{_HEADER},{day(1)},secret\n")

    with pytest.raises(IngestError, match="interactions: 1 of 1 rows are bad"):
        shop.ingest()

    file = shop.home / "rejects.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    header, line = file.read_text().splitlines()
    assert header == "table,row,reason,data"
    assert line.startswith('interactions,1,item_id is missing,"{""item_id"":null,')
    assert '""user_id"":""secret""' in line


def test_a_second_ingest_at_the_same_time_is_refused(shop: Shop) -> None:
    shop.write(interactions=_FIRST)
    shop.home.mkdir()

    with (
        FileLock(shop.home / LOCK),
        pytest.raises(IngestError, match=r"another ingest is running on .*home: wait for it, then try again"),
    ):
        shop.ingest()


def test_damaged_tables_are_refused_and_replaced_on_demand(shop: Shop) -> None:
    shop.write(interactions=_FIRST).ingest()
    (shop.home / "tables" / "manifest.json").write_text("{")

    with pytest.raises(IngestError, match=r"manifest.json is damaged .*: run bundlegraph ingest --replace"):
        shop.ingest()

    assert shop.ingest(replace=True).changed


def test_a_home_that_is_a_file_is_refused(shop: Shop) -> None:
    shop.write(interactions=_FIRST)
    shop.home.write_text("not a folder")

    with pytest.raises(IngestError, match="cannot ingest"):
        shop.ingest()


def test_a_wrong_basket_window_is_refused(shop: Shop) -> None:
    shop.write(interactions=_FIRST)

    with pytest.raises(IngestError, match=r"expected --basket-window day, or a gap .*, found '4 hours'"):
        shop.ingest(basket_window="4 hours")


def test_the_report_and_the_manifest_agree(shop: Shop) -> None:
    stages: list[str] = []
    shop.write(interactions=f"{_HEADER}a,{day(1)},u\nb,{day(3)},\n,,\n")

    report = ingest(
        str(shop.folder), shop.home, options=IngestOptions(max_reject_share=0.5), progress=stages.append
    )

    manifest = json.loads((shop.home / "tables" / "manifest.json").read_text())
    assert manifest["first_at"] == "2026-03-01T10:00:00Z"
    assert manifest["last_at"] == "2026-03-03T10:00:00Z"
    assert manifest["num_baskets"] == 1
    assert manifest["rejected"] == report.rejects == {"interactions": 1}
    assert manifest["warnings"] == report.warnings
    assert {name: entry["rows"] for name, entry in manifest["tables"].items()} == report.rows
    assert stages[0] == "reading the export"
    assert report.seconds > 0


_KILLED = """
import os, signal, sys
from pathlib import Path
import etl.publish
from etl.ingest import IngestOptions, ingest

source, home, point = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
calls = 0

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def die_at(path, target, rename=Path.replace):
    global calls
    calls += target.parent.name == "tables"
    return die() if str(calls) == point else rename(path, target)

Path.replace = die_at
if point == "strays":
    etl.publish._remove_strays = die
ingest(source, home, options=IngestOptions(min_baskets=1), progress=lambda stage: stage == point and die())
"""

#: A step of the ingest; renames of table files; the rename of the manifest; the clean-up.
_POINTS = [
    pytest.param("writing tables", marks=pytest.mark.slow),
    "1",
    pytest.param("7", marks=pytest.mark.slow),
    "15",
    "strays",
]


@pytest.mark.parametrize("point", _POINTS)
def test_an_ingest_that_is_killed_leaves_usable_tables_and_completes_when_run_again(
    shop: Shop, point: str
) -> None:
    before = shop.write(interactions=_FIRST).ingest().tables.manifest
    shop.write(interactions=f"{_FIRST}c,{day(3)},v\n")

    killed = subprocess.run([sys.executable, "-c", _KILLED, shop.folder, shop.home, point], check=False)

    assert killed.returncode == -signal.SIGKILL
    there = open_tables(shop.home / "tables")
    assert all(there.read(name).num_rows == there.rows(name) for name in SCHEMAS)
    assert (there.manifest == before) == (point != "strays")
    report = shop.ingest()
    assert rows(report, "interactions", "item_id") == [("a",), ("a",), ("b",), ("c",)]
    assert set(_files(shop.home)) == {entry.file for entry in report.tables.manifest.tables.values()} | {
        "manifest.json"
    }
    assert not (shop.home / ".ingest").exists()
