"""Options and folders of the benchmarks' commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.commands import add_config, home_parser, running
from etl.errors import StageError


def test_without_a_home_tables_are_kept_in_a_folder_that_is_deleted_afterwards() -> None:
    parser = home_parser("Measures.")

    with running(parser, parser.parse_args([]).home) as (home, scratch):
        assert home.parent == scratch
        assert scratch.is_dir()

    assert not scratch.exists()


def test_a_home_that_was_named_stays(tmp_path: Path) -> None:
    parser = home_parser("Measures.")

    with running(parser, parser.parse_args(["--home", str(tmp_path)]).home) as (home, scratch):
        (scratch / "checkpoint.pt").write_text("")

    assert home == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_stage_that_cannot_run_is_one_line_and_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, running(home_parser("Measures.", prog="measure"), None):
        raise StageError("no tables: ingest them")

    assert ended.value.code == 2
    assert capsys.readouterr().err == "measure: no tables: ingest them\n"


def test_a_configuration_is_one_that_has_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    parser = home_parser("Measures.")
    add_config(parser, default="demo")

    assert parser.parse_args([]).config == "demo"
    assert parser.parse_args(["--config", "standard"]).config == "standard"
    with pytest.raises(SystemExit):
        parser.parse_args(["--config", "another"])
    assert "'demo', 'standard'" in capsys.readouterr().err
