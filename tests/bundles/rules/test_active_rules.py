from bundles.rules.decisions import NO_RULES, Decision, rules_from
from tests.merchant import MADE_AT, merchandising_rules, request


def revoked(decision: Decision) -> Decision:
    return decision.model_copy(update={"revoked_by": "Bo", "revoked_at": MADE_AT})


def test_without_decisions_there_are_no_rules() -> None:
    assert rules_from([], version=0) == NO_RULES


def test_a_later_decision_of_a_kind_on_the_same_items_replaces_the_earlier_in_any_order_of_the_items() -> (
    None
):
    rules = merchandising_rules(
        request("rename", "bread", "butter", title="Toast"),
        request("rename", "butter", "bread", title="Breakfast"),
        request("rename", "bread", "butter", "jam", title="Sweet"),
    )

    assert [decision.title for decision in rules.decisions] == ["Breakfast", "Sweet"]


def test_approve_reject_and_pin_answer_one_question() -> None:
    rules = merchandising_rules(
        request("pin", "bread", "butter"),
        request("price", "bread", "butter", price=2.0),
        request("reject", "bread", "butter"),
    )

    assert [decision.kind for decision in rules.decisions] == ["price", "reject"]


def test_a_pair_of_items_and_one_of_them_are_two_bans() -> None:
    rules = merchandising_rules(request("ban", "bread"), request("ban", "bread", "butter"))

    assert [decision.items for decision in rules.decisions] == [("bread",), ("bread", "butter")]


def test_the_shop_has_one_discount_policy() -> None:
    rules = merchandising_rules(request("discount", share=0.1), request("discount", margin_floor=0.2))

    assert [decision.margin_floor for decision in rules.decisions] == [0.2]


def test_revoking_restores_what_was_replaced() -> None:
    first, second, third = merchandising_rules(
        request("pin", "a", "b"), request("pin", "c", "d"), request("pin", "e", "f")
    ).decisions
    rejected = second.model_copy(update={"kind": "reject", "items": ("a", "b")})

    assert [each.id for each in rules_from([first, rejected, third], version=3).decisions] == [2, 3]
    assert [each.id for each in rules_from([first, revoked(rejected), third], version=4).decisions] == [1, 3]
    assert [
        each.id for each in rules_from([revoked(first), revoked(rejected), third], version=5).decisions
    ] == [3]
