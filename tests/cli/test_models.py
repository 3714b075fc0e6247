"""Commands on a home whose models folder holds a model of an older format, or is being trained in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import cli.retraining
from gnn.artifact.files import MANIFEST, save_artifact
from gnn.artifact.model import ArtifactInfo
from gnn.registry import promote, promoted, training_lock
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact
from tests.cli.conftest import Run, must, run_as_user

ARTIFACT = make_artifact(PlantedShop(items=[PlantedItem("a")]))


@pytest.fixture
def home(tmp_path: Path, run: Run) -> Path:
    """Tables of two orders, a model of the present format, and one of format 3 in service."""
    export = tmp_path / "export"
    export.mkdir()
    lines = ["item_id,timestamp,user_id,basket_id"]
    lines += [f"{item},2024-01-0{day}T10:00:00Z,ann,{day}" for day in (1, 2) for item in ("a", "b")]
    (export / "interactions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    home = tmp_path / "home"
    must(run("ingest", str(export), home=home))
    save(home, "20240101T000000Z-old")
    save(home, "20240102T000000Z-now")
    promote(home / "models", "20240101T000000Z-old")
    manifest = home / "models" / "20240101T000000Z-old" / MANIFEST
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format_version": 3}))
    return home


def save(home: Path, version: str) -> ArtifactInfo:
    artifact = replace(ARTIFACT, info=replace(ARTIFACT.info, model_version=version))
    save_artifact(artifact, home / "models")
    return artifact.info


def test_list_names_a_model_of_an_older_format_and_skips_it(home: Path, run: Run) -> None:
    completed = run("models", "list", "--json", home=home)

    assert completed.returncode == 0
    assert [model["model_version"] for model in json.loads(completed.stdout)] == ["20240102T000000Z-now"]
    assert "model 20240101T000000Z-old is skipped" in completed.stderr
    assert "found 3: run bundlegraph train" in completed.stderr


def test_retrain_does_not_compare_with_a_model_of_an_older_format(
    home: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.retraining, "run_train", lambda home, *_: save(home, "20240103T000000Z-new"))

    completed = run("retrain", "--json", home=home)

    assert completed.returncode == 0, completed.stderr
    decision = json.loads(completed.stdout)
    assert decision["was_in_service"] == "20240101T000000Z-old"
    assert decision["reason"] == "no model in service to compare with"
    assert "20240101T000000Z-old in service is not compared with" in completed.stderr
    assert promoted(home / "models") == "20240103T000000Z-new"


@pytest.mark.parametrize("command", ["train", "retrain"])
def test_a_second_training_ends_with_one_line_and_exit_code_2(command: str, home: Path) -> None:
    with training_lock(home / "models"):
        completed = run_as_user(command, home=home)

    assert completed.returncode == 2
    (line,) = completed.stderr.splitlines()
    assert f"another training writes to {home / 'models'}" in line
