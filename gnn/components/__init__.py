"""Fitters of the artifact's components: `FITTERS` maps each field of `ModelArtifact` to its fitter.

A new component is a frozen dataclass in `gnn.scoring`, a fitter `fit(context) -> Component` here, a field of
`ModelArtifact`, and a line of `FITTERS`, after the components that it reads.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from gnn.components.bundle_ranking.fitting import fit_bundle_ranking
from gnn.components.category_links import fit_category_links
from gnn.components.cold_items.content_links import fit_content_links
from gnn.components.cold_items.fitting import fit_cold_items
from gnn.components.context import FitContext, Fitter
from gnn.components.learned import (
    fit_ease_weights,
    fit_encoder,
    fit_item_network,
    fit_ranked_items,
    fit_sequences,
)
from gnn.components.predicted_links.fitting import fit_predicted_links
from gnn.components.shop import (
    fit_bundles,
    fit_catalogue,
    fit_categories,
    fit_category_pairs,
    fit_co_purchases,
    fit_histories,
    fit_promotions,
    fit_seasons,
)
from gnn.components.substitutes.fitting import fit_substitutes

#: The fitter of each field of `ModelArtifact`, in the order of fitting.
FITTERS: Mapping[str, Fitter] = MappingProxyType(
    {
        "catalogue": fit_catalogue,
        "categories": fit_categories,
        "co_purchases": fit_co_purchases,
        "category_pairs": fit_category_pairs,
        "histories": fit_histories,
        "promotions": fit_promotions,
        "bundles": fit_bundles,
        "seasons": fit_seasons,
        "ranked": fit_ranked_items,
        "network": fit_item_network,
        "encoder": fit_encoder,
        "ease": fit_ease_weights,
        "ensemble": lambda context: context.tuning.ensemble,
        "link_probability": lambda context: context.tuning.link_probability,
        "reranker": lambda context: context.tuning.reranker,
        "co_basket": lambda context: context.tuning.co_basket,
        "sequences": fit_sequences,
        "predicted_links": fit_predicted_links,
        "category_links": fit_category_links,
        "substitutes": fit_substitutes,
        "content_links": fit_content_links,
        "cold_items": fit_cold_items,
        "bundle_ranking": fit_bundle_ranking,
    }
)


def fit_components(
    context: FitContext,
    *,
    only: Collection[str] | None = None,
    fitters: Mapping[str, Fitter] = FITTERS,
) -> dict[str, Any]:  # each of the type of its field
    """The components of `context` by field, fitted in the order of `fitters`; `only` some of them."""
    components: dict[str, Any] = {}
    fitted: dict[type, object] = {}
    context = replace(context, fitted=fitted)
    for done, (name, fit) in enumerate(fitters.items()):
        if only is None or name in only:
            context.progress("components", done, len(fitters))
            components[name] = fit(context)
            fitted[type(components[name])] = components[name]
    context.progress("components", len(fitters), len(fitters))
    return components
