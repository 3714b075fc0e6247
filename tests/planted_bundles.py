"""Composed bundles that nobody composed, and bundles of a shop's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bundles.present.answer_builder import bundle_id_of
from bundles.present.answers import BundleItem, BundlePrice, GeneratedBundle, Objectives
from gnn.artifact.model import ModelArtifact
from gnn.scoring.catalogue import ShopBundles
from gnn.scoring.containers import Csr, TextColumn
from tests.artifact_factory import make_artifact
from tests.planted_shop import GROCERY


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


def grocery_with_bundles() -> ModelArtifact:
    """`GROCERY` with bundles of its own: `dinner`, pasta and two sauces, and `toast`, bread and butter."""
    artifact = make_artifact(GROCERY)
    ids = list(artifact.catalogue.item_ids)
    held = [ids.index(item_id) for item_id in ("pasta", "sauce", "bread", "butter")]
    return replace(
        artifact,
        bundles=ShopBundles(
            bundle_ids=TextColumn.of(["dinner", "toast"]),
            titles=TextColumn.of(["Dinner", ""]),
            discount=np.zeros(2),
            quantity=Csr(np.array([0, 2, 4]), np.array(held, dtype=np.int32), np.array([1.0, 2.0, 1.0, 1.0])),
        ),
    )
