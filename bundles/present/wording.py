"""The sentences of reasons, in the languages that a shop's visitors read."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol, get_args

from bundles.present.wording_en import English
from bundles.present.wording_zh import Chinese

Language = Literal["en", "zh"]
#: The first is spoken where none of them is asked for.
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Wording(Protocol):
    """Counts as sentences; `event` is what the shop's associations count, `purchase` or another."""

    def co_purchase(self, event: str, *, baskets: int, lift: float) -> str:
        """Two items that go together."""

    def category_pair(self, event: str, names: tuple[str, str], *, baskets: int, lift: float) -> str:
        """Two level-0 categories that go together."""

    def user_history(self, event: str, *, count: int) -> str:
        """What this customer bought before."""

    def promotion(
        self, name: str, *, starts_at: datetime | None, ends_at: datetime | None, discount: float
    ) -> str:
        """An item of a promotion; `discount` is a share, NaN or 0 where the shop gives none."""

    def season(self, event: str, *, baskets: int, of_baskets: int, lift: float) -> str:
        """An item of the weeks around a date: `baskets` of its `of_baskets`."""

    def popularity(self, event: str, *, baskets: int) -> str:
        """What many bought."""


_WORDINGS: dict[Language, Wording] = {"en": English(), "zh": Chinese()}


def wording_in(language: Language) -> Wording:
    """The sentences of `language`."""
    return _WORDINGS[language]
