"""Rolling histories: each query's household is known up to the local day before its basket.

A query becomes a visitor of its own, whose history ends on that day: models, baselines and slices then read
it as they read any other history, and nothing of them is written twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from etl.baskets import read_baskets
from etl.tables import Tables
from etl.times import local_midnight
from gnn.artifact import Histories
from gnn.evaluation.queries import CompletionQueries
from gnn.judging import Trial
from gnn.purchases import Purchases, UserEvents, read_purchases
from gnn.text_column import TextColumn
from graph.edges import EdgeTables

_SECONDS_A_DAY = 86_400.0


def with_rolling_histories(trial: Trial, tables: Tables, edges: EdgeTables) -> Trial:
    """`trial` with the histories of its queries up to the beginning of their own local day.

    What is learned stays as it was fitted before validation. `edges` has the users and items of the trial.
    """
    every = read_purchases(tables, edges)
    num_validation = len(trial.validation)
    asked = (trial.validation, trial.test)
    users = np.concatenate([queries.users for queries in asked])
    moments = _day_begins(tables, [basket for queries in asked for basket in queries.basket_ids])
    events = _events_before(every, users, moments)

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


def _day_begins(tables: Tables, basket_ids: list[str]) -> NDArray[np.float64]:
    """Seconds since 1970 at which the local day of each basket begins."""
    baskets = read_baskets(tables).select(["basket_id", "local_date"])
    place = pc.index_in(pa.array(basket_ids), value_set=baskets["basket_id"].combine_chunks())
    days: list[date] = baskets["local_date"].take(place).to_pylist()
    zone = tables.manifest.timezone
    begins = {day: local_midnight(day, zone).timestamp() for day in set(days)}
    return np.array([begins[day] for day in days])


def _events_before(every: Purchases, users: NDArray[np.int64], moments: NDArray[np.float64]) -> UserEvents:
    """Events of each query's user before its moment, aged to it; users of -1 have none."""
    ages = (every.as_of.timestamp() - moments) / _SECONDS_A_DAY
    starts, ends = np.zeros(len(users), np.int64), np.zeros(len(users), np.int64)
    for query in np.flatnonzero(users >= 0):
        first, last = every.events.indptr[users[query] : users[query] + 2]
        starts[query] = first
        # Oldest first: what is older than the moment comes before it.
        older = every.events.age_days[first:last] > ages[query]
        ends[query] = first + int(older.sum())
    lengths = ends - starts
    place = np.arange(lengths.sum()) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    return UserEvents(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        item=every.events.item[place],
        age_days=every.events.age_days[place] - np.repeat(ages, lengths),
    )


def _counts(events: UserEvents, num_items: int) -> csr_matrix:
    matrix = csr_matrix(
        (np.ones(len(events.item), np.float32), events.item, events.indptr),
        shape=(len(events.indptr) - 1, num_items),
    )
    matrix.sum_duplicates()
    return matrix
