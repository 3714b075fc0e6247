"""Content kNN: items like those of the cart, by the words that describe them. The bar for cold items."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from gnn.evaluation.baselines import RowScorer
from graph.edges import EdgeTables, EdgeType

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class ContentKnn(RowScorer):
    """Mean cosine of each item's words and those of the row's items."""

    words: csr_matrix
    """TF-IDF of each item's words, rows of length 1 (0 without words), [num_items, num_words]."""

    def score_rows(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Scores, [num_rows, num_items]; an item is like itself, so a caller masks the row's."""
        size = np.maximum(np.diff(rows.indptr), 1).astype(np.float32)
        profile = diags_array(1 / size) @ (rows @ self.words)
        return np.asarray((profile @ self.words.T).toarray(), dtype=np.float32)


def fit_content_knn(documents: Sequence[str]) -> ContentKnn:
    """TF-IDF over `documents`, one an item: w(i, t) = n(i, t) · (1 + ln((1 + N) / (1 + n(t)))).

    Rows are then scaled to length 1. n(t) is how many of the N documents hold the word (Salton & Buckley
    1988, smoothed). A word is a run of letters and digits in lower case, so Chinese, which has no spaces,
    gives a word a phrase.
    """
    vocabulary: dict[str, int] = {}
    columns: list[int] = []
    starts = [0]
    for document in documents:
        found = _WORD.findall(document.casefold())
        columns.extend(vocabulary.setdefault(word, len(vocabulary)) for word in found)
        starts.append(len(columns))
    shape = (len(documents), len(vocabulary))
    counts = csr_matrix((np.ones(len(columns)), columns, starts), shape=shape)
    counts.sum_duplicates()
    holding = np.bincount(counts.indices, minlength=len(vocabulary))
    weighted = csr_matrix(counts @ diags_array(1 + np.log((1 + len(documents)) / (1 + holding))))
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    scale = np.divide(1.0, length, out=np.zeros(len(length)), where=length > 0)
    return ContentKnn(csr_matrix(diags_array(scale) @ weighted, dtype=np.float32))


def item_documents(edges: EdgeTables) -> list[str]:
    """What describes each item: its title, its brand, and the names of its categories and all above them."""
    items, names = edges.nodes["Item"], edges.nodes["Category"]["name"].to_pylist()
    above = _targets(edges, ("Category", "CHILD_OF", "Category"), len(names))
    categories = _targets(edges, ("Item", "IN_CATEGORY", "Category"), items.num_rows)
    documents = []
    for title, brand, found in zip(
        items["title"].to_pylist(), items["brand"].to_pylist(), categories, strict=True
    ):
        path = list(found)
        for category in path:  # It grows while it is read: parents, then theirs.
            path.extend(parent for parent in above[category] if parent not in path)
        documents.append(" ".join([title or "", brand or "", *(names[category] or "" for category in path)]))
    return documents


def _targets(edges: EdgeTables, edge_type: EdgeType, num_sources: int) -> list[list[int]]:
    targets: list[list[int]] = [[] for _ in range(num_sources)]
    table = edges.edges[edge_type]
    for source, target in zip(
        table["source_index"].to_pylist(), table["target_index"].to_pylist(), strict=True
    ):
        targets[source].append(target)
    return targets
