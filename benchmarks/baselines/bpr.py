"""BPR: matrix factorisation by a pairwise ranking loss (Rendle et al. 2009), by `implicit`."""

from __future__ import annotations

import numpy as np
from implicit.cpu.bpr import BayesianPersonalizedRanking
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from benchmarks.baselines.factors import Factors, no_factors


def fit_bpr(
    interactions: csr_matrix,
    *,
    seed: int,
    num_factors: int = 64,
    learning_rate: float = 0.01,
    ridge: float = 0.01,
    num_epochs: int = 50,
) -> Factors:
    """Factors of the rows and columns of `interactions`; a new row has the mean of its columns'.

    One thread, so that the same seed gives the same factors.
    """
    if not interactions.nnz:
        return no_factors(*interactions.shape)
    with threadpool_limits(1, "blas"):
        model = BayesianPersonalizedRanking(
            factors=num_factors,
            learning_rate=learning_rate,
            regularization=ridge,
            iterations=num_epochs,
            random_state=seed,
            num_threads=1,
        )
        model.fit(interactions.astype(np.float32), show_progress=False)
    # The last factor is the column's bias, and 1 in each row.
    columns = np.ascontiguousarray(model.item_factors[:, :-1])
    return Factors(
        rows=np.ascontiguousarray(model.user_factors[:, :-1]),
        columns=columns,
        bias=np.ascontiguousarray(model.item_factors[:, -1]),
        fold_in=columns,
        fold_in_power=1.0,
    )
