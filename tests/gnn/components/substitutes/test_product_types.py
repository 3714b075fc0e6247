from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.components.substitutes.behaviour import ExpectedBaskets, expected_baskets
from gnn.components.substitutes.product_types import common_words, product_types, product_words

#: Four items of category 0, then four of each of the categories 1 to 3.
CATEGORY = np.repeat(np.arange(4), 4)


def planted(*baskets: tuple[Sequence[int], int], num_items: int = 16) -> ExpectedBaskets:
    """Of baskets (items, how many such baskets there are)."""
    rows = [items for items, times in baskets for _ in range(times)]
    places = [(row, item) for row, items in enumerate(rows) for item in items]
    lines = np.zeros((len(rows), num_items), dtype=np.float32)
    lines[tuple(zip(*places, strict=True))] = 1
    return expected_baskets(csr_matrix(lines))


def types(names: Sequence[str], of: ExpectedBaskets, category: np.ndarray = CATEGORY) -> set[int]:
    """The categories that are types, where the items of category 0 have `names` and no other has a title."""
    titles = [*names, *[""] * (len(category) - len(names))]
    found = product_types(category, product_words(titles, [""] * len(titles)), of)
    return set(found[found >= 0].tolist())


#: All four of category 0 in one basket, 30 times; the others a pair of categories at a time.
TOGETHER = planted(([0, 1, 2, 3], 30), *(([4 + i, 8 + i], 20) for i in range(4)), ([12, 4], 20))


def test_expected_baskets_follow_from_how_often_items_are_bought_and_the_sizes_of_baskets() -> None:
    of = planted(([0, 1], 2), ([0], 1), ([1, 2], 1), num_items=3)

    # Bought 3, 3 and 1 times, 7 in all; 3 baskets of 2 hold 6 ordered pairs.
    everything = np.arange(3)
    assert of.among(everything)[0, 1] == pytest.approx(3 * 3 * 6 / 7**2)
    assert of.observed(everything).tolist() == [[3, 2, 0], [2, 3, 1], [0, 1, 1]]


def test_items_of_one_name_are_a_type_though_bought_together() -> None:
    names = ["cherry yoghurt", "plain yoghurt", "peach yoghurt", "yoghurt drink"]

    assert types(names, TOGETHER) == {0, 1, 2, 3}


def test_items_bought_together_under_no_common_name_are_no_type() -> None:
    names = ["cake tin", "whisk", "baking paper", "rolling pin"]

    assert types(names, TOGETHER) == {1, 2, 3}


def test_items_without_titles_are_a_type() -> None:
    assert types(["", "", "", "whisk"], TOGETHER) == {0, 1, 2, 3}


def test_a_category_of_the_whole_catalogue_is_no_type() -> None:
    assert types([], TOGETHER, np.zeros(16, dtype=np.int64)) == set()


def test_a_large_category_is_a_type_where_its_items_are_bought_one_by_one() -> None:
    # Six phones, each bought with its own case, never two phones.
    sold = planted(*(([phone, 6 + phone], 40) for phone in range(6)), num_items=12)
    category = np.repeat([0, 1], 6)

    assert types([], sold, category) == {0, 1}


def test_an_item_without_category_is_of_no_type() -> None:
    nothing = planted(([0, 1], 1), num_items=3)

    assert product_types(np.array([-1, -1, -1]), [frozenset()] * 3, nothing).tolist() == [-1, -1, -1]
    assert product_types(np.array([0, -1, -1]), [frozenset()] * 3, nothing).tolist() == [0, -1, -1]


@pytest.mark.parametrize(
    ("title", "brand", "words"),
    [
        ("Cherry Yoghurt 150 g", "", {"cherry", "yoghurt"}),
        ("Cherry Yoghurt 4x150g, Alpine", "Alpine", {"cherry", "yoghurt"}),
        ("T-Shirt Black XL", "", {"shirt"}),
        ("纯牛奶250ml", "", {"纯牛奶"}),
        ("500 ml", "", set()),
        ("", "", set()),
    ],
)
def test_words_name_the_product_and_not_its_size_colour_or_brand(
    title: str, brand: str, words: set[str]
) -> None:
    assert product_words([title], [brand]) == [frozenset(words)]


def test_a_common_word_is_in_more_than_a_share_of_the_titles_that_have_words() -> None:
    titles = product_words(["tea pot", "tea cup", "kettle", "", ""], [""] * 5)

    assert common_words(titles, share=0.5) == {"tea"}
    assert common_words(titles, share=2 / 3) == frozenset()
