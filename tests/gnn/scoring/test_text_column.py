from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gnn.scoring.containers import TextColumn


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_texts_and_their_places_survive(texts: list[str]) -> None:
    in_order = sorted(set(texts), key=str.encode)
    column = TextColumn.of(in_order)

    assert list(column) == in_order
    assert [column.find(text) for text in in_order] == list(range(len(in_order)))
    assert column.find("not " + "".join(in_order)) is None


def test_an_empty_column_finds_nothing() -> None:
    column = TextColumn.of([])

    assert len(column) == 0
    assert column.find("a") is None
    assert column.offsets.dtype == np.int64
