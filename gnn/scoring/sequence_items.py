"""Scores of items for a visit where a shop's data are sequences: the history goes on. NumPy and treelite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import ModelArtifact
from gnn.scoring.item_codes import item_codes
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from gnn.scoring.sequence_packing import open_scorer
from gnn.scoring.sequences import Sequences


class SequenceItems:
    """Scores the items of one artifact, whose `sequence_model` is fitted. Threads may share it."""

    def __init__(self, artifact: ModelArtifact, scorer: ItemScorer) -> None:
        """`scorer` is of the same artifact."""
        self._items = scorer
        self._sequences = open_scorer(
            artifact.sequence_model,
            artifact.model,
            groups=item_codes(artifact.catalogue, artifact.categories, artifact.model.ranked),
        )

    def score(self, queries: Sequence[ItemQuery]) -> NDArray[np.float32]:
        """Scores, [len(queries), num_ranked], those of what was seen as well: masking is the caller's.

        What the user bought comes first, then `recent`, then the cart: the latest that is known of a visit.
        """
        parts = [self._sequence(query) for query in queries]
        lengths = [len(items) for items, _ in parts]
        return self._sequences.score(
            Sequences(
                indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
                item=np.concatenate([np.zeros(0, np.int32), *(items for items, _ in parts)]),
                age_days=np.concatenate([np.zeros(0, np.float32), *(ages for _, ages in parts)]),
            )
        )

    def _sequence(self, query: ItemQuery) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        bought, ages = self._items.events(query)
        visit = [*query.recent, *query.cart]
        items = self._items.ranked_index(np.concatenate([bought, np.array(visit, dtype=np.int64)]))
        ages = np.concatenate([ages, np.zeros(len(visit))]).astype(np.float32)
        return items[items >= 0], ages[items >= 0]
