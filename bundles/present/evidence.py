"""Counts behind the reasons of one request, looked up once for all items of its bundles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from bundles.loaded_model import LoadedModel
from gnn.scoring.catalogue import Promotions
from gnn.scoring.item_model import Histories
from gnn.scoring.seasons import SeasonEvidence

if TYPE_CHECKING:
    from bundles.request.resolve import ResolvedRequest

_ALWAYS_STARTED, _NEVER_ENDS = 0, 253_402_300_799
#: Number of cart items, the last ones, whose counts with bundle items may be reasons.
MAX_CART = 5


@dataclass(frozen=True)
class PromotionTerms:
    """Name, dates and discounts of a promotion."""

    promotion_id: str
    name: str
    starts_at: datetime | None
    ends_at: datetime | None
    discounts: Mapping[int, float]
    """Discount share by item index, NaN where the shop gives none."""


@dataclass(frozen=True)
class ReasonEvidence:
    """The counts behind reasons. Items are item indices."""

    pairs: Mapping[tuple[int, int], tuple[int, float]]
    """(baskets, lift) of pairs bought together."""
    purchases: Mapping[int, int]
    """How often the user bought each item."""
    cart: Sequence[int]
    promotion: PromotionTerms | None
    seasons: Mapping[int, SeasonEvidence]
    """Seasonal counts of items around the requested date; empty without one."""


def gather_evidence(items: Sequence[int], resolved: ResolvedRequest, model: LoadedModel) -> ReasonEvidence:
    """The evidence for bundles of `items` (item indices, each once)."""
    artifact, visitor, constraints = model.artifact, resolved.visitor, resolved.constraints
    user, week, promotion = visitor.user_index, constraints.event_week, constraints.promotion
    in_season = {} if week is None else {item: model.seasons.evidence(item, week) for item in items}
    cart = visitor.cart[-MAX_CART:]
    return ReasonEvidence(
        pairs=model.links.counts_among([*items, *cart], items),
        purchases={} if user is None else purchase_counts(artifact.histories, user),
        cart=cart,
        promotion=None if promotion is None else promotion_terms(artifact.promotions, promotion),
        seasons={item: found for item, found in in_season.items() if found is not None},
    )


def purchase_counts(histories: Histories, user_index: int) -> dict[int, int]:
    """How often the user bought each item index."""
    items, counts = np.unique(histories.of_user(user_index)[0], return_counts=True)
    return dict(zip(items.tolist(), counts.tolist(), strict=True))


def promotion_terms(promotions: Promotions, promotion: int) -> PromotionTerms:
    """Name, dates and discounts of the promotion with this index."""
    items, discounts = promotions.discount.row(promotion)
    promotion_id = promotions.promotion_ids[promotion]
    return PromotionTerms(
        promotion_id=promotion_id,
        name=promotions.names[promotion] or promotion_id,
        starts_at=_moment(int(promotions.starts_at[promotion])),
        ends_at=_moment(int(promotions.ends_at[promotion])),
        discounts=dict(zip(items.tolist(), discounts.tolist(), strict=True)),
    )


def _moment(seconds: int) -> datetime | None:
    return None if seconds in (_ALWAYS_STARTED, _NEVER_ENDS) else datetime.fromtimestamp(seconds, UTC)
