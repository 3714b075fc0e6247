"""The product's composer around anchors, called as a client calls it: a request a basket."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.composition.anchored import MAX_ADDED, AnchoredBaskets, Compose
from bundles.present.answers import GeneratedBundle
from bundles.recommender import Recommender
from bundles.request.schemas import Constraints, GenerateRequest, SizeRange, Weights
from etl.pseudonyms import PseudonymKey
from gnn.artifact.model import ModelArtifact


@dataclass(frozen=True)
class StoredPseudonyms(PseudonymKey):
    """Takes pseudonyms for user ids: a benchmark knows users by no other id."""

    def pseudonym(self, user_id: str) -> str:
        """`user_id` itself."""
        return user_id


class Ours:
    """The product over `artifact`, whose users are pseudonyms under `key`."""

    def __init__(self, artifact: ModelArtifact, key: PseudonymKey) -> None:
        self._artifact, self._key = artifact, key
        item_ids = artifact.catalogue.item_ids
        self._item_ids = [item_ids[int(item)] for item in artifact.ranked.item]
        self._place = {item_id: place for place, item_id in enumerate(self._item_ids)}

    def recommender(self) -> Recommender:
        """A recommender whose user ids are pseudonyms."""
        return Recommender(self._artifact, StoredPseudonyms(self._key.secret))

    def request(
        self,
        baskets: AnchoredBaskets,
        query: int,
        *,
        count: int = 1,
        knows_user: bool = True,
        constraints: Constraints | None = None,
        weights: Weights | None = None,
        diversity: float = 0.3,
        sizes: SizeRange | None = None,
    ) -> GenerateRequest:
        """The request for basket `query`; an argument of none leaves the request's default."""
        user, size = int(baskets.users[query]), int(baskets.num_added[query]) + 1
        return GenerateRequest(
            anchors=(self._item_ids[baskets.anchors[query]],),
            user_id=self._artifact.histories.user_ids[user] if knows_user and user >= 0 else None,
            size=sizes or SizeRange(min=size, max=size),
            n=count,
            constraints=constraints or Constraints(),
            weights=weights or Weights(),
            diversity=diversity,
            explain=False,
        )

    def compose(
        self,
        *,
        weights: Weights | None = None,
        constraints: Constraints | None = None,
        knows_user: bool = True,
    ) -> Compose:
        """Compose by the first bundle of each answer; an argument of none leaves the request's default."""

        def compose(baskets: AnchoredBaskets) -> NDArray[np.int64]:
            recommender = self.recommender()
            added = np.full((len(baskets), MAX_ADDED), -1, dtype=np.int64)
            for query in range(len(baskets)):
                request = self.request(
                    baskets, query, knows_user=knows_user, constraints=constraints, weights=weights
                )
                for bundle in recommender.generate(request).bundles:
                    added[query] = self._added(bundle)
            return added

        return compose

    def compose_several(self, baskets: AnchoredBaskets, *, count: int, diversity: float) -> NDArray[np.int64]:
        """Up to `count` bundles of each answer, [count, Q, MAX_ADDED]; -1 where there are fewer."""
        recommender = self.recommender()
        added = np.full((count, len(baskets), MAX_ADDED), -1, dtype=np.int64)
        for query in range(len(baskets)):
            request = self.request(baskets, query, count=count, diversity=diversity)
            for rank, bundle in enumerate(recommender.generate(request).bundles):
                added[rank, query] = self._added(bundle)
        return added

    def _added(self, bundle: GeneratedBundle) -> NDArray[np.int64]:
        """Ranked indices; -1, a miss, for an item that the model does not rank: no query's basket has it."""
        row = np.full(MAX_ADDED, -1, dtype=np.int64)
        found = [self._place.get(item.item_id, -1) for item in bundle.items if item.role == "added"]
        row[: len(found)] = found
        return row
