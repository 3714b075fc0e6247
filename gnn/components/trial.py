"""A trial: the model of baskets fitted to the past alone, and the queries of what came after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.artifact.model import ModelArtifact
from gnn.components.assembly import assemble
from gnn.components.choosing import starting_weights
from gnn.components.fitting import FittedModel, fit_model, ranked_items
from gnn.config import TrainingConfig
from gnn.data.purchases import read_purchases
from gnn.data.queries import CompletionQueries, completion_queries
from gnn.data.splits import TimeSplit
from gnn.network.training import Progress
from graph.edges import EdgeTables, edge_tables

#: Queries under which shorter baskets are let in.
ENOUGH_QUERIES = 200


@dataclass(frozen=True)
class Trial:
    """A model that was fitted to the past alone, and the queries that it is judged by."""

    edges: EdgeTables
    """The graph before validation."""
    model: FittedModel
    """Fitted to `edges` and to the purchases before validation."""
    at_cut: ModelArtifact
    """Its artifact, served by the weights that choosing begins with."""
    validation: CompletionQueries
    test: CompletionQueries
    split: TimeSplit


def fit_trial(
    tables: Tables,
    split: TimeSplit,
    *,
    config: TrainingConfig,
    checkpoint: Path,
    progress: Progress,
) -> Trial | None:
    """Fit what completes baskets to what is before validation; none where no query follows to judge by."""
    progress("reading", 0, 1)
    edges = edge_tables(tables, until=split.validation_from)
    purchases = read_purchases(tables, edges, until=split.validation_from)
    progress("reading", 1, 1)
    ranked = ranked_items(purchases, config, is_sequence=False)
    validation = _queries(tables, edges, ranked, config, since=split.validation_from, until=split.test_from)
    test = _queries(tables, edges, ranked, config, since=split.test_from, until=None)
    if not len(ranked) or not len(validation) or not len(test):
        return None
    model = fit_model(
        purchases,
        edges,
        config=config,
        ranked=ranked,
        is_sequence=False,
        validation=validation,
        max_epochs=config.max_epochs,
        checkpoint=checkpoint,
        progress=progress,
    )
    at_cut = assemble(tables, edges, model, weights=starting_weights(model, config))
    return Trial(edges, model, at_cut, validation, test, split)


def _queries(
    tables: Tables,
    edges: EdgeTables,
    ranked: NDArray[np.int32],
    config: TrainingConfig,
    *,
    since: datetime,
    until: datetime | None,
) -> CompletionQueries:
    """Queries of a window; where they are few, baskets of two items count as well."""
    for min_basket_items in (config.min_basket_items, 2):
        queries = completion_queries(
            tables,
            edges,
            ranked,
            since=since,
            until=until,
            min_basket_items=min_basket_items,
            max_queries=config.max_queries,
            rng=np.random.default_rng(0),
        )
        if len(queries) >= ENOUGH_QUERIES:
            break
    return queries
