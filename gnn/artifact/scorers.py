"""The scorers of an artifact, made of its components."""

from __future__ import annotations

from gnn.artifact.model import ModelArtifact
from gnn.scoring.basket_stage import BasketStage
from gnn.scoring.catalogue import item_codes
from gnn.scoring.cold_items import ColdSlate
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.item_scores import ItemScores
from gnn.scoring.sequence_stage import SequenceStage
from gnn.scoring.two_stage import TwoStageScorer


def item_scorer(artifact: ModelArtifact) -> ItemScorer:
    """First-stage features, scores and links."""
    return ItemScorer(
        num_items=len(artifact.catalogue.item_ids),
        ranked=artifact.ranked,
        network=artifact.network,
        ease=artifact.ease,
        ensemble=artifact.ensemble,
        link=artifact.link_probability,
        histories=artifact.histories,
    )


def basket_stage(artifact: ModelArtifact, scorer: ItemScorer) -> BasketStage:
    """The first stage over carts and histories."""
    return BasketStage(
        scorer, catalogue=artifact.catalogue, categories=artifact.categories, ranked=artifact.ranked
    )


def first_stage(artifact: ModelArtifact, scorer: ItemScorer) -> BasketStage | SequenceStage:
    """The first stage that the shop's data ask for."""
    if not artifact.sequences.is_fitted:
        return basket_stage(artifact, scorer)
    codes = item_codes(artifact.catalogue, artifact.categories, artifact.ranked.item)
    return SequenceStage(scorer, model=artifact.sequences, codes=codes)


def two_stage_scorer(artifact: ModelArtifact) -> TwoStageScorer:
    """Both stages of the ranked items, as evaluation measures and serving runs them."""
    return TwoStageScorer(first_stage(artifact, item_scorer(artifact)), artifact.reranker)


def item_scores(artifact: ModelArtifact, scorer: ItemScorer, *, cold: ColdSlate) -> ItemScores:
    """Scores of all items, cold ones included; `scorer` and `cold` are of the same artifact."""
    return ItemScores(
        first_stage(artifact, scorer),
        ranked=artifact.ranked,
        reranker=artifact.reranker,
        co_basket=artifact.co_basket,
        cold=cold,
    )
