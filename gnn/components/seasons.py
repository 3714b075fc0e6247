"""Packing: the weeks of items as the graph counts them, as the part of an artifact."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from etl.aggregates import NUM_WEEKS
from gnn.data.purchases import Purchases
from gnn.scoring.seasons_model import Seasons
from graph.edges import EdgeTables

#: Items in fewer baskets are left out: of ten baskets all in three weeks, the lift is not yet 3.
MIN_BASKETS = 10


def pack_seasons(edges: EdgeTables, purchases: Purchases) -> Seasons:
    """Baskets by week of the items of `edges`, of which `purchases` says how many days they span."""
    by_week = edges.nodes["Item"]["baskets_by_week"].combine_chunks()
    item = np.flatnonzero(pc.is_valid(by_week).to_numpy(zero_copy_only=False))
    weeks = np.asarray(by_week.drop_null().flatten().to_numpy(), dtype=np.int64).reshape(len(item), NUM_WEEKS)
    is_kept = weeks.sum(axis=1) >= MIN_BASKETS
    span = float(purchases.basket_age.max(initial=0.0))
    return Seasons(
        item=item[is_kept].astype(np.int32),
        baskets=weeks[is_kept].astype(np.int32),
        all_baskets=weeks.sum(axis=0),
        num_days=np.array([int(span) + 1], dtype=np.int64),
    )
