"""Which sets on their way can still meet the price limits, whatever joins them: what both searches cut by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundles.compose.shortlist import Shortlist
from bundles.request.constraints import Rules


class PriceReach:
    """Bounds by the cheapest and the dearest candidate of one request."""

    def __init__(self, shortlist: Shortlist, rules: Rules) -> None:
        self._rules = rules
        added = shortlist.offer[shortlist.num_fixed :]
        known = added[~np.isnan(added)]
        self._cheapest, self._dearest = known.min(initial=np.inf), known.max(initial=0.0)

    def within(
        self, item_offers: NDArray[np.float64], cost: NDArray[np.float64], *, size: int
    ) -> NDArray[np.bool_]:
        """Whether sets of `size` items can still meet the limits: not false while they might.

        Args:
            item_offers: Sums of item offers in minor units, any shape; NaN, unknown, is never within a limit.
            cost: Sum of their costs, of the same shape; NaN for unknown.
            size: Items that the sets have.

        Returns:
            Of that shape, or of none where there is no limit.
        """
        rules, is_within = self._rules, np.asarray(True)
        if rules.price_max is not None:
            # More items are never cheaper.
            lacking = max(rules.size_min - size, 0)
            least = item_offers + lacking * self._cheapest if lacking else item_offers
            is_within = rules.discount.offers(least, cost) <= rules.price_max
        if rules.price_min is not None:
            most = item_offers + (rules.size_max - size) * self._dearest
            is_within = is_within & (most >= rules.price_min)
        return is_within
