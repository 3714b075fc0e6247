from dataclasses import replace

import pytest

from bundles.present.answers import RelatedCategoriesAnswer
from bundles.recommender import Recommender
from bundles.request.schemas import UnknownCategoryError
from tests.artifact_factory import KEY, make_artifact
from tests.planted_shop import GROCERY, UNSOLD


def lifts_of(answer: RelatedCategoriesAnswer) -> list[tuple[str, float, int]]:
    return [(found.category_id, found.lift, found.baskets) for found in answer.categories]


def test_the_largest_lift_comes_first_and_what_is_predicted_alone_has_no_baskets(
    grocery: Recommender,
) -> None:
    answer = grocery.related_categories("Grocery > Sauce")

    assert lifts_of(answer) == [("Grocery > Pasta", 5.0, 40), ("Dairy > Cheese", 2.5, 0)]
    assert [(found.name, found.rank) for found in answer.categories] == [("Pasta", 1), ("Cheese", 2)]
    assert (answer.source, answer.warnings) == ("gnn", [])


def test_the_answer_has_the_requested_number(grocery: Recommender) -> None:
    assert lifts_of(grocery.related_categories("Grocery > Sauce", n=1)) == [("Grocery > Pasta", 5.0, 40)]


def test_what_is_linked_no_more_than_by_chance_is_left_out(grocery: Recommender) -> None:
    assert "Home > Soap" not in {
        category for category, _, _ in lifts_of(grocery.related_categories("Grocery > Pasta"))
    }


def test_a_category_that_holds_no_item_itself_has_the_best_links_from_below_it_to_others(
    grocery: Recommender,
) -> None:
    answer = grocery.related_categories("Grocery")

    # Pasta has 1.5 with cheese, sauce 2.5; their link to each other stays within groceries.
    assert lifts_of(answer) == [("Dairy > Cheese", 2.5, 0)]


def test_links_of_equal_lift_are_in_the_order_of_their_ids() -> None:
    links = {
        "Grocery > Pasta": {"Home > Soap": (2.0, 3), "Bakery > Rolls": (2.0, 0), "Drinks > Wine": (2.0, 9)}
    }
    recommender = Recommender(make_artifact(replace(GROCERY, category_links=links)), KEY)

    found = lifts_of(recommender.related_categories("Grocery > Pasta"))

    assert [category for category, _, _ in found] == ["Bakery > Rolls", "Drinks > Wine", "Home > Soap"]


@pytest.mark.parametrize("path", ["Home > Soap", "Dairy > Milk", "Bakery"])
def test_a_category_that_nothing_is_linked_to_has_none_and_a_warning(grocery: Recommender, path: str) -> None:
    answer = grocery.related_categories(path)

    assert answer.categories == []
    assert answer.warnings == [f"no category is known to be bought with {path!r}"]
    assert answer.source == "fallback"


def test_a_model_without_links_gives_a_warning(unsold: Recommender) -> None:
    answer = unsold.related_categories("Grocery > Pasta")

    assert UNSOLD.category_links == {}
    assert answer.categories == []
    assert answer.warnings == [
        "the model has no links of categories: too few were bought together in validation"
    ]


@pytest.mark.parametrize("path", ["Pasta", "grocery > pasta", "Grocery>Pasta", ""])
def test_what_is_no_full_path_is_unknown(grocery: Recommender, path: str) -> None:
    with pytest.raises(UnknownCategoryError, match=r"no category .* write the full path"):
        grocery.related_categories(path)
