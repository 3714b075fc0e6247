"""Content links of unsold items."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.components.cold_items.content_links import NUM_LINKS, link_by_content
from gnn.components.substitutes.behaviour import ExpectedBaskets, expected_baskets
from gnn.data.content import Content
from gnn.scoring.catalogue import ContentLinks

#: Eight items bought, two of each kind, and two new ones of the first kind.
KIND = np.array([0, 0, 1, 1, 2, 2, 3, 3, 0, 0])
IS_NEW = np.arange(len(KIND)) >= 8
ITEMS = np.arange(len(KIND))

#: Pairs of one kind, 20 baskets each; pairs of neighbouring kinds, 20 baskets each.
SIMILAR_PAIRS = [(0, 1), (2, 3), (4, 5), (6, 7)]
OTHER_PAIRS = [(1, 2), (3, 4), (5, 6), (7, 0)]


def content_of(kind: np.ndarray) -> Content:
    words = csr_matrix(np.eye(4, dtype=np.float32)[kind])
    return Content(words, np.zeros((len(kind), 0), dtype=np.float32), np.stack([kind] * 3), None)


def planted(pairs: list[tuple[int, int]], *, num_items: int = len(KIND)) -> ExpectedBaskets:
    lines = np.zeros((20 * len(pairs), num_items), dtype=np.float32)
    for row in range(len(lines)):
        lines[row, list(pairs[row // 20])] = 1
    return expected_baskets(csr_matrix(lines))


def row(links: ContentLinks, item: int) -> dict[int, float]:
    others, lifts = links.lift.row(item)
    return dict(zip(others.tolist(), lifts.tolist(), strict=True))


def test_a_new_item_is_linked_to_similar_items_by_the_lift_of_sold_pairs_as_similar() -> None:
    links = link_by_content(content_of(KIND), ITEMS, is_new=IS_NEW, expected=planted(SIMILAR_PAIRS))

    # 80 pairs of one kind, each counted from both ends. Of 80 baskets of 2, with 20 of each item,
    # expected are 20 · 20 · 160 / 160² = 2.5 baskets a pair.
    lift = (2 * 80 + 5) / (2 * 4 * 2.5 + 5)
    assert row(links, 8) == pytest.approx({0: lift, 1: lift, 9: lift})
    assert row(links, 9).keys() == {0, 1, 8}
    assert not any(row(links, item) for item in range(8))


def test_where_similar_items_are_bought_apart_similarity_links_nothing() -> None:
    links = link_by_content(content_of(KIND), ITEMS, is_new=IS_NEW, expected=planted(OTHER_PAIRS))

    assert len(links.lift.indices) == 0


def test_of_many_equally_similar_items_the_most_bought_are_kept_and_come_first() -> None:
    num_bought = 2 * NUM_LINKS
    # The later an item, the more baskets it is in; all but the last are of one kind.
    pairs = [(low, high) for high in range(num_bought) for low in range(high)]
    kind = np.append(np.zeros(num_bought + 1, dtype=np.int64), 1)
    is_new = np.arange(len(kind)) == num_bought
    of = planted(
        [*pairs[::-1], *[(39, 38)] * 9, *[(num_bought + 1, num_bought + 1)] * 400], num_items=len(kind)
    )

    links = link_by_content(content_of(kind), np.arange(len(kind)), is_new=is_new, expected=of)

    found = list(row(links, num_bought))
    assert len(found) == NUM_LINKS
    assert set(found[:2]) == {38, 39}


@pytest.mark.parametrize("is_new", [np.zeros(10, dtype=np.bool_), np.ones(10, dtype=np.bool_)])
def test_without_new_items_or_without_bought_ones_there_are_no_links(is_new: np.ndarray) -> None:
    assert (
        len(
            link_by_content(
                content_of(KIND), ITEMS, is_new=is_new, expected=planted(SIMILAR_PAIRS)
            ).lift.indices
        )
        == 0
    )


def test_an_item_without_words_is_linked_to_nothing() -> None:
    words = np.eye(4, dtype=np.float32)[KIND]
    words[9] = 0
    content = Content(
        csr_matrix(words), np.zeros((len(KIND), 0), dtype=np.float32), np.stack([KIND] * 3), None
    )

    links = link_by_content(content, ITEMS, is_new=IS_NEW, expected=planted(SIMILAR_PAIRS))

    assert row(links, 9) == {}
    assert 9 not in row(links, 8)
