"""The command of the quality benchmarks, and how a report is printed and kept."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from benchmarks.quality import __main__ as command
from benchmarks.quality import report as report_module
from benchmarks.quality.markdown import markdown, mean_cell
from benchmarks.quality.options import DATA_VARIABLE, BenchmarkError, Options
from benchmarks.quality.report import ProtocolReport, gather, ours_minus
from gnn.evaluation.metrics import Interval

REPORT = ProtocolReport(
    protocol="Z",
    title="finding z",
    measures="One z is hidden.",
    metrics=("hr@10", "mrr"),
    ours="served",
    models={
        "popularity": {"hr@10": [0.1], "mrr": [0.05]},
        "served": {"hr@10": [0.2, 0.4], "mrr": [0.1, 0.1]},
    },
    seeds=2,
    seconds=[10, 20],
    slices={"cold": (7, {"served": {"hr@10": [0.5, 0.5]}})},
    intervals={"mrr": {"popularity": Interval(0.05, 0.01, 0.09)}},
    targets={"served/hr@10": 0.3, "cold/served/hr@10": 0.6},
    notes=["The probe is beaten."],
    peak_gib=1.25,
)


@pytest.fixture
def protocol(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """A protocol Z, and a folder of its own for what is kept."""
    module = ModuleType("benchmarks.quality.protocol_z")
    module.run = lambda options: REPORT  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(command, "protocols", lambda: ["Z"])
    monkeypatch.setattr(report_module, "JSON_FOLDER", tmp_path)
    monkeypatch.setattr(report_module, "commit", lambda: "abc1234")
    monkeypatch.setattr("benchmarks.results.commit", lambda: "abc1234")
    monkeypatch.setattr("benchmarks.results.RESULTS", tmp_path / "results.md")
    return module


def test_a_run_prints_its_tables_and_keeps_them(
    protocol: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command.main(["z", "--seeds", "2"])

    printed = capsys.readouterr().out
    assert "| served | 0.3000 ± 0.1414 | 0.1000 |" in printed
    kept = json.loads((tmp_path / "quality_z.json").read_text(encoding="utf-8"))
    assert kept["commit"] == "abc1234"
    assert (kept["seeds"], kept["seconds"], kept["peak_gib"]) == (2, [10, 20], 1.25)
    section = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "## Quality: protocol Z, finding z" in section
    assert "`python -m benchmarks.quality Z --seeds 2 --config standard` · commit abc1234" in section
    assert printed.strip() in section


@pytest.mark.parametrize("option", [["--print-only"], ["--baselines", "none"], ["--baselines", "closed"]])
def test_a_run_that_only_prints_or_leaves_baselines_out_keeps_nothing(
    protocol: ModuleType, option: list[str], tmp_path: Path
) -> None:
    command.main(["Z", *option])

    assert list(tmp_path.iterdir()) == []


def test_a_protocol_reads_which_baselines_to_fit(protocol: ModuleType) -> None:
    found: list[str] = []

    def run(options: Options) -> ProtocolReport:
        found.append(options.baselines)
        return REPORT

    protocol.run = run  # type: ignore[attr-defined]  # a module made here
    command.main(["Z", "--print-only"])
    command.main(["Z", "--baselines", "closed"])

    assert found == ["all", "closed"]


@pytest.mark.parametrize("given", [[], ["--data", "here"]], ids=["no folder", "not in the folder"])
def test_a_missing_data_set_is_one_line_and_exit_code_two(
    protocol: ModuleType,
    given: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    protocol.run = lambda options: options.dataset("zebras")  # type: ignore[attr-defined]  # a module made here

    with pytest.raises(SystemExit) as ended:
        command.main(["Z", *given])

    assert ended.value.code == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "--data FOLDER" in complaint


def test_the_environment_names_the_data_where_the_command_does_not(
    protocol: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zebras").mkdir()
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    found: list[Path] = []

    def run(options: Options) -> ProtocolReport:
        found.append(options.dataset("zebras"))
        return REPORT

    protocol.run = run  # type: ignore[attr-defined]  # a module made here
    command.main(["Z", "--print-only"])

    assert found == [tmp_path / "zebras"]


def test_a_data_set_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "zebras").write_text("")

    with pytest.raises(BenchmarkError, match="expected a folder zebras"):
        Options(tmp_path, 1, "demo", tmp_path, tmp_path).dataset("zebras")


def test_targets_are_met_by_the_mean() -> None:
    lines = list(markdown(REPORT))

    assert "| served/hr@10 | 0.3000 | 0.3000 ± 0.1414 | met |" in lines
    assert "| cold/served/hr@10 | 0.6000 | 0.5000 | not met |" in lines


def test_every_part_of_the_report_is_printed() -> None:
    text = "\n".join(markdown(replace(REPORT, ablations={"no z": {"mrr": [0.01]}}, validation=REPORT.models)))

    for expected in (
        "2 runs, seeds 0 to 1, 15 s each (all baselines included), peak 1.2 GiB",
        "**Slice of test: cold, 7 queries**",
        "| served | 0.5000 | – |",
        "| popularity | +0.0500 | +0.0100 | +0.0900 |",
        "**Validation**",
        "| no z | – | 0.0100 |",
        "The probe is beaten.",
    ):
        assert expected in text


def test_a_target_of_a_row_that_is_not_there_fails() -> None:
    with pytest.raises(KeyError, match="gnn"):
        REPORT.values("gnn/mrr")


def test_runs_are_gathered_by_model_and_metric() -> None:
    runs = [{"served": {"mrr": 0.1}}, {"served": {"mrr": 0.3}}]

    assert gather(runs) == {"served": {"mrr": [0.1, 0.3]}}


@pytest.mark.parametrize(
    ("values", "text"), [([], "–"), ([0.5], "0.5000"), ([0.5, 0.5], "0.5000"), ([0, 1], "0.5000 ± 0.7071")]
)
def test_a_cell_is_a_mean_with_the_deviation_of_the_runs(values: list[float], text: str) -> None:
    assert mean_cell(values) == text


def test_a_protocol_can_be_run_where_it_has_a_module() -> None:
    assert "B" in command.protocols()


def test_ours_minus_each_other_model_is_paired_over_queries() -> None:
    found = ours_minus({"ours": np.array([1.0, 0.0]), "theirs": np.array([0.5, -0.5])}, ours="ours")

    assert found == {"theirs": Interval(0.5, 0.5, 0.5)}
