import pytest

from bundles.recommender import Recommender


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("bread", ["bread", "rolls"]),
        ("BREAD ROLLS", ["rolls"]),
        ("rol bre", ["rolls"]),
        ("crème", ["soap/ü"]),
        ("CRÈME", ["soap/ü"]),
        ("spaghetti", ["pasta"]),
        ("spaghettis", []),
        ("500", ["pasta", "penne"]),
        ("soap/Ü", ["soap/ü"]),
        ("soap/", ["soap/ü"]),
        ("read", []),
        ("milk pasta", []),
        ("!!!", []),
        ("   ", []),
        ("x" * 200, []),
    ],
)
def test_words_of_titles_and_beginnings_of_ids_are_found(
    grocery: Recommender, query: str, found: list[str]
) -> None:
    assert [item.item_id for item in grocery.search(query).items] == found


def test_the_item_of_that_id_comes_first_then_the_popular_ones(grocery: Recommender) -> None:
    answer = grocery.search("pasta", n=2)

    assert [item.item_id for item in answer.items] == ["pasta", "cold"]


def test_an_item_is_found_with_its_category_and_price(grocery: Recommender) -> None:
    item = grocery.search("parmesan").items[0]

    assert (item.title, item.category, item.price) == ("Parmesan", ["Dairy", "Cheese"], 4.0)


def test_no_more_than_n_are_found(grocery: Recommender) -> None:
    assert len(grocery.search("p", n=1).items) == 1
