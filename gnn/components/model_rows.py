"""The rows of a judged model's tables: its baselines, and what it serves itself."""

from __future__ import annotations

from dataclasses import replace

from gnn.artifact.model import ModelArtifact
from gnn.components.choosing import served_score, with_weights
from gnn.components.ease.exact import fit_ease
from gnn.components.fitting import FittedModel
from gnn.components.popularity import fit_popularity
from gnn.evaluation.baselines import fit_co_purchase, fit_user_frequency, with_user_frequency
from gnn.evaluation.metrics import ScoreQueries
from gnn.scoring.weights import ServedWeights, without_trees

#: λ of the EASE baselines, in units of the mean diagonal: 200 at Complete Journey, as protocol B has it.
BASELINE_RIDGE = 1.84


def baselines(model: FittedModel) -> dict[str, ScoreQueries]:
    """What a model of baskets has to beat, fitted to the same purchases in seconds."""
    purchases = model.ranked_purchases
    frequency = fit_user_frequency(purchases)
    ease = fit_ease(purchases, ridge=BASELINE_RIDGE)
    return {
        "popularity": fit_popularity(purchases).score,
        "co_purchase": fit_co_purchase(purchases).score,
        "ease": ease.score,
        "household": frequency.score,
        "ease_household": with_user_frequency(ease.score, frequency),
        "ease_weighted": model.ease.score,
        "ease_weighted_household": with_user_frequency(model.ease.score, frequency),
    }


def served_models(
    at_cut: ModelArtifact, model: FittedModel, weights: ServedWeights
) -> dict[str, ScoreQueries]:
    """The GNN alone (with its own weights on counts), the blend, and both stages, by the code that serves."""
    by_log, by_known = model.links.count_weights
    rows = {"served": weights}
    if len(weights.trees):
        rows = {"blend": without_trees(weights)} | rows
    if model.kind == "gnn":
        alone = {"gnn": 1.0, "bought": by_log, "known": by_known}
        rows = {"gnn": replace(without_trees(weights), blend=alone)} | rows
    return {name: served_score(with_weights(at_cut, model, row), model.ranked) for name, row in rows.items()}
