"""Model artifacts on disk: an immutable folder for each, read by memory mapping with NumPy alone.

Each array of a component is one `.npy` file, `component.column.npy`; nested containers add a level to the
name. `manifest.json` holds all other values, hashes, configuration, metrics and versions. A folder is written
under a temporary name and renamed when it is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import ArtifactError, ArtifactInfo, ModelArtifact
from gnn.scoring.containers import TextColumn

FORMAT_VERSION = 5
MANIFEST = "manifest.json"

Artifact = TypeVar("Artifact", bound=ModelArtifact)


def save_artifact(artifact: ModelArtifact, models: Path) -> Path:
    """Write `artifact` to the folder `models`/`model_version`, whole or not at all.

    Raises:
        ArtifactError: If that version is there already.
    """
    folder = models / artifact.info.model_version
    if folder.exists():
        raise ArtifactError(f"model {artifact.info.model_version} is there already: {folder}")
    unfinished = models / f".unfinished-{artifact.info.model_version}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    arrays, values = _flat(artifact)
    for name, array in arrays.items():
        np.save(unfinished / f"{name}.npy", array, allow_pickle=False)
    manifest = {
        "format_version": FORMAT_VERSION,
        "info": asdict(artifact.info),
        "values": values,
        "sha256": {file.name: _sha256(file) for file in sorted(unfinished.glob("*.npy"))},
    }
    with (unfinished / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder)
    return folder


def read_info(folder: Path) -> ArtifactInfo:
    """Identity, configuration and metrics of the model in `folder`, without its arrays.

    Raises:
        ArtifactError: If there is no artifact of this format.
    """
    return _info(folder, _read_manifest(folder))


def load_artifact(folder: Path) -> ModelArtifact:
    """The artifact in `folder`, its hashes checked, its arrays memory-mapped.

    Raises:
        ArtifactError: If it is missing, of another format, or a file differs from its hash.
    """
    return load_as(folder, ModelArtifact)


def load_as(folder: Path, kind: type[Artifact]) -> Artifact:
    """`load_artifact` for an artifact with further components; its fields say which."""
    manifest = _read_manifest(folder)
    for name, expected in manifest["sha256"].items():
        try:
            found = _sha256(folder / name)
        except FileNotFoundError as error:
            raise ArtifactError(f"{name} is missing in {folder}: train again or roll back") from error
        if found != expected:
            raise ArtifactError(f"{name} in {folder} is damaged (its hash differs): train again or roll back")
    components = {
        name: _read(folder, name, component, manifest["values"])
        for name, component in get_type_hints(kind).items()
        if name != "info"
    }
    return kind(info=_info(folder, manifest), **components)


def _flat(artifact: ModelArtifact) -> tuple[dict[str, NDArray[np.generic]], dict[str, object]]:
    """Arrays and other values of all components, by name."""
    arrays: dict[str, NDArray[np.generic]] = {}
    values: dict[str, object] = {}

    def add(name: str, value: object) -> None:
        if isinstance(value, TextColumn):
            add(f"{name}.blob", value.blob)
            add(f"{name}.offsets", value.offsets)
        elif isinstance(value, np.ndarray):
            arrays[name] = value
        elif is_dataclass(value):
            for column in fields(value):
                add(f"{name}.{column.name}", getattr(value, column.name))
        else:
            values[name] = value

    for field in fields(artifact):
        if field.name != "info":
            add(field.name, getattr(artifact, field.name))
    return arrays, values


def _read(folder: Path, name: str, kind: type, values: Mapping[str, object]) -> Any:
    """The component or column `name` of type `kind`."""
    if kind is TextColumn:
        return TextColumn(_open(folder / f"{name}.blob.npy"), _open(folder / f"{name}.offsets.npy"))
    if is_dataclass(kind):
        return kind(
            **{
                column: _read(folder, f"{name}.{column}", of, values)
                for column, of in get_type_hints(kind).items()
            }
        )
    if name in values:
        value = values[name]
        return tuple(value) if isinstance(value, list) else value
    return _open(folder / f"{name}.npy")


def _info(folder: Path, manifest: Mapping[str, Any]) -> ArtifactInfo:
    try:
        return ArtifactInfo(**manifest["info"])
    except (KeyError, TypeError) as error:
        raise ArtifactError(f"{folder / MANIFEST} is damaged ({error}): train again or roll back") from error


def _open(file: Path) -> NDArray[Any]:
    # The view drops the memmap subclass, whose indexing costs microseconds a call; the mapping stays.
    array: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    return array


def _read_manifest(folder: Path) -> Mapping[str, Any]:
    try:
        manifest: Mapping[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactError(f"no model in {folder}: run bundlegraph train") from error
    except ValueError as error:
        raise ArtifactError(f"{folder / MANIFEST} is damaged ({error}): train again or roll back") from error
    if manifest.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"expected model format {FORMAT_VERSION} in {folder}, "
            f"found {manifest.get('format_version')}: run bundlegraph train"
        )
    return manifest


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
