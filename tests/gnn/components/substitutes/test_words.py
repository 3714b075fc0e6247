import pytest

from gnn.components.substitutes.words import common_words, product_words


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
