from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.baselines.content_knn import fit_content_knn
from benchmarks.quality import text_neighbours as module
from benchmarks.quality.text_neighbours import text_neighbours
from gnn.data.content import Content

#: Four items by two words; cosines of the first with the others: .6, .8 and 0. The last has no words.
WORDS = np.array([[1, 0], [0.6, 0.8], [0.8, -0.6], [0, 0]], dtype=np.float32)


def content_of(words: NDArray[np.float32], dense: NDArray[np.float32] | None = None) -> Content:
    if dense is None:
        dense = np.zeros((len(words), 0), dtype=np.float32)
    return Content(csr_matrix(words), dense, np.full((3, len(words)), -1, dtype=np.int32), None)


def test_an_item_receives_from_its_nearest_by_their_similarity_and_never_from_itself() -> None:
    relation = text_neighbours(content_of(WORDS), k=2).toarray()

    assert relation[0] == pytest.approx([0, 0.6 / (0.6 + 0.8), 0.8 / (0.6 + 0.8), 0])
    assert relation[1] == pytest.approx([1, 0, 0, 0])
    assert relation[3].tolist() == [0, 0, 0, 0]


def test_no_more_than_k_neighbours_are_kept() -> None:
    relation = text_neighbours(content_of(WORDS), k=1).toarray()

    assert relation[0].tolist() == [0, 0, 1, 0]


def test_vectors_count_beside_words() -> None:
    dense = np.array([[1, 0], [1, 0], [0, 1], [1, 0]], dtype=np.float32)

    relation = text_neighbours(content_of(WORDS, dense), k=3).toarray()

    similarity = np.array([0, 0.6 + 1, 0.8 + 0, 0 + 1])
    assert relation[0] == pytest.approx(similarity / similarity.sum())


def test_blocks_find_what_one_block_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    words = fit_content_knn(["red wine", "white wine", "red soap", "dry red wine", "soap"]).words
    content = content_of(words.toarray())
    at_once = text_neighbours(content, k=2).toarray()

    monkeypatch.setattr(module, "_BLOCK", 2)

    assert np.array_equal(text_neighbours(content, k=2).toarray(), at_once)
