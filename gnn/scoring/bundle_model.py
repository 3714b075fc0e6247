"""How the shop's own bundles rank for users: a part of the artifact, read by `gnn.scoring.bundle_ranking`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class BundleModel:
    """Ranked lists of users who chose a bundle, and what ranks bundles for everybody else.

    Bundles are counted as `ShopBundles` counts them.
    """

    indptr: NDArray[np.int64]
    """A row a user, as `Histories.user_ids`."""
    bundle: NDArray[np.int32]
    """The user's best bundles, best first, those that the user chose included; none for who chose none."""
    score: NDArray[np.float32]
    """Comparable within a user alone."""
    popularity: NDArray[np.float32]
    """Users who chose each bundle, [num_bundles]."""
    items: NDArray[np.float32]
    """What an item says of a visitor who has it, [num_items, d]; d = 0 where there is no network."""
    bundles: NDArray[np.float32]
    """Unit vectors of the bundles, [num_bundles, d]."""
    visitor_weights: NDArray[np.float32]
    """Of `gnn.scoring.bundle_ranking.FEATURES`."""

    @classmethod
    def none(cls, *, num_users: int, num_items: int, num_bundles: int) -> BundleModel:
        """That of a shop where nobody chose a bundle: what a visitor has ranks them, and no list."""
        return cls(
            indptr=np.zeros(num_users + 1, dtype=np.int64),
            bundle=np.zeros(0, dtype=np.int32),
            score=np.zeros(0, dtype=np.float32),
            popularity=np.zeros(num_bundles, dtype=np.float32),
            items=np.zeros((num_items, 0), dtype=np.float32),
            bundles=np.zeros((num_bundles, 0), dtype=np.float32),
            visitor_weights=np.ones(3, dtype=np.float32),
        )
