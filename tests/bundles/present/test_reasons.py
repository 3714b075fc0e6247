from bundles.present.answers import Reason
from bundles.present.wording import LANGUAGES
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest
from tests.planted_shop import NUM_BASKETS, NUM_TOGETHER


def reasons_of(recommender: Recommender, **body: object) -> list[Reason]:
    return recommender.generate(GenerateRequest.model_validate(body)).bundles[0].reasons


def test_a_co_purchase_has_the_counts_of_the_baskets(grocery: Recommender) -> None:
    reason = reasons_of(grocery, anchors=["pasta"], size=2)[0]

    # Both are in 40 baskets, always together: lift = 40 · N / (40 · 40).
    lift = NUM_TOGETHER * NUM_BASKETS / (NUM_TOGETHER * NUM_TOGETHER)
    assert (reason.kind, reason.items) == ("co_purchase", ["pasta", "sauce"])
    assert reason.evidence == {"baskets": NUM_TOGETHER, "lift": lift}
    assert reason.text == "Bought together in 40 baskets, 5.0 times as often as by chance"


def test_a_pair_rarer_than_by_chance_is_no_reason(grocery: Recommender) -> None:
    answer = grocery.generate(GenerateRequest.model_validate({"anchors": ["bread", "milk"], "n": 20}))

    lifts = [
        reason.evidence["lift"]
        for bundle in answer.bundles
        for reason in bundle.reasons
        if "lift" in reason.evidence
    ]
    assert lifts
    assert all(isinstance(lift, float) and lift > 1 for lift in lifts)


def test_items_the_user_bought_are_reasons_with_their_count(grocery: Recommender) -> None:
    reasons = reasons_of(grocery, anchors=["milk", "bread"], user_id="718", size=2)

    history = {reason.items[0]: reason for reason in reasons if reason.kind == "user_history"}
    assert history["milk"].evidence == {"count": 7}
    assert history["milk"].text == "Bought 7 times by this customer"
    assert history["bread"].text == "Bought twice by this customer"


def test_a_cart_item_bought_with_a_bundle_is_a_reason(grocery: Recommender) -> None:
    reasons = reasons_of(grocery, cart=["butter"], anchors=["milk"], size=2, weights={"coherence": 1})

    pairs = [set(reason.items) for reason in reasons if reason.kind == "co_purchase"]
    assert {"butter", "milk"} in pairs


def test_categories_that_go_together_explain_a_pair_that_was_not_counted(grocery: Recommender) -> None:
    reason = reasons_of(grocery, anchors=["soap/ü", "butter"], size=2)[0]

    # Home is in 30 of 200 baskets, always with Dairy, which is in 60 + 30 + 20.
    lift = 30 * NUM_BASKETS / (30 * (60 + 30 + 20))
    assert (reason.kind, reason.items) == ("category_pair", ["soap/ü", "butter"])
    assert reason.text == "Home and Dairy are bought together in 30 baskets, 1.8 times as often as by chance"
    assert reason.evidence == {
        "baskets": 30,
        "lift": round(lift, 3),
        "from_category": "Home",
        "to_category": "Dairy",
    }


def test_a_promotion_is_a_reason_with_its_dates_and_discount(grocery: Recommender) -> None:
    reasons = reasons_of(
        grocery, anchors=["pasta"], size=2, constraints={"promotion_id": "over", "items_require": ["cheese"]}
    )

    reason = next(reason for reason in reasons if reason.kind == "promotion")
    assert reason.items == ["cheese"]
    assert reason.text == "In promotion Name of over from 2014-05-13 to 2017-07-14, 10% off"
    assert reason.evidence["ends_at"] == "2017-07-14T02:40:00Z"


def test_a_promotion_without_dates_is_a_reason_without_dates(grocery: Recommender) -> None:
    constraints = {"promotion_id": "running", "items_require": ["cheese"]}

    reasons = reasons_of(grocery, anchors=["pasta"], size=2, constraints=constraints)

    reason = next(reason for reason in reasons if reason.kind == "promotion")
    assert reason.text == "In promotion Name of running, 25% off"
    assert (reason.evidence["starts_at"], reason.evidence["ends_at"]) == (None, None)


def test_every_added_item_that_was_ever_bought_has_a_reason(grocery: Recommender) -> None:
    answer = grocery.generate(GenerateRequest.model_validate({"anchors": ["pasta"], "n": 30}))

    never_bought = {"cold", "bare"}
    for bundle in answer.bundles:
        explained = {item_id for reason in bundle.reasons for item_id in reason.items}
        added = {item.item_id for item in bundle.items if item.role == "added"}
        assert added - never_bought <= explained


def test_reasons_are_in_chinese_on_request(grocery: Recommender) -> None:
    request = GenerateRequest.model_validate({"anchors": ["pasta"], "size": 2})

    english, chinese = (
        grocery.generate(request, language=language).bundles[0].reasons[0] for language in LANGUAGES
    )

    assert chinese.text == "在 40 个购物篮中被一起购买，为随机情况的 5.0 倍"
    assert (chinese.kind, chinese.items, chinese.evidence) == (
        english.kind,
        english.items,
        english.evidence,
    )
