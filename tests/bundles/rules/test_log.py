from __future__ import annotations

import multiprocessing
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from bundles.rules.decisions import NO_RULES
from bundles.rules.errors import AlreadyRevokedError, JournalError, UnknownDecisionError
from bundles.rules.log import DecisionLog
from tests.merchant import request

NOW = datetime(2026, 11, 22, 4, 17, 30, 999, tzinfo=timezone(timedelta(hours=1)))
DECISIONS_EACH, WRITERS = 10, 2


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DecisionLog]:
    log = DecisionLog(tmp_path, now=lambda: NOW)
    yield log
    log.close()


def test_a_decision_is_read_back_as_it_was_made(tmp_path: Path, log: DecisionLog) -> None:
    made = log.record(request("price", "面包", "butter", price=3.1, note="until May"))

    with closing(DecisionLog(tmp_path)) as other:
        assert other.history() == (made,)
    assert made.id == 1
    assert made.items == ("面包", "butter")
    assert (made.kind, made.price, made.made_by, made.note) == ("price", 3.1, "Ann", "until May")
    assert made.made_at == datetime(2026, 11, 22, 3, 17, 30, tzinfo=UTC)


def test_a_home_without_decisions_has_no_journal_and_imports_no_sqlalchemy(tmp_path: Path) -> None:
    statement = (
        "import sys; from pathlib import Path; from bundles.rules.log import DecisionLog\n"
        f"log = DecisionLog(Path({str(tmp_path)!r})); log.rules(); log.history()\n"
        "print('sqlalchemy' in sys.modules)"
    )

    found = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "False"
    assert DecisionLog(tmp_path).rules() is NO_RULES
    assert list(tmp_path.iterdir()) == []


def test_the_journal_is_the_owners_alone(tmp_path: Path, log: DecisionLog) -> None:
    log.record(request("ban", "wine"))

    files = list(tmp_path.iterdir())

    assert tmp_path / "journal.db" in files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_another_process_reads_a_decision_at_once(tmp_path: Path, log: DecisionLog) -> None:
    log.record(request("ban", "wine"))
    with closing(DecisionLog(tmp_path)) as other:
        assert [each.items for each in other.rules().decisions] == [("wine",)]

        log.record(request("ban", "beer"))
        assert [each.items for each in other.rules().decisions] == [("wine",), ("beer",)]

        log.revoke(1, revoked_by="Bo")
        assert [each.items for each in other.rules().decisions] == [("beer",)]


def test_the_word_is_one_object_while_nothing_changes(log: DecisionLog) -> None:
    log.record(request("ban", "wine"))
    rules = log.rules()

    assert log.rules() is rules
    log.record(request("ban", "beer"))
    assert log.rules() is not rules


def test_what_is_on_the_disk_outlives_a_writer_that_is_killed(tmp_path: Path) -> None:
    statement = (
        "import os; from pathlib import Path; from bundles.rules.log import DecisionLog\n"
        "from tests.merchant import request\n"
        f"DecisionLog(Path({str(tmp_path)!r})).record(request('ban', 'wine')); os._exit(9)"
    )

    assert subprocess.run([sys.executable, "-c", statement], check=False).returncode == 9

    with closing(DecisionLog(tmp_path)) as log:
        assert [each.items for each in log.history()] == [("wine",)]


def test_a_revocation_records_who_and_when_and_is_possible_once(log: DecisionLog) -> None:
    log.record(request("pin", "bread", "butter"))

    revoked = log.revoke(1, revoked_by="Bo")

    assert log.history() == (revoked,)
    assert (revoked.made_by, revoked.revoked_by) == ("Ann", "Bo")
    assert revoked.revoked_at == datetime(2026, 11, 22, 3, 17, 30, tzinfo=UTC)
    with pytest.raises(AlreadyRevokedError, match="decision 1 was revoked before, by Bo"):
        log.revoke(1, revoked_by="Cy")
    with pytest.raises(UnknownDecisionError, match="no decision 2"):
        log.revoke(2, revoked_by="Cy")
    assert log.history() == (revoked,)


def test_a_refused_revocation_leaves_the_version_as_it_was(log: DecisionLog) -> None:
    log.record(request("ban", "wine"))
    version = log.rules().version

    with pytest.raises(UnknownDecisionError):
        log.revoke(7, revoked_by="Bo")

    assert log.rules().version == version


def test_threads_that_decide_at_once_lose_nothing(tmp_path: Path, log: DecisionLog) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: log.record(request("ban", f"item {number}")), range(20)))

    assert {each.items[0] for each in log.history()} == {f"item {number}" for number in range(20)}
    assert [each.id for each in log.history()] == list(range(1, 21))


def decide_often(home: Path, writer: int) -> None:
    with closing(DecisionLog(home)) as log:
        for number in range(DECISIONS_EACH):
            log.record(request("ban", f"{writer}", f"item {number}"))


def test_processes_that_decide_at_once_lose_nothing_though_none_finds_a_journal(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=decide_often, args=(tmp_path, writer)) for writer in range(WRITERS)]
    for process in writers:
        process.start()
    for process in writers:
        process.join()

    assert [process.exitcode for process in writers] == [0] * WRITERS
    with closing(DecisionLog(tmp_path)) as log:
        history, rules = log.history(), log.rules()
    assert len({each.items for each in history}) == len(history) == DECISIONS_EACH * WRITERS
    assert rules.version == DECISIONS_EACH * WRITERS


def test_a_journal_restored_from_a_copy_is_what_counts(tmp_path: Path, log: DecisionLog) -> None:
    log.record(request("ban", "wine"))
    log.close()
    copy = (tmp_path / "journal.db").read_bytes()
    log.record(request("ban", "beer"))
    assert len(log.rules().decisions) == 2

    restored = tmp_path / "restored.db"
    restored.write_bytes(copy)
    for name in ("journal.db-wal", "journal.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    restored.replace(tmp_path / "journal.db")

    assert [each.items for each in log.rules().decisions] == [("wine",)]


def test_a_file_that_is_no_database_is_an_error_and_left_alone(tmp_path: Path, log: DecisionLog) -> None:
    file = tmp_path / "journal.db"
    file.write_text("what is this, and what has it to do with decisions? " * 10)
    before = file.read_bytes()

    with pytest.raises(JournalError, match=r"journal\.db cannot be used: file is not a database"):
        log.rules()
    with pytest.raises(JournalError, match="not a database"):
        log.record(request("ban", "wine"))
    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(JournalError, match="cannot be opened"):
        DecisionLog(tmp_path / "file" / "home").record(request("ban", "wine"))


def test_a_decision_of_a_later_version_is_an_error(tmp_path: Path, log: DecisionLog) -> None:
    log.record(request("ban", "wine"))
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection, connection:
        connection.execute("UPDATE decisions SET kind = 'hide'")

    with pytest.raises(JournalError, match="decision 1 in the journal is of another version"):
        log.history()


def test_a_transaction_is_on_the_disk_when_it_ends_and_readers_wait_for_no_writer(tmp_path: Path) -> None:
    from bundles.rules.journal import Journal

    with closing(Journal(tmp_path / "journal.db")) as journal, journal.writing() as writer:
        settings = {
            name: writer.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        with closing(DecisionLog(tmp_path)) as log:
            assert log.history() == ()

    # 2: FULL
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_the_tables_take_no_item_or_revocation_without_its_decision(tmp_path: Path, log: DecisionLog) -> None:
    from sqlalchemy import insert

    from bundles.rules.journal import Journal, decision_items

    log.record(request("ban", "wine"))
    with (
        closing(Journal(tmp_path / "journal.db")) as journal,
        pytest.raises(JournalError, match="FOREIGN KEY"),
        journal.writing() as connection,
    ):
        connection.execute(insert(decision_items).values(decision_id=9, position=0, item_id="x"))
