"""Choosing cold items and packing what their scores follow from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.artifact import Catalogue
from gnn.cold.choice import cold_of_catalogue
from gnn.cold.content import Content, read_content
from gnn.cold.model import ColdModel
from gnn.cold.siblings import cold_items
from graph.edges import EdgeTables


def fit_cold_model(
    tables: Tables,
    edges: EdgeTables,
    catalogue: Catalogue,
    ranked: NDArray[np.int32],
    *,
    weights: NDArray[np.float32],
    text_cache: Path | None,
) -> ColdModel:
    """The cold items of `catalogue` that stand beside `ranked` (item indices).

    `weights` is of `gnn.cold.fitting.fit_cold_weights`, on content with as many views as here; without any,
    there are no cold items. `text_cache` is none where texts are not read.
    """
    if not len(weights):
        return ColdModel.none()
    items = cold_of_catalogue(catalogue, ranked)
    if not len(items):
        return ColdModel.none()
    together = np.union1d(ranked, items)
    content = read_content(tables, edges, together, text_cache=text_cache)
    return pack_cold(content, items, np.flatnonzero(np.isin(together, items)), weights=weights)


def pack_cold(
    content: Content,
    items: NDArray[np.integer],
    place: NDArray[np.integer],
    *,
    weights: NDArray[np.float32],
) -> ColdModel:
    """The items (item indices) at `place` among those of `content` as cold ones."""
    cold = cold_items(content, place, weights=weights)
    return ColdModel(item=np.asarray(items, dtype=np.int32), **vars(cold))
