"""Bundles that users chose, items that they bought, and contents of bundles, before a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_matrix

from etl.aggregates import user_bundle_events
from etl.tables import Tables
from gnn.data.purchases import Purchases
from graph.edges import EdgeTables


@dataclass(frozen=True)
class BundleChoices:
    """Three 0/1 matrices, float32, columns of a row ascending; each may be empty."""

    chosen: csr_matrix
    """[num_users, num_bundles]"""
    bought: csr_matrix
    """[num_users, num_items]; columns are item indices."""
    contains: csr_matrix
    """[num_bundles, num_items]"""

    @property
    def num_users(self) -> int:
        """All users, also those without choices."""
        return int(self.chosen.shape[0])

    @property
    def num_bundles(self) -> int:
        """All bundles, also those that nobody chose."""
        return int(self.chosen.shape[1])

    @property
    def popularity(self) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """Users who chose each bundle, [num_bundles]."""
        return np.bincount(self.chosen.indices, minlength=self.num_bundles).astype(np.float32)


def bundle_choices(edges: EdgeTables, purchases: Purchases) -> BundleChoices:
    """The choices in `edges` and the items in `purchases`, whose columns are item indices.

    Both must end at the same moment.
    """
    num_users, num_items = purchases.counts.shape
    num_bundles = edges.nodes["Bundle"].num_rows
    return BundleChoices(
        chosen=_indicator(edges.edges["User", "CHOSE", "Bundle"], (num_users, num_bundles)),
        bought=purchases.counts.sign(),
        contains=_indicator(edges.edges["Bundle", "CONTAINS", "Item"], (num_bundles, num_items)),
    )


def new_choices(tables: Tables, edges: EdgeTables, *, since: datetime, until: datetime | None) -> csr_matrix:
    """Bundles that users chose first from `since` to before `until`, 0/1 [num_users, num_bundles].

    Indices are those of `edges`; a choice without a time counts as one before `since`.
    """
    before, now = (
        _indicator(_indexed(user_bundle_events(tables, until=moment), edges), _shape(edges))
        for moment in (since, until)
    )
    fresh = csr_matrix(now - before)
    fresh.eliminate_zeros()
    return fresh


def _shape(edges: EdgeTables) -> tuple[int, int]:
    return edges.nodes["User"].num_rows, edges.nodes["Bundle"].num_rows


def _indexed(events: pa.Table, edges: EdgeTables) -> pa.Table:
    ends = {
        f"{end}_index": pc.index_in(events[key], value_set=edges.nodes[label][key].combine_chunks())
        for end, label, key in (("source", "User", "user_id"), ("target", "Bundle", "bundle_id"))
    }
    return pa.table(ends).drop_null()


def _indicator(pairs: pa.Table, shape: tuple[int, int]) -> csr_matrix:
    places = tuple(pairs[end].to_numpy() for end in ("source_index", "target_index"))
    matrix = csr_matrix((np.ones(pairs.num_rows, dtype=np.float32), places), shape=shape)
    matrix.sum_duplicates()
    return matrix.sign()
