from bundles.rules.requests import Decision
from bundles.rules.word import NO_WORD, word_of
from tests.merchant import MADE_AT, decided, request


def revoked(decision: Decision) -> Decision:
    return decision.model_copy(update={"revoked_by": "Bo", "revoked_at": MADE_AT})


def test_nothing_decided_is_nothing_standing() -> None:
    assert word_of([], version=0) == NO_WORD


def test_a_later_decision_of_a_kind_on_the_same_items_replaces_the_earlier_in_any_order_of_the_items() -> (
    None
):
    word = decided(
        request("rename", "bread", "butter", title="Toast"),
        request("rename", "butter", "bread", title="Breakfast"),
        request("rename", "bread", "butter", "jam", title="Sweet"),
    )

    assert [decision.title for decision in word.decisions] == ["Breakfast", "Sweet"]


def test_approve_reject_and_pin_answer_one_question() -> None:
    word = decided(
        request("pin", "bread", "butter"),
        request("price", "bread", "butter", price=2.0),
        request("reject", "bread", "butter"),
    )

    assert [decision.kind for decision in word.decisions] == ["price", "reject"]


def test_a_pair_of_items_and_one_of_them_are_two_bans() -> None:
    word = decided(request("ban", "bread"), request("ban", "bread", "butter"))

    assert [decision.items for decision in word.decisions] == [("bread",), ("bread", "butter")]


def test_the_shop_has_one_discount_policy() -> None:
    word = decided(request("discount", share=0.1), request("discount", margin_floor=0.2))

    assert [decision.margin_floor for decision in word.decisions] == [0.2]


def test_revoking_restores_what_was_replaced() -> None:
    first, second, third = decided(
        request("pin", "a", "b"), request("pin", "c", "d"), request("pin", "e", "f")
    ).decisions
    rejected = second.model_copy(update={"kind": "reject", "items": ("a", "b")})

    assert [each.id for each in word_of([first, rejected, third], version=3).decisions] == [2, 3]
    assert [each.id for each in word_of([first, revoked(rejected), third], version=4).decisions] == [1, 3]
    assert [each.id for each in word_of([revoked(first), revoked(rejected), third], version=5).decisions] == [
        3
    ]
