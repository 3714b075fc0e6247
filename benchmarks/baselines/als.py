"""ALS: implicit feedback by weighted matrix factorisation (Hu, Koren & Volinsky 2008), by `implicit`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from gnn.evaluation.baselines import RowScorer


@dataclass(frozen=True)
class Als(RowScorer):
    """Folds a row in by least squares against the column factors, then multiplies."""

    model: AlternatingLeastSquares
    """Fitted; none where there were no interactions."""

    def score_rows(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Scores, [num_rows, num_columns].

        A row is x = (YᵀY + Yᵀ(C − I)Y + λI)⁻¹ YᵀCp (Hu et al. 2008, equation 4), for rows that were fitted
        as for new ones.
        """
        with threadpool_limits(1, "blas"):
            factors = self.model.recalculate_user(np.arange(rows.shape[0]), rows.astype(np.float32))
        return np.asarray(factors @ self.model.item_factors.T, dtype=np.float32)


def fit_als(
    interactions: csr_matrix,
    *,
    seed: int,
    num_factors: int = 64,
    ridge: float = 50.0,
    confidence: float = 5.0,
    num_iterations: int = 15,
) -> Als:
    """Factors of the rows and columns of `interactions`, values counting as c = `confidence` · value.

    One thread, so that the same seed gives the same factors.
    """
    # More BLAS threads than one slow `implicit` down tenfold; it warns where it finds them.
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=num_factors,
            regularization=ridge,
            alpha=confidence,
            iterations=num_iterations,
            random_state=seed,
            num_threads=1,
        )
        model.fit(interactions.astype(np.float32), show_progress=False)
    return Als(model)
