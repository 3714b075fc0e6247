"""Which sources of candidates find what is hidden: the recall of each, of all together, and of the blend."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.baselines.content_knn import fit_content_knn
from benchmarks.results import markdown_table
from gnn.components.choosing import served_score, with_weights
from gnn.components.ensemble import scorer_queries
from gnn.components.trial import Trial
from gnn.data.content import item_documents
from gnn.evaluation.metrics import ScoreQueries, full_ranking, hit_rate_at_k
from gnn.scoring.item_codes import LEVELS, item_codes
from gnn.scoring.item_scorer import FEATURES, ItemScorer
from gnn.scoring.weights import ServedWeights

#: Lengths of a source's list; the second is that of the shortlist that the trees put in order.
SHORT, LONG = 50, 200

BLEND = "blend"


def candidate_recall(trial: Trial, weights: ServedWeights) -> list[str]:
    """The lines of a table over the validation queries of `trial`; `weights` are those of the blend."""
    at_cut = with_weights(trial.at_cut, trial.model, weights)
    sources = _sources(trial, ItemScorer(at_cut))
    ranks = {name: full_ranking(score, trial.validation) for name, score in sources.items()}
    ranks["any of these"] = np.min(list(ranks.values()), axis=0)
    ranks[BLEND] = full_ranking(served_score(at_cut, trial.model.ranked), trial.validation)
    return recall_table(ranks)


def recall_table(ranks: Mapping[str, NDArray[np.float64]]) -> list[str]:
    """Recall of the hidden items by source from their `ranks`, each [num_queries], the blend's among them.

    The last column is what a source would add: the share that it finds early and the blend's shortlist lacks.
    """
    is_missed = ranks[BLEND] > LONG
    rows = [
        (
            name,
            *(f"{hit_rate_at_k(found, k):.4f}" for k in (SHORT, LONG)),
            f"{(is_missed & (found <= SHORT)).mean():.4f}",
        )
        for name, found in ranks.items()
    ]
    missed = f"in its {SHORT}, not in the blend's {LONG}"
    return markdown_table(["candidates by", f"recall@{SHORT}", f"recall@{LONG}", missed], rows)


def _sources(trial: Trial, scorer: ItemScorer) -> dict[str, ScoreQueries]:
    """What could draw candidates: the parts of the blend, popularity, the cart's categories, content."""
    ranked = trial.model.ranked
    documents = item_documents(trial.edges)

    def feature(name: str) -> ScoreQueries:
        place = FEATURES.index(name)
        return lambda queries: scorer.features(scorer_queries(queries, ranked))[:, place]

    popularity = trial.model.ranked_purchases.item_baskets.astype(np.float32)
    category = item_codes(trial.at_cut.catalogue, trial.at_cut.categories, ranked)[LEVELS.index("category")]
    return {
        **{name: feature(name) for name in ("gnn", "ease", "bought", "recency")},
        "popularity": lambda queries: np.tile(popularity, (len(queries), 1)),
        "categories of the cart": by_category(category, popularity),
        "content": fit_content_knn([documents[item] for item in ranked]).score,
    }


def by_category(category: NDArray[np.int32], popularity: NDArray[np.float32]) -> ScoreQueries:
    """Items by how much of the cart is of their category, the most bought of equals first."""
    known = np.flatnonzero(category >= 0)
    shape = len(category), int(category.max(initial=0)) + 1
    holds = csr_matrix((np.ones(len(known), dtype=np.float32), (known, category[known])), shape=shape)
    below_one = popularity / (popularity.max(initial=0) + 1)
    return lambda queries: np.asarray(
        (queries.carts @ holds @ holds.T).toarray() + below_one, dtype=np.float32
    )
