from bundles.catalogue_bundles import bundles_around, choose_bundles, default_exposure, exhausted_items
from bundles.present.answer_builder import bundle_id_of
from bundles.recommender import Recommender
from bundles.request.schemas import Constraints, SizeRange
from tests.planted_bundles import bundle


def test_no_item_is_in_more_bundles_than_allowed() -> None:
    found = [bundle(["a", other], score) for other, score in zip("bcde", (0.9, 0.8, 0.7, 0.6), strict=True)]

    chosen = choose_bundles([*found, bundle(["d", "e"], 0.1)], count=10, max_exposure=2)

    assert [[item.item_id for item in each.items] for each in chosen] == [["a", "b"], ["a", "c"], ["d", "e"]]
    assert [each.rank for each in chosen] == [1, 2, 3]


def test_each_set_is_chosen_once_and_at_most_count() -> None:
    found = [
        bundle(["a", "b"], 0.9),
        bundle(["b", "a"], 0.9),
        bundle(["c", "d"], 0.8),
        bundle(["e", "f"], 0.7),
    ]

    chosen = choose_bundles(found, count=2, max_exposure=5)

    assert [each.bundle_id for each in chosen] == [bundle_id_of(["a", "b"]), bundle_id_of(["c", "d"])]


def test_what_is_pinned_stands_first_whatever_its_score_and_exposure() -> None:
    found = [bundle(["a", "b"], 0.9), bundle(["a", "c"], 0.1, "pinned"), bundle(["a", "d"], 0.2, "pinned")]

    chosen = choose_bundles(found, count=3, max_exposure=1)

    assert [[item.item_id for item in each.items] for each in chosen] == [["a", "d"], ["a", "c"]]


def test_what_is_in_as_many_bundles_as_it_may_be_is_exhausted_items() -> None:
    chosen = [bundle(["a", "b"], 0.9), bundle(["a", "c"], 0.8), bundle(["a", "b", "d"], 0.7)]

    assert exhausted_items(chosen, max_exposure=2) == ["a", "b"]
    assert exhausted_items(chosen, max_exposure=4) == []


def test_an_item_may_be_in_a_hundredth_of_many_bundles_and_in_five_of_few() -> None:
    assert (default_exposure(10), default_exposure(10_000)) == (5, 100)


def test_every_anchor_has_its_best_bundles_with_reasons(grocery: Recommender) -> None:
    found = bundles_around(
        grocery, ["pasta", "milk"], per_anchor=1, size=SizeRange(min=2, max=3), constraints=Constraints()
    )

    assert [each.items[0].item_id for each in found] == ["pasta", "milk"]
    assert all(each.reasons for each in found)


def test_what_may_be_sold_is_in_stock_and_priced_with_the_most_bought_first(grocery: Recommender) -> None:
    sellable = grocery.sellable_items()

    assert not {"wine", "unpriced", "bare"} & set(sellable)
    assert {"bread", "milk"} == set(sellable[:2])
