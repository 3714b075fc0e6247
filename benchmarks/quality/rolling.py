"""Rolling histories: each query knows its user's purchases up to the local day before its basket.

Each query gets a user of its own, whose history ends on that day: models, baselines and slices then read it
as they read any other history.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.components.holdout import Holdout
from gnn.data.purchases import UserEvents, read_purchase_log
from gnn.data.queries import CompletionQueries
from gnn.scoring.containers import TextColumn
from gnn.scoring.item_model import Histories


def with_rolling_histories(holdout: Holdout) -> Holdout:
    """`holdout` with the histories of its queries up to the beginning of their own local day.

    Everything learned stays as it was fitted before validation.

    Raises:
        ValueError: If its queries have no day.
    """
    context, data, artifact = holdout.context, holdout.context.data, holdout.artifact
    windows = (holdout.validation, holdout.test)
    users = np.concatenate([queries.users for queries in windows])
    num_items = len(artifact.catalogue.item_ids)
    log = read_purchase_log(data.tables, data.edges, np.arange(num_items, dtype=np.int32))
    events = log.before(users, until=np.concatenate([_day_begins(queries) for queries in windows]))
    purchases = replace(data.purchases, events=events)
    ranked = purchases.of_items(data.ranked).events
    counts = _counts(ranked, len(data.ranked))
    # The last row is that of an anonymous query, whose user is -1.
    known = artifact.network.users
    vectors = np.vstack([known, np.zeros((1, known.shape[1]), dtype=np.float32)])
    ids = TextColumn.of([f"{query:08}" for query in range(len(users))])
    return replace(
        holdout,
        context=replace(
            context,
            data=replace(
                data,
                purchases=purchases,
                ranked_purchases=replace(data.ranked_purchases, counts=counts, events=ranked),
            ),
        ),
        artifact=replace(
            artifact,
            histories=Histories(ids, events.indptr, events.item, events.age_days.astype(np.float32)),
            network=replace(artifact.network, users=vectors[users]),
        ),
        validation=_with_own_users(holdout.validation, 0),
        test=_with_own_users(holdout.test, len(holdout.validation)),
    )


def _with_own_users(queries: CompletionQueries, first: int) -> CompletionQueries:
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
