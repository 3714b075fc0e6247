"""Our metrics against those of torch_geometric, which were written by others."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.data.queries import CompletionQueries
from gnn.evaluation.lists import list_metrics, rank_lists
from gnn.evaluation.measuring import average_popularity, coverage
from gnn.evaluation.metrics import hit_rate_at_k, mean_reciprocal_rank, ndcg_at_k, rank_and_show

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # It asks torch for what torch has deprecated.
    from torch_geometric.metrics import (
        LinkPredAveragePopularity,
        LinkPredCoverage,
        LinkPredHitRatio,
        LinkPredMetric,
        LinkPredMRR,
        LinkPredNDCG,
        LinkPredRecall,
    )

NUM_QUERIES, NUM_ITEMS = 200, 60


def value_of(metric: LinkPredMetric, shown: NDArray[np.integer], relevant: csr_matrix) -> float:
    """The value of `metric` for the lists `shown` (no −1 among them) with the `relevant` items."""
    labels = torch.from_numpy(np.stack(relevant.nonzero()).astype(np.int64))
    metric.update(torch.from_numpy(shown.astype(np.int64)), labels)
    return float(metric.compute())


@pytest.mark.parametrize("k", [1, 5, 20])
def test_metrics_of_several_relevant_items(k: int) -> None:
    rng = np.random.default_rng(1)
    relevant = csr_matrix(rng.random((NUM_QUERIES, NUM_ITEMS)) < 0.1)
    masked = csr_matrix(rng.random((NUM_QUERIES, NUM_ITEMS)) < 0.2)
    scores = rng.normal(size=(NUM_QUERIES, NUM_ITEMS)).astype(np.float32)
    lists = rank_lists(lambda users: scores[users], relevant, masked=masked, k=20, rng=rng)

    ours = list_metrics(lists, ks=(k,))

    metrics = {"recall": LinkPredRecall, "ndcg": LinkPredNDCG, "hr": LinkPredHitRatio, "mrr": LinkPredMRR}
    for name, metric in metrics.items():
        theirs = value_of(metric(k), lists.shown, relevant[lists.users])
        assert ours[f"{name}@{k}"] == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("k", [1, 10, 20])
def test_metrics_of_one_hidden_item_and_of_what_is_shown(k: int) -> None:
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(NUM_QUERIES, NUM_ITEMS)).astype(np.float32)
    hidden = rng.integers(NUM_ITEMS, size=NUM_QUERIES)
    queries = CompletionQueries(
        csr_matrix(np.zeros((NUM_QUERIES, NUM_ITEMS), dtype=np.float32)),
        np.full(NUM_QUERIES, -1),
        hidden,
        tuple(str(row) for row in range(NUM_QUERIES)),
    )
    ranking = rank_and_show(lambda part: scores, queries, k=NUM_ITEMS)
    relevant = csr_matrix(np.eye(NUM_ITEMS)[hidden])
    popularity = rng.random(NUM_ITEMS)

    ours = [
        hit_rate_at_k(ranking.ranks, k),
        ndcg_at_k(ranking.ranks, k),
        mean_reciprocal_rank(ranking.ranks),
        coverage(ranking.shown[:3, :k], NUM_ITEMS),
        average_popularity(ranking.shown[:, :k], popularity),
    ]

    theirs = [
        value_of(LinkPredHitRatio(k), ranking.shown, relevant),
        value_of(LinkPredNDCG(k), ranking.shown, relevant),
        value_of(LinkPredMRR(NUM_ITEMS), ranking.shown, relevant),
        value_of(LinkPredCoverage(k, num_dst_nodes=NUM_ITEMS), ranking.shown[:3], relevant[:3]),
        value_of(
            LinkPredAveragePopularity(k, popularity=torch.from_numpy(popularity)), ranking.shown, relevant
        ),
    ]
    assert ours == pytest.approx(theirs, abs=1e-5)
