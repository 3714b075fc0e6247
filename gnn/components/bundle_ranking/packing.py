"""A fitted ranking as the part of the artifact that serves it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.components.bundle_ranking.ranking import BundleRanking
from gnn.scoring.bundle_model import BundleModel

#: Bundles that are kept a user, beside as many as the user chose: their places may be asked to be free.
LIST_LENGTH = 100

#: Of affinity, overlap and popularity: measured on Youshu, for users who were left out of training.
VISITOR_WEIGHTS = (1.0, 0.3, 2.0)

_USERS_A_BLOCK = 500


def pack_bundle_ranking(ranking: BundleRanking, *, list_length: int = LIST_LENGTH) -> BundleModel:
    """`ranking` with `list_length` bundles kept a user, and more by as many as the user chose."""
    choices = ranking.choices
    empty = BundleModel.none(
        num_users=choices.num_users, num_items=choices.bought.shape[1], num_bundles=choices.num_bundles
    )
    num_chosen = np.diff(choices.chosen.indptr).astype(np.int64)
    lengths = np.where(num_chosen > 0, np.minimum(num_chosen + list_length, choices.num_bundles), 0)
    bundle, score = [empty.bundle], [empty.score]
    users = np.flatnonzero(lengths)
    for start in range(0, len(users), _USERS_A_BLOCK):
        block = users[start : start + _USERS_A_BLOCK]
        for length, scores in zip(lengths[block], ranking.score(block), strict=True):
            best = _best(scores, int(length))
            bundle.append(best)
            score.append(scores[best])
    return BundleModel(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        bundle=np.concatenate(bundle),
        score=np.concatenate(score),
        popularity=choices.popularity,
        # One network's vectors: those of several do not add up, and one is enough for a visitor.
        items=ranking.views[0].items if ranking.views else empty.items,
        bundles=ranking.views[0].bundles if ranking.views else empty.bundles,
        visitor_weights=np.array(VISITOR_WEIGHTS, dtype=np.float32),
    )


def _best(scores: NDArray[np.float32], length: int) -> NDArray[np.int32]:
    """The `length` highest, highest first, the earlier of equals before the later."""
    return np.argsort(-scores, kind="stable")[:length].astype(np.int32)
