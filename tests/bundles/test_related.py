from bundles.recommender import Recommender


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


def test_substitutes_are_of_one_leaf_category(grocery: Recommender) -> None:
    answer = grocery.related("pasta", kind="substitute")

    assert {item.item_id for item in answer.items} == {"penne", "cold"}
    assert all(0 <= item.score <= 1 for item in answer.items)


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
