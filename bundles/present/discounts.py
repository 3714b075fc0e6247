"""Bundle discounts: a share, or the largest discount that a margin floor allows.

For a set with T = the sum of its item offers and C = the sum of its costs, in minor units:

    offer = T · (1 - share), halves rounded up       where a share is given, else 0
    offer ≥ C / (1 - floor), rounded up              where a floor is given: (offer - C) / offer ≥ floor
    offer ≤ T                                        a policy never raises a price

Under a floor, a set with an unknown cost gets no discount, since its margin is unknown; a set that earns less
than the floor without any discount violates it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Float error of a sum of minor units, far below one unit.
_TINY = 1e-6


@dataclass(frozen=True)
class DiscountPolicy:
    """How much cheaper bundles are than their items; no discount by default."""

    share: float | None = 0.0
    """Share off the sum of the item offers, in [0, 1); None: the largest that `margin_floor` allows."""
    margin_floor: float | None = None
    """Minimum (offer - cost) / offer, in [0, 1)."""

    def offers(self, totals: NDArray[np.float64], costs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Offer prices of sets, of the shape of the arguments.

        Args:
            totals: Sums of item offers in minor units, NaN where a price is unknown.
            costs: Sums of costs in minor units, NaN where one is unknown.
        """
        if self.share is None:
            offers = np.zeros_like(totals)
        elif self.share:
            offers = np.floor(totals * (1 - self.share) + 0.5 + _TINY)
        else:
            return totals
        if self.margin_floor is not None:
            least = np.ceil(costs / (1 - self.margin_floor) - _TINY)
            offers = np.maximum(offers, np.where(np.isnan(least), np.inf, least))
        # A set without a price keeps NaN.
        return np.where(np.isnan(totals), np.nan, np.minimum(offers, totals))

    def breaks_floor(
        self, offers: NDArray[np.float64], costs: NDArray[np.float64]
    ) -> NDArray[np.bool_] | np.bool_:
        """Which sets earn less than the floor at their `offers`; false where a price or cost is unknown."""
        if self.margin_floor is None:
            return np.bool_(False)
        return np.asarray(offers * (1 - self.margin_floor) < costs - _TINY)


NO_DISCOUNT = DiscountPolicy()
