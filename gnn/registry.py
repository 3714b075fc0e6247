"""The models of a home: version folders, a pointer file to the one in service, and the locks on both."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from gnn.artifact.files import MANIFEST, load_artifact, read_info
from gnn.artifact.model import ArtifactError, ArtifactInfo, ModelArtifact
from gnn.errors import TrainingError

#: JSON list of the versions that were promoted, the one in service last.
POINTER = "promoted.json"

#: Seconds to wait for another process that changes the pointer; a change takes milliseconds.
_POINTER_TIMEOUT_S = 10.0


@contextmanager
def training_lock(models: Path) -> Iterator[None]:
    """Allow one training at a time in the folder `models`, which is made where it does not exist.

    The lock ends with the process that holds it. The thread that holds it may take it again.

    Raises:
        TrainingError: If another process or thread trains there.
    """
    models.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(models.resolve() / ".training.lock", timeout=0, is_singleton=True):
            yield
    except Timeout as error:
        raise TrainingError(f"another training writes to {models}: wait until it ends") from error


def list_models(models: Path) -> list[str]:
    """Versions that the folder `models` holds, oldest first; empty where it does not exist."""
    if not models.is_dir():
        return []
    return sorted(
        folder.name
        for folder in models.iterdir()
        if not folder.name.startswith(".") and (folder / MANIFEST).is_file()
    )


def read_models(models: Path) -> tuple[list[ArtifactInfo], list[str]]:
    """The models that this version can read, oldest first, and a line for each that it skips.

    Skipped are damaged models and those of older formats.
    """
    infos, skipped = [], []
    for version in list_models(models):
        try:
            infos.append(read_info(models / version))
        except ArtifactError as error:
            skipped.append(f"model {version} is skipped: {error}")
    return infos, skipped


def promoted(models: Path) -> str | None:
    """The version in service, none before the first promotion.

    Raises:
        ArtifactError: If the pointer file is damaged.
    """
    history = _history(models)
    return history[-1] if history else None


def has_readable_promoted(models: Path) -> bool:
    """Whether a model is in service that this version can read: not damaged, not of an older format.

    Raises:
        ArtifactError: If the pointer file is damaged.
    """
    version = promoted(models)
    try:
        return version is not None and bool(read_info(models / version))
    except ArtifactError:
        return False


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
    with _pointer_lock(models):
        history = _history(models)
        if not history or history[-1] != version:
            _write(models, [*history, version])


def rollback(models: Path) -> str:
    """Put the version that served before back in service; returns it.

    Raises:
        ArtifactError: If none served before, or its folder is gone.
    """
    with _pointer_lock(models):
        history = _history(models)
        if len(history) < 2:
            in_service = f"before {history[-1]}" if history else f"in {models} yet"
            raise ArtifactError(f"no model served {in_service}: promote one by its version")
        _require(models, history[-2])
        _write(models, history[:-1])
    return history[-2]


def remove_unfinished(models: Path) -> None:
    """Delete the folders of saves that were killed; call it under `training_lock` only."""
    for folder in models.glob(".unfinished-*"):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _pointer_lock(models: Path) -> Iterator[None]:
    """Let one process at a time read and replace the pointer, so that no change is lost."""
    models.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(models / f".{POINTER}.lock", timeout=_POINTER_TIMEOUT_S):
            yield
    except Timeout as error:
        raise ArtifactError(f"another process changes {models / POINTER}: try again") from error


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
