"""What a bundle costs less than its items: a share, or as much as a margin floor leaves.

For a set with T = the sum of its item offers and C = the sum of its costs, in minor units:

    offer = T · (1 - share), halves rounded up       where a share is given, else 0
    offer ≥ C / (1 - floor), rounded up              where a floor is given: (offer - C) / offer ≥ floor
    offer ≤ T                                        a policy makes nothing dearer

Under a floor, a set whose costs are not all known gets no discount, since nobody can say what it would leave;
and a set that earns less than the floor without any discount breaks it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Float error of a sum of minor units, far below one of them.
_TINY = 1e-6


@dataclass(frozen=True)
class DiscountPolicy:
    """How much cheaper bundles are than their items. Both at their defaults: not at all."""

    share: float | None = 0.0
    """Of the sum of the item offers, in [0, 1); none for the largest that `margin_floor` leaves."""
    margin_floor: float | None = None
    """Least (offer - cost) / offer, in [0, 1)."""

    def offers(self, totals: NDArray[np.float64], costs: NDArray[np.float64]) -> NDArray[np.float64]:
        """What sets cost, of one shape.

        Args:
            totals: Sums of item offers in minor units, NaN where a price is not known.
            costs: Sums of costs in minor units, NaN where one is not known.
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
        # A set without price keeps NaN.
        return np.where(np.isnan(totals), np.nan, np.minimum(offers, totals))

    def breaks_floor(
        self, offers: NDArray[np.float64], costs: NDArray[np.float64]
    ) -> NDArray[np.bool_] | np.bool_:
        """Which sets earn less than the floor at their `offers`; not one of unknown price or cost."""
        if self.margin_floor is None:
            return np.bool_(False)
        return np.asarray(offers * (1 - self.margin_floor) < costs - _TINY)


NO_DISCOUNT = DiscountPolicy()
