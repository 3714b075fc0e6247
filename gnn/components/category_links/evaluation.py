"""Judging category links: fitted to validation, measured on test beside counts and popularity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.components.category_links.counts import CategoryCounts, count_categories
from gnn.components.category_links.prior import CategoryPrior, LaterPairs, fit_prior, later_pairs
from gnn.components.category_links.vectors import category_vectors
from gnn.components.fitting import FittedModel
from gnn.data.purchases import read_purchases
from gnn.data.splits import TimeSplit
from graph.edges import EdgeTables


@dataclass(frozen=True)
class JudgedCategories:
    """What links between categories need, and how good they were."""

    prior: CategoryPrior
    metrics: dict[str, Any]
    """Mean deviance on test, the lower the better, by model: of all pairs, and of those counted rarely."""


def judge_categories(
    tables: Tables,
    edges: EdgeTables,
    model: FittedModel,
    split: TimeSplit,
    *,
    category: NDArray[np.integer],
) -> JudgedCategories | None:
    """Fit the prior to the validation window of `split`, and measure it on test.

    None where too few pairs of categories met in validation or test: no link is told from chance then.

    Args:
        tables: Of the shop.
        edges: The graph before validation; its indices are those of any cut.
        model: Fitted to the purchases before validation.
        split: The windows.
        category: Of each item, −1 for none, [num_items].
    """
    categories = linked_categories(model, category)

    def counted(until: datetime | None) -> CategoryCounts:
        return count_categories(read_purchases(tables, edges, until=until), category, categories)

    before = count_categories(model.purchases, category, categories)
    until_test, until_end = counted(split.test_from), counted(None)
    vectors = category_vectors(model.links, category[model.ranked], categories)
    validation = later_pairs(before, vectors, until_test.after(before))
    test = later_pairs(before, vectors, until_end.after(until_test))
    prior = fit_prior(validation)
    if prior is None or not test.later.any():
        return None
    return JudgedCategories(prior, _metrics(prior, validation, test, rare=tables.manifest.min_baskets))


def linked_categories(model: FittedModel, category: NDArray[np.integer]) -> NDArray[np.int64]:
    """The categories of ranked items, ascending: of others neither counts nor vectors say much."""
    found = np.unique(category[model.ranked])
    return found[found >= 0].astype(np.int64)


def deviance(observed: NDArray[np.float64], mean: NDArray[np.float64]) -> float:
    """Mean Poisson deviance, 2 (y log(y / λ) − (y − λ)), 0 where all are met (McCullagh & Nelder 1989)."""
    ratio = np.where(observed > 0, observed, 1.0) / np.where(observed > 0, mean, 1.0)
    return float((2 * (observed * np.log(ratio) - (observed - mean))).mean())


def _metrics(prior: CategoryPrior, validation: LaterPairs, test: LaterPairs, *, rare: int) -> dict[str, Any]:
    usual = validation.later.sum() / validation.later_expected.sum()
    nothing = np.zeros_like(validation.affinity), np.zeros_like(test.affinity)
    by_counts = fit_prior(replace(validation, affinity=nothing[0])) or prior
    lifts = {
        "popularity": np.full(len(test.later), usual),
        "counted": np.where(test.together >= rare, test.together / np.maximum(test.expected, 1e-12), 1.0),
        "counted, shrunk": by_counts.lift(test.together, test.expected, nothing[1]),
        "category_links": prior.lift(test.together, test.expected, test.affinity),
    }
    parts = {"all": np.ones(len(test.later), dtype=np.bool_), "rare": test.together < rare}
    return {
        "num_pairs": {part: int(chosen.sum()) for part, chosen in parts.items()},
        "deviance": {
            name: {
                part: deviance(test.later[chosen], (test.later_expected * lift)[chosen])
                for part, chosen in parts.items()
                if chosen.any()
            }
            for name, lift in lifts.items()
        },
    }
