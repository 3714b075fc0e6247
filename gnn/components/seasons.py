"""Seasons: baskets of items by week of the year, as the graph counts them."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from gnn.components.context import FitContext
from gnn.scoring.seasons import NUM_WEEKS, Seasons

#: Items in fewer baskets are left out: of ten baskets all in three weeks, the lift is not yet 3.
MIN_BASKETS = 10


def fit_seasons(context: FitContext) -> Seasons:
    """Baskets by week of the items that are in enough of them."""
    ages = context.data.purchases.basket_age
    by_week = context.data.edges.nodes["Item"]["baskets_by_week"].combine_chunks()
    item = np.flatnonzero(pc.is_valid(by_week).to_numpy(zero_copy_only=False))
    weeks = np.asarray(by_week.drop_null().flatten().to_numpy(), dtype=np.int64).reshape(len(item), NUM_WEEKS)
    is_kept = weeks.sum(axis=1) >= MIN_BASKETS
    return Seasons(
        item=item[is_kept].astype(np.int32),
        baskets=weeks[is_kept].astype(np.int32),
        all_baskets=weeks.sum(axis=0),
        num_days=int(ages.max()) + 1 if len(ages) else 0,
    )
