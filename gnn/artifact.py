"""The model artifact: an immutable folder that holds all that serving needs, read with NumPy alone.

Each part below is a dataclass of columns; each column is one `.npy` file named `part.column.npy`, opened by
memory mapping. `manifest.json` holds the hashes, the configuration, the metrics and the versions. A folder is
written under a temporary name and renamed when it is whole.

Indices: an *item index* counts all items in the order of their ids; a *ranked index* counts the items that
the model ranks (`ItemModel.ranked` maps it to the item index). Variable-length rows are compressed: row `i`
of a part is `indptr[i]:indptr[i + 1]` of its other columns.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import get_type_hints

import numpy as np
from numpy.typing import NDArray

from etl.errors import StageError

FORMAT_VERSION = 1
MANIFEST = "manifest.json"


class ArtifactError(StageError):
    """A model artifact is missing, damaged, or of another format."""


class TextColumn(Sequence[str]):
    """Immutable texts as one UTF-8 blob and offsets, so that a column can be memory-mapped."""

    def __init__(self, blob: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        self.blob = blob
        self.offsets = offsets

    @classmethod
    def of(cls, texts: Sequence[str]) -> TextColumn:
        """A column of `texts`."""
        encoded = [text.encode() for text in texts]
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> str:  # type: ignore[override]  # no slices: nobody asks for them
        return self._bytes(range(len(self))[index]).decode()

    def find(self, text: str) -> int | None:
        """Index of `text` in a column sorted by code point, none where it is not there."""
        wanted, low, high = text.encode(), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._bytes(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._bytes(low) == wanted else None

    def _bytes(self, index: int) -> bytes:
        return self.blob[self.offsets[index] : self.offsets[index + 1]].tobytes()


@dataclass(frozen=True)
class Catalogue:
    """All items, sorted by id."""

    item_ids: TextColumn
    titles: TextColumn
    """Empty where a shop gives none."""
    category: NDArray[np.int32]
    """Index into `Categories`, -1 for none."""
    brand: NDArray[np.int32]
    """Brand code, -1 for none: equal codes are one brand."""
    price: NDArray[np.float64]
    """In the shop's currency, NaN for none."""
    cost: NDArray[np.float64]
    """NaN for none."""
    in_stock: NDArray[np.bool_]
    baskets: NDArray[np.int64]
    """Purchase baskets that hold the item: its popularity."""


@dataclass(frozen=True)
class Categories:
    """The category tree, sorted by `category_id`."""

    category_ids: TextColumn
    names: TextColumn
    parent: NDArray[np.int32]
    """Index of the parent, -1 for a root."""
    level: NDArray[np.int32]
    """0 for a root."""


@dataclass(frozen=True)
class CoPurchases:
    """Counted item pairs, each in both directions: a row an item index, most baskets first."""

    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    baskets: NDArray[np.int64]
    lift: NDArray[np.float32]


@dataclass(frozen=True)
class CategoryPairs:
    """Counted pairs of level-0 categories, each in both directions: a row a category index."""

    indptr: NDArray[np.int64]
    category: NDArray[np.int32]
    baskets: NDArray[np.int64]
    lift: NDArray[np.float32]


@dataclass(frozen=True)
class Histories:
    """What each user bought, a row a user, users sorted by pseudonym."""

    user_ids: TextColumn
    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    """Item index."""
    count: NDArray[np.float32]
    """Purchase lines (events) of the item by the user: `PURCHASED.count` of the graph."""
    recency: NDArray[np.float32]
    """Sum over those purchases of exp(-age / 30 days), age counted to the model's `as_of`."""


@dataclass(frozen=True)
class ItemModel:
    """The learned part: what `gnn.scorer` computes scores from. Rows are ranked indices."""

    ranked: NDArray[np.int32]
    """Item index of each ranked index, ascending."""
    source: NDArray[np.float32]
    """What an item in the cart asks for, [num_ranked, d]; d = 0 where there is no GNN."""
    target: NDArray[np.float32]
    """What an item answers, [num_ranked, d]."""
    history: NDArray[np.float32]
    """What an item bought in the past says of its user, [num_ranked, d]."""
    bias: NDArray[np.float32]
    """[num_ranked]"""
    users: NDArray[np.float32]
    """[num_users, d], rows as `Histories.user_ids`."""
    ease_indptr: NDArray[np.int64]
    ease_item: NDArray[np.int32]
    """Ranked index: the top k of each row of the EASE matrix."""
    ease_weight: NDArray[np.float32]


@dataclass(frozen=True)
class Promotions:
    """The shop's promotions, sorted by id, and their items."""

    promotion_ids: TextColumn
    names: TextColumn
    starts_at: NDArray[np.int64]
    """Seconds since 1970, UTC; 0 where the shop gives none."""
    ends_at: NDArray[np.int64]
    """The same; the last second of the year 9999 where the shop gives none."""
    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    """Item index."""
    discount: NDArray[np.float64]
    """A share, 0 to 1; NaN where the shop gives none."""


@dataclass(frozen=True)
class ShopBundles:
    """The shop's own bundles, sorted by id, and their items."""

    bundle_ids: TextColumn
    titles: TextColumn
    discount: NDArray[np.float64]
    """A share, 0 to 1."""
    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    """Item index."""
    quantity: NDArray[np.float64]


@dataclass(frozen=True)
class ArtifactInfo:
    """What a model says of itself; goes to `manifest.json`."""

    model_version: str
    created_at: str
    """RFC 3339, UTC."""
    kind: str
    """`gnn`, or `closed_form` where there was too little to train on."""
    as_of: str
    """The moment that recency counts from: the last event, RFC 3339 UTC."""
    tables_version: str
    key_fingerprint: str
    currency: str | None
    timezone: str
    association_event: str
    """The event that baskets, histories and pairs count: `purchase`, or the strongest that the shop has."""
    config: dict[str, object]
    """The training configuration, seeds and blend weights; `gnn.scorer` reads `config["blend"]`."""
    metrics: dict[str, object]
    """The metrics tables of `gnn.evaluation`, as measured before the final fit."""
    versions: dict[str, str]
    """Of python, numpy, torch, torch_geometric and the git commit (`git`), where known."""
    warnings: list[str]


@dataclass(frozen=True)
class ModelArtifact:
    """All that serving needs. Arrays of a loaded artifact are read-only."""

    info: ArtifactInfo
    catalogue: Catalogue
    categories: Categories
    co_purchases: CoPurchases
    category_pairs: CategoryPairs
    histories: Histories
    model: ItemModel
    promotions: Promotions
    bundles: ShopBundles


_PARTS = {
    "catalogue": Catalogue,
    "categories": Categories,
    "co_purchases": CoPurchases,
    "category_pairs": CategoryPairs,
    "histories": Histories,
    "model": ItemModel,
    "promotions": Promotions,
    "bundles": ShopBundles,
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
