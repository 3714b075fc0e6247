"""The leak probe: a rule that recommends what the user already has, measured beside the models.

Where the rule beats a trained model, the split leaks: the histories hold what the queries hide. A user–item
table made from the user's bundles is such a case: the rule finds every bundle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from gnn.data.queries import CompletionQueries
from gnn.evaluation.lists import ScoreUsers
from gnn.evaluation.metrics import ScoreQueries, paired_interval

#: The probe's row in every table.
LEAK_PROBE = "leak_probe"

#: Purchases of each query's user: non-zero where the user bought the item, [len(queries), num_ranked].
HistoriesOf = Callable[[CompletionQueries], csr_matrix]


@dataclass(frozen=True)
class LeakCheck:
    """Whether the probe beats the model, with a sentence for the report."""

    leaks: bool
    text: str


def probe_items(histories_of: HistoriesOf, category: NDArray[np.integer]) -> ScoreQueries:
    """Score an item by whether the user has it, plus the share of its category's items that the user has.

    `category` is each ranked item's category, -1 for none: its own group, [num_ranked].
    """
    num_ranked = len(category)
    alone = category.max(initial=-1) + 1 + np.arange(num_ranked)
    _, group, size = np.unique(
        np.where(category >= 0, category, alone), return_inverse=True, return_counts=True
    )
    members = csr_matrix((np.ones(num_ranked, dtype=np.float32), (np.arange(num_ranked), group)))

    def score(queries: CompletionQueries) -> NDArray[np.float32]:
        has = _ones(histories_of(queries))
        share = (has @ members).toarray() / size  # [B, num_groups]
        return np.asarray(has.toarray() + share[:, group], dtype=np.float32)

    return score


def histories_by_user(counts: csr_matrix) -> HistoriesOf:
    """Look up each query's user in `counts` [num_users, num_ranked]; an anonymous query has an empty row."""
    indptr = np.append(counts.indptr, counts.indptr[-1])
    padded = csr_matrix((counts.data, counts.indices, indptr), shape=(len(indptr) - 1, counts.shape[1]))
    return lambda queries: padded[np.where(queries.users < 0, counts.shape[0], queries.users)]


def probe_bundles(user_items: csr_matrix, bundle_items: csr_matrix) -> ScoreUsers:
    """Score a bundle by the share of its items that the user has; 0 for a bundle without items.

    `user_items` is [num_users, num_items], `bundle_items` [num_bundles, num_items]; any value but 0 counts.
    """
    members = _ones(bundle_items)
    size = np.maximum(np.diff(members.indptr), 1)
    share = (diags_array(1 / size) @ members).T.tocsr().astype(np.float32)
    has = _ones(user_items)
    return lambda users: np.asarray((has[users] @ share).toarray(), dtype=np.float32)


def check_for_leak(
    gains: Mapping[str, NDArray[np.float64]], *, ours: str, rng: np.random.Generator
) -> LeakCheck:
    """Whether the probe (`gains[LEAK_PROBE]`) beats the model `ours` by more than chance.

    `gains` holds a value per query (such as NDCG@20) for each model, [num_queries], all of the same queries.
    More than chance means a paired 95 % interval above 0.
    """
    probe, model = gains[LEAK_PROBE], gains[ours]
    figures = f"{_mean(probe):.4f} against {_mean(model):.4f} of {ours}"
    if paired_interval(probe, model, rng=rng).low > 0:
        return LeakCheck(
            True,
            f"the split may leak: the rule 'what the user already has' scores {figures}: check that "
            "histories end before the queries",
        )
    return LeakCheck(False, f"no leak is seen: the rule 'what the user already has' scores {figures}")


def _ones(matrix: csr_matrix) -> csr_matrix:
    """1 where `matrix` is not 0, float32."""
    ones = csr_matrix(matrix.astype(bool), dtype=np.float32)
    ones.eliminate_zeros()
    return ones


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
