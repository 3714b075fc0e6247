"""Sentences of reasons in English and Chinese."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol, get_args

Language = Literal["en", "zh"]
#: The first one is the default.
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Wording(Protocol):
    """Sentences about counts; `event` is the event that associations count, such as `purchase`."""

    def co_purchase(self, event: str, *, baskets: int, lift: float) -> str:
        """Two items that are bought together."""

    def category_pair(self, event: str, names: tuple[str, str], *, baskets: int, lift: float) -> str:
        """Two level-0 categories that are bought together."""

    def user_history(self, event: str, *, count: int) -> str:
        """An item that this customer bought before."""

    def promotion(
        self, name: str, *, starts_at: datetime | None, ends_at: datetime | None, discount: float
    ) -> str:
        """An item of a promotion; `discount` is a share, NaN or 0 where the shop gives none."""

    def season(self, event: str, *, baskets: int, of_baskets: int, lift: float) -> str:
        """A seasonal item: `baskets` of its `of_baskets` fall into the weeks around a date."""

    def popularity(self, event: str, *, baskets: int) -> str:
        """A popular item."""


def wording_in(language: Language) -> Wording:
    """The sentences of `language`."""
    return _WORDINGS[language]


_ENGLISH_VERBS = {
    "purchase": "bought",
    "cart": "put in carts",
    "favourite": "marked as favourites",
    "view": "viewed",
}


class _English:
    def co_purchase(self, event: str, *, baskets: int, lift: float) -> str:
        return (
            f"{_ENGLISH_VERBS[event].capitalize()} together in {_baskets(baskets)}, {_times_chance_en(lift)}"
        )

    def category_pair(self, event: str, names: tuple[str, str], *, baskets: int, lift: float) -> str:
        both = " and ".join(names)
        return f"{both} are {_ENGLISH_VERBS[event]} together in {_baskets(baskets)}, {_times_chance_en(lift)}"

    def user_history(self, event: str, *, count: int) -> str:
        times = {1: "once", 2: "twice"}.get(count, f"{count:,} times")
        return f"{_ENGLISH_VERBS[event].capitalize()} {times} by this customer"

    def promotion(
        self, name: str, *, starts_at: datetime | None, ends_at: datetime | None, discount: float
    ) -> str:
        begins = f" from {starts_at:%Y-%m-%d}" if starts_at else ""
        ends = f" to {ends_at:%Y-%m-%d}" if ends_at else ""
        return f"In promotion {name}{begins}{ends}" + (f", {discount:.0%} off" if discount > 0 else "")

    def season(self, event: str, *, baskets: int, of_baskets: int, lift: float) -> str:
        often = f"{_ENGLISH_VERBS[event].capitalize()} {lift:,.1f} times as often"
        return f"{often} in these weeks of the year: {baskets:,} of its {_baskets(of_baskets)}"

    def popularity(self, event: str, *, baskets: int) -> str:
        return f"{_ENGLISH_VERBS[event].capitalize()} in {_baskets(baskets)}"


def _baskets(count: int) -> str:
    return "1 basket" if count == 1 else f"{count:,} baskets"


def _times_chance_en(lift: float) -> str:
    return f"{lift:,.1f} times as often as by chance"


_CHINESE_VERBS = {"purchase": "购买", "cart": "加入购物车", "favourite": "收藏", "view": "浏览"}


class _Chinese:
    def co_purchase(self, event: str, *, baskets: int, lift: float) -> str:
        return f"在 {baskets:,} 个购物篮中被一起{_CHINESE_VERBS[event]}，{_times_chance_zh(lift)}"

    def category_pair(self, event: str, names: tuple[str, str], *, baskets: int, lift: float) -> str:
        both = "与".join(f"“{name}”" for name in names)
        return f"{both}在 {baskets:,} 个购物篮中被一起{_CHINESE_VERBS[event]}，{_times_chance_zh(lift)}"

    def user_history(self, event: str, *, count: int) -> str:
        return f"该顾客曾{_CHINESE_VERBS[event]} {count:,} 次"

    def promotion(
        self, name: str, *, starts_at: datetime | None, ends_at: datetime | None, discount: float
    ) -> str:
        begins = f"{starts_at:%Y-%m-%d} 起" if starts_at else ""
        ends = f"至 {ends_at:%Y-%m-%d} 止" if ends_at else ""
        dates = f"（{begins}{ends}）" if begins or ends else ""
        return f"参加促销“{name}”{dates}" + (f"，优惠 {discount:.0%}" if discount > 0 else "")

    def season(self, event: str, *, baskets: int, of_baskets: int, lift: float) -> str:
        share = f"全年 {of_baskets:,} 个购物篮中有 {baskets:,} 个"
        return f"每年这几周被{_CHINESE_VERBS[event]}的频率为平时的 {lift:,.1f} 倍：{share}"

    def popularity(self, event: str, *, baskets: int) -> str:
        return f"在 {baskets:,} 个购物篮中被{_CHINESE_VERBS[event]}"


def _times_chance_zh(lift: float) -> str:
    return f"为随机情况的 {lift:,.1f} 倍"


_WORDINGS: dict[Language, Wording] = {"en": _English(), "zh": _Chinese()}
