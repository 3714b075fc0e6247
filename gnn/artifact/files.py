"""Model artifacts on disk: an immutable folder for each, read by memory mapping with NumPy alone.

Each column of a part is one `.npy` file named `part.column.npy`. `manifest.json` holds the hashes, the
configuration, the metrics and the versions. A folder is written under a temporary name and renamed when it
is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, fields
from pathlib import Path
from typing import get_type_hints

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import (
    ArtifactError,
    ArtifactInfo,
    Catalogue,
    Categories,
    CategoryLinks,
    CategoryPairs,
    CoPurchases,
    Histories,
    ItemModel,
    ModelArtifact,
    PredictedLinks,
    Promotions,
    ShopBundles,
)
from gnn.scoring.bundle_model import BundleModel
from gnn.scoring.cold_model import ColdModel
from gnn.scoring.content_links import ContentLinks
from gnn.scoring.encoder_parts import EncoderParts
from gnn.scoring.seasons_model import Seasons
from gnn.scoring.sequence_model import SequenceModel
from gnn.scoring.substitutes_model import Substitutes
from gnn.scoring.text_column import TextColumn

FORMAT_VERSION = 4
MANIFEST = "manifest.json"

_PARTS = {
    "catalogue": Catalogue,
    "categories": Categories,
    "co_purchases": CoPurchases,
    "category_pairs": CategoryPairs,
    "category_links": CategoryLinks,
    "histories": Histories,
    "model": ItemModel,
    "predicted_links": PredictedLinks,
    "substitutes": Substitutes,
    "seasons": Seasons,
    "promotions": Promotions,
    "bundles": ShopBundles,
    "bundle_model": BundleModel,
    "sequence_model": SequenceModel,
    "cold_model": ColdModel,
    "content_links": ContentLinks,
    "encoder": EncoderParts,
}


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
    for part in _PARTS:
        for name, array in _arrays(part, getattr(artifact, part)).items():
            np.save(unfinished / f"{name}.npy", array, allow_pickle=False)
    manifest = {
        "format_version": FORMAT_VERSION,
        "info": asdict(artifact.info),
        "sha256": {file.name: _sha256(file) for file in sorted(unfinished.glob("*.npy"))},
    }
    with (unfinished / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder)
    return folder


def read_info(folder: Path) -> ArtifactInfo:
    """What the model in `folder` says of itself, without its arrays.

    Raises:
        ArtifactError: If there is no artifact of this format.
    """
    return _info(folder, _read_manifest(folder))


def load_artifact(folder: Path) -> ModelArtifact:
    """The artifact in `folder`, its hashes checked, its arrays memory-mapped.

    Raises:
        ArtifactError: If it is missing, of another format, or a file differs from its hash.
    """
    manifest = _read_manifest(folder)
    for name, expected in manifest["sha256"].items():
        try:
            found = _sha256(folder / name)
        except FileNotFoundError as error:
            raise ArtifactError(f"{name} is missing in {folder}: train again or roll back") from error
        if found != expected:
            raise ArtifactError(f"{name} in {folder} is damaged (its hash differs): train again or roll back")
    parts = {part: _read_part(folder, part, kind) for part, kind in _PARTS.items()}
    return ModelArtifact(info=_info(folder, manifest), **parts)  # type: ignore[arg-type]  # as _PARTS says


def _arrays(part: str, values: object) -> dict[str, NDArray[np.generic]]:
    arrays: dict[str, NDArray[np.generic]] = {}
    for column in fields(values):  # type: ignore[arg-type]  # every part is a dataclass
        value = getattr(values, column.name)
        if isinstance(value, TextColumn):
            arrays[f"{part}.{column.name}.blob"] = value.blob
            arrays[f"{part}.{column.name}.offsets"] = value.offsets
        else:
            arrays[f"{part}.{column.name}"] = value
    return arrays


def _read_part(folder: Path, part: str, kind: type) -> object:
    columns: dict[str, object] = {}
    for name, column_type in get_type_hints(kind).items():
        if column_type is TextColumn:
            blob = _open(folder / f"{part}.{name}.blob.npy")
            offsets = _open(folder / f"{part}.{name}.offsets.npy")
            columns[name] = TextColumn(blob, offsets)  # type: ignore[arg-type]  # saved from a TextColumn
        else:
            columns[name] = _open(folder / f"{part}.{name}.npy")
    return kind(**columns)


def _info(folder: Path, manifest: dict[str, dict[str, object]]) -> ArtifactInfo:
    try:
        return ArtifactInfo(**manifest["info"])  # type: ignore[arg-type]  # saved from an ArtifactInfo
    except (KeyError, TypeError) as error:
        raise ArtifactError(f"{folder / MANIFEST} is damaged ({error}): train again or roll back") from error


def _open(file: Path) -> NDArray[np.generic]:
    # The view drops the memmap subclass, whose indexing costs microseconds a call; the mapping stays.
    array: NDArray[np.generic] = np.load(file, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    return array


def _read_manifest(folder: Path) -> dict[str, dict[str, object]]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactError(f"no model in {folder}: run bundlegraph train") from error
    except ValueError as error:
        raise ArtifactError(f"{folder / MANIFEST} is damaged ({error}): train again or roll back") from error
    if manifest.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"expected model format {FORMAT_VERSION} in {folder}, "
            f"found {manifest.get('format_version')}: run bundlegraph train"
        )
    return manifest  # type: ignore[no-any-return]  # JSON of our own making


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
