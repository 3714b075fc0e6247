"""Content vectors of items: TF-IDF of title and category words, and the title's sentence embedding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines.content_knn import fit_content_knn
from benchmarks.exports.bundlerec import BundleRec
from gnn.data.content import encode_texts


@dataclass(frozen=True)
class Contents:
    """A vector of length 1 an item; zeros for one without content."""

    items: tuple[str, ...]
    place: Mapping[str, int]
    """Row of each item."""
    vectors: NDArray[np.float32]
    """[num_items, d]"""


def read_contents(data: BundleRec, *, cache: Path) -> dict[str, Contents]:
    """TF-IDF and sentence embeddings of the described items by name; `cache` keeps the embeddings."""
    items = tuple(data.titles)
    place = {item: row for row, item in enumerate(items)}
    words = fit_content_knn([f"{data.titles[item]} {data.categories.get(item, '')}" for item in items]).words
    return {
        "TF-IDF": Contents(items, place, words.toarray()),
        "sentence encoder": Contents(
            items, place, encode_texts([data.titles[i] for i in items], cache=cache)
        ),
    }
