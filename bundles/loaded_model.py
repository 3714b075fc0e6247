"""An artifact with all that answers need from it, built once when a model is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from bundles.catalogue import ItemCatalogue
from bundles.links import ItemLinks
from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import item_scorer, item_scores
from gnn.scoring.cold_items import ColdSlate
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.item_scores import ItemScores
from gnn.scoring.seasons import SeasonLift
from gnn.scoring.substitutes import SubstitutePairs


@dataclass(frozen=True)
class LoadedModel:
    """One artifact with its catalogue, scorers and links. Read-only; threads share it."""

    artifact: ModelArtifact
    catalogue: ItemCatalogue
    scorer: ItemScorer
    scores: ItemScores
    links: ItemLinks
    seasons: SeasonLift
    substitutes: SubstitutePairs

    @classmethod
    def of(cls, artifact: ModelArtifact) -> LoadedModel:
        """Build what answers need from `artifact`."""
        catalogue, scorer = ItemCatalogue(artifact), item_scorer(artifact)
        cold = ColdSlate(artifact.cold_items)
        return cls(
            artifact,
            catalogue,
            scorer,
            item_scores(artifact, scorer, cold=cold),
            ItemLinks(artifact, catalogue=catalogue, scorer=scorer, cold=cold),
            SeasonLift(artifact.seasons, num_items=catalogue.num_items),
            SubstitutePairs(artifact.substitutes),
        )
