"""Which models are here and which one serves: version folders and a pointer file."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from gnn.artifact.files import MANIFEST, load_artifact
from gnn.artifact.model import ArtifactError, ModelArtifact

#: JSON list of the versions that were promoted, the one in service last.
POINTER = "promoted.json"


def list_models(models: Path) -> list[str]:
    """Versions that the folder `models` holds, oldest first; empty where it does not exist."""
    if not models.is_dir():
        return []
    return sorted(
        folder.name
        for folder in models.iterdir()
        if not folder.name.startswith(".") and (folder / MANIFEST).is_file()
    )


def promoted(models: Path) -> str | None:
    """The version in service, none before the first promotion.

    Raises:
        ArtifactError: If the pointer file is damaged.
    """
    history = _history(models)
    return history[-1] if history else None


def load_promoted(models: Path) -> ModelArtifact:
    """The artifact in service.

    Raises:
        ArtifactError: If none is, or it cannot be loaded.
    """
    version = promoted(models)
    if version is None:
        raise ArtifactError(f"no promoted model in {models}: run bundlegraph train")
    return load_artifact(models / version)


def promote(models: Path, version: str) -> None:
    """Put `version` in service.

    Raises:
        ArtifactError: If `models` has no such version.
    """
    _require(models, version)
    history = _history(models)
    if not history or history[-1] != version:
        _write(models, [*history, version])


def rollback(models: Path) -> str:
    """Put the version that served before back in service; returns it.

    Raises:
        ArtifactError: If none served before, or its folder is gone.
    """
    history = _history(models)
    if len(history) < 2:
        raise ArtifactError(f"no model served before {promoted(models)}: promote one by its version")
    _require(models, history[-2])
    _write(models, history[:-1])
    return history[-2]


def remove_unfinished(models: Path) -> None:
    """Delete what a killed save left behind."""
    for folder in models.glob(".unfinished-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _require(models: Path, version: str) -> None:
    known = list_models(models)
    if version not in known:
        raise ArtifactError(f"no model {version} in {models} (it has {', '.join(known) or 'none'})")


def _history(models: Path) -> list[str]:
    pointer = models / POINTER
    try:
        history = json.loads(pointer.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except ValueError as error:
        raise ArtifactError(f"{pointer} is damaged ({error}): delete it and promote a model") from error
    if not isinstance(history, list) or not all(isinstance(version, str) for version in history):
        raise ArtifactError(
            f"{pointer} is damaged (expected a list of versions): delete it and promote a model"
        )
    return history


def _write(models: Path, history: list[str]) -> None:
    """Replace the pointer in one rename, so that a reader sees the old or the new one."""
    unfinished = models / f".{POINTER}.{os.getpid()}"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(history, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(models / POINTER)
