from collections.abc import Mapping
from dataclasses import replace

from bundles.recommender import Recommender
from tests.artifact_factory import KEY, make_artifact
from tests.planted_shop import GROCERY


def test_complements_come_with_their_counts_and_are_no_substitutes(grocery: Recommender) -> None:
    answer = grocery.related("pasta")

    first = answer.items[0]
    assert (first.item_id, first.rank, first.baskets, first.lift) == ("sauce", 1, 40, 5.0)
    assert not {"penne", "cold", "pasta"} & {item.item_id for item in answer.items}


def test_across_categories_means_another_level_0_category(grocery: Recommender) -> None:
    answer = grocery.related("milk", cross_category=True)

    # Lifts: 30 · 200 / (90 · 30) of rolls and soap, 60 · 200 / (90 · 110) of bread; butter is Dairy too.
    assert {item.item_id for item in answer.items[:2]} == {"rolls", "soap/ü"}
    assert [item.item_id for item in answer.items[2:]] == ["bread"]


def test_what_is_linked_no_more_than_by_chance_is_no_complement(grocery: Recommender) -> None:
    answer = grocery.related("pasta")

    assert [item.item_id for item in answer.items] == ["sauce"]
    assert all(item.score > 0.5 for item in answer.items)


def test_substitutes_are_what_was_learned_to_replace_the_item(grocery: Recommender) -> None:
    answer = grocery.related("pasta", kind="substitute")

    assert {item.item_id for item in answer.items} == {"penne", "cold"}
    assert all(0 <= item.score <= 1 for item in answer.items)


def test_substitutes_across_categories_are_those_of_another_level_0_category() -> None:
    # Pasta, penne and cold are one product type; rolls are of the bakery, a bare item has no category.
    recommender = Recommender(
        make_artifact(replace(GROCERY, substitutes=[("pasta", "rolls"), ("pasta", "bare")])), KEY
    )

    everywhere = recommender.related("pasta", kind="substitute")
    across = recommender.related("pasta", kind="substitute", cross_category=True)

    assert {item.item_id for item in everywhere.items} == {"penne", "cold", "rolls", "bare"}
    assert [(item.item_id, item.rank) for item in across.items] == [("rolls", 1)]
    assert across.warnings == []


def test_an_item_whose_substitutes_are_all_of_its_own_level_0_category_has_none_across(
    grocery: Recommender,
) -> None:
    answer = grocery.related("pasta", kind="substitute", cross_category=True)

    assert answer.items == []
    assert answer.warnings == ["no substitute of another level-0 category is known of 'pasta'"]


def test_a_cold_item_is_linked_by_its_category(grocery: Recommender) -> None:
    answer = grocery.related("cold")

    assert answer.source == "cold_start"
    assert answer.items[0].item_id in {"sauce", "cheese"}


def test_an_item_of_which_nothing_is_known_has_none_and_a_warning(grocery: Recommender) -> None:
    for kind in ("complement", "substitute"):
        answer = grocery.related("bare", kind=kind)

        assert answer.items == []
        assert answer.warnings == [f"no {kind} is known of 'bare'"]


def test_out_of_stock_items_are_left_out(grocery: Recommender) -> None:
    assert "wine" not in {item.item_id for item in grocery.related("bread").items}


def test_links_learned_from_the_shops_own_come_before_what_is_counted_in_baskets() -> None:
    # Penne and pasta are of one leaf category: only a link of the shop makes them no substitutes.
    recommender = _linked({"pasta": {"penne": 1.0, "soap/ü": 0.7, "wine": 0.9}})

    answer = recommender.related("pasta")

    assert [(item.item_id, item.rank) for item in answer.items] == [("penne", 1), ("soap/ü", 2)]
    assert [round(item.score, 3) for item in answer.items] == [1.0, 0.7]
    assert [item.item_id for item in recommender.related("pasta", n=1).items] == ["penne"]


def test_predicted_links_respect_cross_category() -> None:
    answer = _linked({"pasta": {"penne": 1.0, "soap/ü": 0.7}}).related("pasta", cross_category=True)

    assert [item.item_id for item in answer.items] == ["soap/ü"]


def test_an_item_without_learned_links_is_answered_by_what_is_counted() -> None:
    recommender = _linked({"milk": {"soap/ü": 0.7}, "bread": {"wine": 0.9}})

    assert [item.item_id for item in recommender.related("pasta").items] == ["sauce"]
    # Wine is out of stock, so nothing learned is left of bread.
    assert {item.item_id for item in recommender.related("bread").items} >= {"milk", "butter"}


def _linked(predicted_links: Mapping[str, Mapping[str, float]]) -> Recommender:
    return Recommender(make_artifact(replace(GROCERY, predicted_links=predicted_links)), KEY)
