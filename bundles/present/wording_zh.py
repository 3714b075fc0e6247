"""Reasons in Chinese (simplified)."""

from __future__ import annotations

from datetime import datetime

_VERBS = {"purchase": "购买", "cart": "加入购物车", "favourite": "收藏", "view": "浏览"}


class Chinese:
    """See `bundles.present.wording.Wording`."""

    def co_purchase(self, event: str, *, baskets: int, lift: float) -> str:
        """Two items that go together."""
        return f"在 {baskets:,} 个购物篮中被一起{_VERBS[event]}，{_times_chance(lift)}"

    def category_pair(self, event: str, names: tuple[str, str], *, baskets: int, lift: float) -> str:
        """Two level-0 categories that go together."""
        both = "与".join(f"“{name}”" for name in names)
        return f"{both}在 {baskets:,} 个购物篮中被一起{_VERBS[event]}，{_times_chance(lift)}"

    def user_history(self, event: str, *, count: int) -> str:
        """What this customer bought before."""
        return f"该顾客曾{_VERBS[event]} {count:,} 次"

    def promotion(
        self, name: str, *, starts_at: datetime | None, ends_at: datetime | None, discount: float
    ) -> str:
        """An item of a promotion."""
        begins = f"{starts_at:%Y-%m-%d} 起" if starts_at else ""
        ends = f"至 {ends_at:%Y-%m-%d} 止" if ends_at else ""
        dates = f"（{begins}{ends}）" if begins or ends else ""
        return f"参加促销“{name}”{dates}" + (f"，优惠 {discount:.0%}" if discount > 0 else "")

    def season(self, event: str, *, baskets: int, of_baskets: int, lift: float) -> str:
        """An item of the weeks around a date."""
        share = f"全年 {of_baskets:,} 个购物篮中有 {baskets:,} 个"
        return f"每年这几周被{_VERBS[event]}的频率为平时的 {lift:,.1f} 倍：{share}"

    def popularity(self, event: str, *, baskets: int) -> str:
        """What many bought."""
        return f"在 {baskets:,} 个购物篮中被{_VERBS[event]}"


def _times_chance(lift: float) -> str:
    return f"为随机情况的 {lift:,.1f} 倍"
