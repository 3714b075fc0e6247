"""Composed bundles that nobody composed."""

from __future__ import annotations

from collections.abc import Sequence

from bundles.present.answer_builder import bundle_id_of
from bundles.present.answers import BundleItem, BundlePrice, GeneratedBundle, Objectives


def bundle(items: Sequence[str], score: float, decision: str | None = None) -> GeneratedBundle:
    """A bundle of `items` with a score."""
    return GeneratedBundle.model_validate(
        {
            "rank": 1,
            "bundle_id": bundle_id_of(items),
            "title": "",
            "decision": decision,
            "score": score,
            "objectives": Objectives(coherence=score, user_fit=0, breadth=0, margin=None, discount=0),
            "weakest_link": 0.5,
            "items": [
                BundleItem(item_id=item, title="", category=[], price=None, role="added") for item in items
            ],
            "price": BundlePrice(list=None, offer=None, discount=0.0),
            "reasons": [],
        }
    )
