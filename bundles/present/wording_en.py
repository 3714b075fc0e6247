"""Reasons in English."""

from __future__ import annotations

from datetime import datetime

_VERBS = {
    "purchase": "bought",
    "cart": "put in carts",
    "favourite": "marked as favourites",
    "view": "viewed",
}


class English:
    """See `bundles.present.wording.Wording`."""

    def co_purchase(self, event: str, *, baskets: int, lift: float) -> str:
        """Two items that go together."""
        return f"{_VERBS[event].capitalize()} together in {_baskets(baskets)}, {_times_chance(lift)}"

    def category_pair(self, event: str, names: tuple[str, str], *, baskets: int, lift: float) -> str:
        """Two level-0 categories that go together."""
        both = " and ".join(names)
        return f"{both} are {_VERBS[event]} together in {_baskets(baskets)}, {_times_chance(lift)}"

    def user_history(self, event: str, *, count: int) -> str:
        """What this customer bought before."""
        times = {1: "once", 2: "twice"}.get(count, f"{count:,} times")
        return f"{_VERBS[event].capitalize()} {times} by this customer"

    def promotion(
        self, name: str, *, starts_at: datetime | None, ends_at: datetime | None, discount: float
    ) -> str:
        """An item of a promotion."""
        begins = f" from {starts_at:%Y-%m-%d}" if starts_at else ""
        ends = f" to {ends_at:%Y-%m-%d}" if ends_at else ""
        return f"In promotion {name}{begins}{ends}" + (f", {discount:.0%} off" if discount > 0 else "")

    def season(self, event: str, *, baskets: int, of_baskets: int, lift: float) -> str:
        """An item of the weeks around a date."""
        share = f"{baskets:,} of its {_baskets(of_baskets)}"
        return f"{_VERBS[event].capitalize()} {lift:,.1f} times as often in these weeks of the year: {share}"

    def popularity(self, event: str, *, baskets: int) -> str:
        """What many bought."""
        return f"{_VERBS[event].capitalize()} in {_baskets(baskets)}"


def _baskets(count: int) -> str:
    return "1 basket" if count == 1 else f"{count:,} baskets"


def _times_chance(lift: float) -> str:
    return f"{lift:,.1f} times as often as by chance"
