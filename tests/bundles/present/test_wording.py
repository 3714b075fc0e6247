from datetime import UTC, datetime
from typing import get_args

import pytest

from bundles.present.wording import LANGUAGES, Language, Wording, wording_in
from etl.contract import EVENTS

STARTS, ENDS = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture(params=LANGUAGES)
def wording(request: pytest.FixtureRequest) -> Wording:
    return wording_in(request.param)


@pytest.mark.parametrize("event", EVENTS)
def test_every_sentence_tells_its_numbers_whatever_the_shop_counts(wording: Wording, event: str) -> None:
    assert "1,234" in wording.co_purchase(event, baskets=1234, lift=6.12)
    assert "6.1" in wording.co_purchase(event, baskets=1234, lift=6.12)
    pair = wording.category_pair(event, ("Dairy", "Home"), baskets=1234, lift=6.12)
    assert all(printed in pair for printed in ("Dairy", "Home", "1,234", "6.1"))
    assert "7" in wording.user_history(event, count=7)
    assert "1,234" in wording.popularity(event, baskets=1234)


def test_a_season_names_its_counts(wording: Wording) -> None:
    printed = wording.season("purchase", baskets=57, of_baskets=1234, lift=3.14)

    assert all(part in printed for part in ("57", "1,234", "3.1"))


def test_a_promotion_names_what_is_known_about_it(wording: Wording) -> None:
    printed = wording.promotion("Autumn", starts_at=STARTS, ends_at=ENDS, discount=0.25)
    bare = wording.promotion("Autumn", starts_at=None, ends_at=None, discount=float("nan"))

    assert all(part in printed for part in ("Autumn", "2026-11-20", "2026-11-30", "25%"))
    assert "Autumn" in bare
    assert "nan" not in bare and "None" not in bare and "%" not in bare


def test_english_knows_one_and_many() -> None:
    english = wording_in("en")

    assert english.popularity("purchase", baskets=1) == "Bought in 1 basket"
    assert english.user_history("view", count=1) == "Viewed once by this customer"
    assert english.user_history("purchase", count=2) == "Bought twice by this customer"


def test_every_language_has_its_sentences() -> None:
    sentences = {wording_in(language).popularity("view", baskets=2) for language in get_args(Language)}

    assert len(sentences) == len(get_args(Language))
