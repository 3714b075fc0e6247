from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gnn.artifact.files import save_artifact
from gnn.artifact.model import ArtifactError, ModelArtifact
from gnn.registry import POINTER, list_models, promote, promoted, remove_unfinished, rollback
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

ARTIFACT = make_artifact(PlantedShop(items=[PlantedItem("a")]))


def save(models: Path, version: str) -> ModelArtifact:
    artifact = replace(ARTIFACT, info=replace(ARTIFACT.info, model_version=version))
    save_artifact(artifact, models)
    return artifact


def test_models_are_listed_oldest_first_without_unfinished_ones(tmp_path: Path) -> None:
    for version in ("20240102T000000Z-b", "20240101T000000Z-a"):
        save(tmp_path, version)
    (tmp_path / ".unfinished-x").mkdir()
    (tmp_path / "notes").mkdir()

    assert list_models(tmp_path) == ["20240101T000000Z-a", "20240102T000000Z-b"]
    assert list_models(tmp_path / "nowhere") == []


def test_nothing_serves_before_the_first_promotion(tmp_path: Path) -> None:
    assert promoted(tmp_path) is None


def test_a_rollback_puts_the_model_before_back_into_service(tmp_path: Path) -> None:
    for version in ("a", "b"):
        save(tmp_path, version)
        promote(tmp_path, version)
    assert promoted(tmp_path) == "b"

    assert rollback(tmp_path) == "a"

    assert promoted(tmp_path) == "a"
    with pytest.raises(ArtifactError, match="no model served before a"):
        rollback(tmp_path)


def test_promoting_what_serves_already_leaves_the_history_as_it_is(tmp_path: Path) -> None:
    for version in ("a", "b"):
        save(tmp_path, version)
        promote(tmp_path, version)

    promote(tmp_path, "b")

    assert rollback(tmp_path) == "a"


def test_an_unknown_version_is_refused_by_name(tmp_path: Path) -> None:
    save(tmp_path, "a")

    with pytest.raises(ArtifactError, match=r"no model nope in .* \(it has a\)"):
        promote(tmp_path, "nope")


@pytest.mark.parametrize("text", ["{", '{"a": 1}', "[1]"])
def test_a_damaged_pointer_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / POINTER).write_text(text)

    with pytest.raises(ArtifactError, match=r"promoted\.json is damaged"):
        promoted(tmp_path)


def test_what_a_killed_save_left_is_removed_and_models_stay(tmp_path: Path) -> None:
    save(tmp_path, "a")
    (tmp_path / ".unfinished-b").mkdir()

    remove_unfinished(tmp_path)

    assert not (tmp_path / ".unfinished-b").exists()
    assert list_models(tmp_path) == ["a"]
