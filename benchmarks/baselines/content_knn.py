"""Content kNN: items whose words are similar to those of the cart. The baseline for cold items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from gnn.data.content import tf_idf
from gnn.evaluation.baselines import RowScorer


@dataclass(frozen=True)
class ContentKnn(RowScorer):
    """Mean cosine of each item's words and those of the row's items."""

    words: csr_matrix
    """TF-IDF of each item's words, rows of length 1 (0 without words), [num_items, num_words]."""

    def score_rows(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Scores, [num_rows, num_items]; an item is similar to itself, so a caller masks the row's."""
        size = np.maximum(np.diff(rows.indptr), 1).astype(np.float32)
        profile = diags_array(1 / size) @ (rows @ self.words)
        return np.asarray((profile @ self.words.T).toarray(), dtype=np.float32)


def fit_content_knn(documents: Sequence[str]) -> ContentKnn:
    """TF-IDF over `documents` (`gnn.data.content.tf_idf`), one an item."""
    return ContentKnn(tf_idf(documents))
