"""Recall of candidate sources: of each alone, of all together, and of the first stage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.baselines.content_knn import fit_content_knn
from benchmarks.results import markdown_table
from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import item_scorer
from gnn.components.holdout import Holdout
from gnn.components.tuning import served_score
from gnn.data.content import item_documents
from gnn.data.queries import item_queries
from gnn.evaluation.metrics import ScoreQueries, full_ranking, hit_rate_at_k
from gnn.scoring.catalogue import LEVELS, item_codes
from gnn.scoring.item_model import FEATURES

#: Lengths of a source's list; the second is that of the shortlist that the trees re-rank.
SHORT, LONG = 50, 200

FIRST_STAGE = "first stage"


def candidate_recall(holdout: Holdout, artifact: ModelArtifact) -> list[str]:
    """The lines of a table over the validation queries; `artifact` is that of `holdout`, without trees."""
    sources = _sources(holdout, artifact)
    ranks = {name: full_ranking(score, holdout.validation) for name, score in sources.items()}
    ranks["any of these"] = np.min(list(ranks.values()), axis=0)
    ranks[FIRST_STAGE] = full_ranking(served_score(artifact, artifact.ranked.item), holdout.validation)
    return recall_table(ranks)


def recall_table(ranks: Mapping[str, NDArray[np.float64]]) -> list[str]:
    """Recall of the hidden items by source from their `ranks` [num_queries], the first stage's among them.

    The last column is what a source would add: the share of hidden items that its short list has and the
    first stage's long one lacks.
    """
    is_missed = ranks[FIRST_STAGE] > LONG
    rows = [
        (
            name,
            *(f"{hit_rate_at_k(found, k):.4f}" for k in (SHORT, LONG)),
            f"{(is_missed & (found <= SHORT)).mean():.4f}",
        )
        for name, found in ranks.items()
    ]
    missed = f"in its {SHORT}, not in the first stage's {LONG}"
    return markdown_table(["candidates by", f"recall@{SHORT}", f"recall@{LONG}", missed], rows)


def _sources(holdout: Holdout, artifact: ModelArtifact) -> dict[str, ScoreQueries]:
    """Candidate sources: features of the first stage, popularity, the cart's categories, content."""
    data, ranked, scorer = holdout.context.data, artifact.ranked.item, item_scorer(artifact)
    documents = item_documents(data.edges)

    def feature(name: str) -> ScoreQueries:
        place = FEATURES.index(name)
        return lambda queries: scorer.features(
            [scorer.evidence(query) for query in item_queries(queries, ranked)]
        )[:, place]

    popularity = data.ranked_purchases.item_baskets.astype(np.float32)
    category = item_codes(artifact.catalogue, artifact.categories, ranked)[LEVELS.index("category")]
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
