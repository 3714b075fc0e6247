from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from gnn.artifact.files import MANIFEST, save_artifact
from gnn.artifact.model import ArtifactError, ModelArtifact
from gnn.errors import TrainingError
from gnn.registry import (
    POINTER,
    has_readable_promoted,
    list_models,
    promote,
    promoted,
    read_models,
    remove_unfinished,
    rollback,
    training_lock,
)
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


def test_a_promoted_model_of_an_older_format_is_not_readable(tmp_path: Path) -> None:
    assert not has_readable_promoted(tmp_path)
    save(tmp_path, "a")
    promote(tmp_path, "a")

    assert has_readable_promoted(tmp_path)
    (tmp_path / "a" / MANIFEST).write_text('{"format_version": 3}')
    assert not has_readable_promoted(tmp_path)


def test_models_of_older_formats_and_damaged_ones_are_skipped_by_name(tmp_path: Path) -> None:
    for version in ("a", "b", "c"):
        save(tmp_path, version)
    (tmp_path / "a" / MANIFEST).write_text('{"format_version": 3}')
    (tmp_path / "b" / MANIFEST).write_text("{")

    infos, (older, damaged) = read_models(tmp_path)

    assert [info.model_version for info in infos] == ["c"]
    assert "model a is skipped" in older
    assert "found 3: run bundlegraph train" in older
    assert "model b is skipped" in damaged


def run_python(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


PROMOTE_ALL = """
import sys
from pathlib import Path
from gnn.registry import promote
print("ready", flush=True)
sys.stdin.readline()
for version in sys.argv[2:]:
    promote(Path(sys.argv[1]), version)
"""


def test_promotions_of_several_processes_lose_none(tmp_path: Path) -> None:
    versions = [f"v{number:02}" for number in range(30)]
    for version in versions:
        (tmp_path / version).mkdir()
        (tmp_path / version / MANIFEST).write_text("{}")
    processes = [run_python(PROMOTE_ALL, str(tmp_path), *versions[part::3]) for part in range(3)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()

    threads = [threading.Thread(target=process.communicate, args=("go\n",)) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(json.loads((tmp_path / POINTER).read_text())) == versions


HOLD_LOCK = """
import sys
from pathlib import Path
from gnn.registry import training_lock
with training_lock(Path(sys.argv[1])):
    print("holds", flush=True)
    sys.stdin.readline()
"""


def test_a_second_training_of_a_home_is_refused_while_another_process_trains(tmp_path: Path) -> None:
    models = tmp_path / "models"
    with run_python(HOLD_LOCK, str(models)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holds\n"

        with (
            pytest.raises(TrainingError, match=rf"another training writes to {models}"),
            training_lock(models),
        ):
            pass
        with training_lock(tmp_path / "another"):
            process.kill()

    with training_lock(models), training_lock(models):
        pass  # A killed training leaves no lock, and its holder may take it again.


def test_a_second_thread_may_not_train_beside_the_first(tmp_path: Path) -> None:
    refused = threading.Event()

    def train() -> None:
        try:
            with training_lock(tmp_path):
                pass
        except TrainingError:
            refused.set()

    with training_lock(tmp_path):
        thread = threading.Thread(target=train)
        thread.start()
        thread.join()

    assert refused.is_set()
