"""Rolling histories: each query's household is known up to the local day before its basket.

A query becomes a visitor of its own, whose history ends on that day: models, baselines and slices then read
it as they read any other history, and nothing of them is written twice.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from etl.tables import Tables
from gnn.artifact.model import Histories
from gnn.components.trial import Trial
from gnn.data.purchases import UserEvents, read_purchase_log
from gnn.data.queries import CompletionQueries
from gnn.scoring.containers import TextColumn
from graph.edges import EdgeTables


def with_rolling_histories(trial: Trial, tables: Tables, edges: EdgeTables) -> Trial:
    """`trial` with the histories of its queries up to the beginning of their own local day.

    What is learned stays as it was fitted before validation. `edges` has the users and items of the trial.
    """
    num_validation, num_items = len(trial.validation), edges.nodes["Item"].num_rows
    asked = (trial.validation, trial.test)
    users = np.concatenate([queries.users for queries in asked])
    log = read_purchase_log(tables, edges, np.arange(num_items, dtype=np.int32))
    events = log.before(users, until=np.concatenate([_day_begins(queries) for queries in asked]))

    model = trial.model
    vectors = np.vstack([model.links.users, np.zeros((1, model.links.users.shape[1]), np.float32)])
    ranked = replace(model.purchases, events=events).of_items(model.ranked).events
    counts = _counts(ranked, len(model.ranked))
    rolling = replace(
        model,
        purchases=replace(model.purchases, events=events),
        ranked_purchases=replace(model.ranked_purchases, counts=counts, events=ranked),
        links=replace(model.links, users=vectors[users]),
    )
    ids = TextColumn.of([f"{query:08}" for query in range(len(users))])
    at_cut = replace(
        trial.at_cut, histories=Histories(ids, events.indptr, events.item, events.age_days.astype(np.float32))
    )
    return replace(
        trial,
        model=rolling,
        at_cut=at_cut,
        validation=_own_user(trial.validation, 0),
        test=_own_user(trial.test, num_validation),
    )


def _own_user(queries: CompletionQueries, first: int) -> CompletionQueries:
    return replace(queries, users=np.arange(first, first + len(queries)))


def _day_begins(queries: CompletionQueries) -> NDArray[np.datetime64]:
    if queries.history_until is None:
        raise ValueError("expected queries that know where their local day begins, found none")
    return queries.history_until


def _counts(events: UserEvents, num_items: int) -> csr_matrix:
    matrix = csr_matrix(
        (np.ones(len(events.item), np.float32), events.item, events.indptr),
        shape=(len(events.indptr) - 1, num_items),
    )
    matrix.sum_duplicates()
    return matrix
