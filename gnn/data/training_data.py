"""The data that a model is fitted to: a graph and the purchases before a moment, and the items to rank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.config import TrainingConfig
from gnn.data.purchases import Purchases, choose_ranked, read_purchases
from graph.edges import EdgeTables, edge_tables


@dataclass(frozen=True)
class TrainingData:
    """A shop before a moment."""

    tables: Tables
    edges: EdgeTables
    """The graph before that moment; its indices are those of the graph at any moment."""
    purchases: Purchases
    """Columns are item indices."""
    ranked: NDArray[np.int32]
    """Item index of each item that is to be ranked, ascending."""
    ranked_purchases: Purchases
    """The same purchases, columns are ranked indices."""
    is_sequence: bool
    """Whether the model learns from ordered histories, not from baskets (`gnn.data.sequences`)."""


def training_data(
    tables: Tables,
    edges: EdgeTables | None = None,
    *,
    config: TrainingConfig,
    is_sequence: bool,
    until: datetime | None = None,
) -> TrainingData:
    """The data of `tables` before `until` (all where it is none).

    `edges` is the graph before that moment, counted from the tables where it is not given. `is_sequence` is a
    property of all purchases of the shop: those before a moment, or of ranked items alone, may differ.
    """
    if edges is None:
        edges = edge_tables(tables, until=until)
    purchases = read_purchases(tables, edges, until=until)
    # Sequences rank everything that was bought.
    least = 1 if is_sequence and config.min_item_baskets is None else config.min_item_baskets
    ranked = choose_ranked(purchases, min_item_baskets=least)
    return TrainingData(tables, edges, purchases, ranked, purchases.of_items(ranked), is_sequence)
