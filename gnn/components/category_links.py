"""Links between categories: a prior tuned on validation, then links fitted to all purchases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import mean_poisson_deviance

from gnn.components.category_prior import (
    CategoryCounts,
    CategoryPrior,
    LaterPairs,
    category_vectors,
    count_categories,
    fit_prior,
    later_pairs,
    linked_categories,
)
from gnn.components.context import FitContext
from gnn.data.purchases import read_purchases
from gnn.data.training_data import TimeSplit, TrainingData
from gnn.network.task import LearnedLinks
from gnn.scoring.catalogue import Catalogue, Categories, CategoryLinks
from gnn.scoring.containers import Csr

#: Links that are kept for a category, at most.
NUM_LINKS = 50

_BLOCK = 500


def fit_category_links(context: FitContext) -> CategoryLinks:
    """The links of largest lift of each category that has a ranked item; empty without a prior."""
    data, prior = context.data, context.tuning.category_prior
    category = context.component(Catalogue).category
    categories = linked_categories(category, data.ranked)
    kept = min(NUM_LINKS, len(categories) - 1)
    if prior is None or kept < 1:
        return CategoryLinks()
    counts = count_categories(data.purchases, category, categories)
    vectors = category_vectors(context.learned.links, category[data.ranked], categories)
    others, baskets, lifts = [], [], []
    for start in range(0, len(categories), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(categories)))
        together = counts.together[rows].toarray()
        lift = prior.lift(together, counts.expected(rows), vectors.affinity(rows))
        lift[np.arange(len(rows)), rows] = -np.inf
        best = np.argsort(-lift, axis=1, kind="stable")[:, :kept]
        others.append(categories[best].ravel())
        baskets.append(np.take_along_axis(together, best, axis=1).ravel())
        lifts.append(np.take_along_axis(lift, best, axis=1).ravel())
    links = Csr.from_entries(
        np.repeat(categories, kept),
        np.concatenate(others),
        np.concatenate(lifts).astype(np.float32),
        num_rows=len(context.component(Categories).parent),
    )
    return CategoryLinks(links, np.concatenate(baskets).astype(np.int64))


def tune_category_prior(
    data: TrainingData, links: LearnedLinks, split: TimeSplit, *, category: NDArray[np.integer]
) -> tuple[CategoryPrior, dict[str, Any]] | None:
    """Fit the prior to the validation window of `split`, and measure it on test.

    Args:
        data: The shop before validation.
        links: Learned from `data`.
        split: The windows.
        category: Of each item, -1 for none, [num_items].

    Returns:
        The prior, and its metrics on test beside simpler models: mean Poisson deviance (McCullagh & Nelder
        1989; the lower the better) of all pairs and of those counted rarely. None where too few pairs of
        categories met in validation or test to tell a link from chance.
    """
    categories = linked_categories(category, data.ranked)

    def counted(until: datetime | None) -> CategoryCounts:
        return count_categories(read_purchases(data.tables, data.edges, until=until), category, categories)

    before = count_categories(data.purchases, category, categories)
    until_test, until_end = counted(split.test_from), counted(None)
    vectors = category_vectors(links, category[data.ranked], categories)
    validation = later_pairs(before, vectors, until_test.after(before))
    test = later_pairs(before, vectors, until_end.after(until_test))
    prior = fit_prior(validation)
    if prior is None or not test.later.any():
        return None
    return prior, _metrics(prior, validation, test, min_baskets=data.tables.manifest.min_baskets)


def _metrics(
    prior: CategoryPrior, validation: LaterPairs, test: LaterPairs, *, min_baskets: int
) -> dict[str, Any]:
    mean_lift = validation.later.sum() / validation.later_expected.sum()
    nothing = np.zeros_like(validation.affinity), np.zeros_like(test.affinity)
    by_counts = fit_prior(replace(validation, affinity=nothing[0])) or prior
    is_counted = test.together >= min_baskets
    lifts = {
        "popularity": np.full(len(test.later), mean_lift),
        "counted": np.where(is_counted, test.together / np.maximum(test.expected, 1e-12), 1.0),
        "counted, shrunk": by_counts.lift(test.together, test.expected, nothing[1]),
        "category_links": prior.lift(test.together, test.expected, test.affinity),
    }
    parts = {"all": np.ones(len(test.later), dtype=np.bool_), "rare": ~is_counted}
    return {
        "num_pairs": {part: int(chosen.sum()) for part, chosen in parts.items()},
        "deviance": {
            name: {
                part: float(mean_poisson_deviance(test.later[chosen], (test.later_expected * lift)[chosen]))
                for part, chosen in parts.items()
                if chosen.any()
            }
            for name, lift in lifts.items()
        },
    }
