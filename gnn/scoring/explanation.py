"""Why the GNN scored an item as it did for a query: an exact account, not an approximation.

The GNN's part of a score is bilinear, q · target_i, with q the sum of what each item of the query says
(`gnn.scoring.item_scorer`), and every vector is the sum of what nodes and neighbours gave to it. Each product of a part
of q and a part of target_i is therefore a term of the score, and half of it goes to either part: these are
the Shapley values (Shapley 1953) of the game in which parts join the graph, and they sum to q · target_i.

A score of the GNN means something beside those of other items alone: what is told is how far it stands above
the average item, q · (target_i - mean target), whose vector is a part like the others.

Popularity (the bias), EASE and what a customer bought before are no part of it: they have weights of their
own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from etl.errors import StageError
from gnn.artifact.model import ModelArtifact
from gnn.scoring.explanation_vectors import HISTORY, SOURCE, TARGET, Part, VectorParts
from gnn.scoring.item_scorer import ItemQuery, ItemScorer


class ExplanationError(StageError):
    """The model has no scores of a GNN that can be taken apart."""


#: Which part of a query asked.
CART, BOUGHT, USER = "cart", "bought", "user"
#: The part that the average of all ranked items takes away.
AVERAGE = "average"


@dataclass(frozen=True)
class ScoreExplanation:
    """Both accounts sum to `total`, up to float error. Items are ranked indices."""

    total: float
    """q · (target_i - mean target)"""
    asked: Mapping[Part, float]
    """By what asked: `cart` (cart and recent items), `bought`, and `user`, the customer's own vector."""
    carried: Mapping[Part, float]
    """By nodes and relations: `item`, `category`, `brand`, the name of an item–item relation, `user`, and
    `average` for what the average item has as well."""

    def by_relation(self) -> dict[str, float]:
        """`carried`, summed by relation; the user's own vector is `user`."""
        sums: dict[str, float] = defaultdict(float)
        for part, value in self.carried.items():
            sums[part.relation] += value
        return dict(sums)


class ScoreExplainer:
    """Explains the GNN's scores of one artifact; of one that learned from baskets."""

    def __init__(self, artifact: ModelArtifact, scorer: ItemScorer) -> None:
        """Read what the vectors are made of.

        Raises:
            ExplanationError: If the model has no GNN, or one of sequences, whose heads are not linear.
        """
        if not len(artifact.encoder.embedding):
            raise ExplanationError("the model has no GNN to explain: counts and a closed form serve")
        if len(artifact.sequence_model.by_step):
            raise ExplanationError(
                "the GNN of ordered histories is not linear in them: no exact account of it"
            )
        self._artifact, self._scorer = artifact, scorer
        self._average = artifact.model.target.mean(axis=0)
        self._vectors = VectorParts(artifact.encoder, num_categories=len(artifact.categories.category_ids))

    def explain(self, query: ItemQuery, item: int) -> ScoreExplanation:
        """The account of the GNN's score of the ranked index `item` for `query`."""
        model, evidence = self._artifact.model, self._scorer.evidence(query)
        target_parts, target_vectors = self._vectors.of(item, TARGET)
        above = target_vectors.sum(axis=0) - self._average
        asked: dict[Part, float] = defaultdict(float)
        carried: dict[Part, float] = defaultdict(float)
        attention = evidence.attention / np.sqrt(max(float(evidence.attention.sum()), 1e-12))
        counts = evidence.history.count / np.sqrt(max(float(evidence.history.count.sum()), 1e-12))
        wanted = np.zeros_like(above)
        for who, role, items, weights in (
            (CART, SOURCE, evidence.items, attention),
            (BOUGHT, HISTORY, evidence.history.item, counts),
        ):
            for asking, weight in zip(items.tolist(), weights.tolist(), strict=True):
                parts, vectors = self._vectors.of(asking, role)
                asked[Part(who, asking)] += weight * float(vectors.sum(axis=0) @ above)
                wanted += weight * vectors.sum(axis=0)
                for part, value in zip(parts, (vectors @ above).tolist(), strict=True):
                    carried[part] += weight * value / 2
        if evidence.user_index is not None:
            own = model.users[evidence.user_index]
            asked[Part(USER, evidence.user_index)] = float(own @ above)
            carried[Part(USER, evidence.user_index)] = float(own @ above) / 2
            wanted += own
        for part, value in zip(target_parts, (target_vectors @ wanted).tolist(), strict=True):
            carried[part] += value / 2
        carried[Part(AVERAGE, -1)] = -float(wanted @ self._average) / 2
        return ScoreExplanation(float(wanted @ above), _largest_first(asked), _largest_first(carried))


def _largest_first(values: Mapping[Part, float]) -> dict[Part, float]:
    return dict(sorted(values.items(), key=lambda entry: -abs(entry[1])))
