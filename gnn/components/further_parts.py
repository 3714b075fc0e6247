"""What a model has beyond item scores, as far as the shop's data ask for it.

Predicted links, substitutes, the ranking of its own bundles, what comes next in sequences, items that nobody
bought.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.artifact.model import Catalogue, Categories, CategoryLinks, PredictedLinks
from gnn.components.bundle_ranking.shop import rank_bundles
from gnn.components.category_links.packing import pack_category_links
from gnn.components.cold_items.choice import cold_of_catalogue, newest_of_catalogue
from gnn.components.cold_items.content_links import fit_content_links
from gnn.components.cold_items.packing import fit_cold_model
from gnn.components.fitting import FittedModel
from gnn.components.predicted_links.prediction import fit_link_model, listed_items, predict_links
from gnn.components.sequences.fitting import fit_evidence
from gnn.components.shop import pack_catalogue, pack_categories
from gnn.components.substitutes.chance import chance_of
from gnn.components.substitutes.fitting import fit_substitutes
from gnn.components.tuning_result import Judgement
from gnn.config import TrainingConfig
from gnn.data.content import read_content
from gnn.data.splits import TimeSplit
from gnn.network.training import Progress, choose_device
from gnn.scoring.bundle_model import BundleModel
from gnn.scoring.cold_model import ColdModel
from gnn.scoring.content_links import ContentLinks
from gnn.scoring.item_codes import item_codes
from gnn.scoring.sequence_model import SequenceModel
from gnn.scoring.sequence_packing import pack_sequences
from gnn.scoring.substitutes_model import Substitutes
from graph.edges import EdgeTables

logger = logging.getLogger(__name__)

#: Links that are predicted an item.
NUM_LINKS = 50


@dataclass(frozen=True)
class FurtherParts:
    """Parts of an artifact; each is empty where the shop has nothing to learn it from."""

    predicted_links: PredictedLinks
    substitutes: Substitutes
    category_links: CategoryLinks
    bundle_model: BundleModel
    sequence_model: SequenceModel
    cold_model: ColdModel
    content_links: ContentLinks
    metrics: dict[str, object]
    """`bundles`: metrics of the ranking of the shop's own bundles, by model, where it was measured."""


def fit_further_parts(
    tables: Tables,
    edges: EdgeTables,
    model: FittedModel,
    *,
    split: TimeSplit | None,
    judgement: Judgement,
    text_cache: Path | None,
    config: TrainingConfig,
    progress: Progress,
) -> FurtherParts:
    """Fit what `edges` and the purchases of `model` have data for."""
    started = time.perf_counter()
    progress("links, bundles, cold items", 0, 3)
    links = PredictedLinks.none(edges.nodes["Item"].num_rows)
    items = listed_items(tables, edges)
    found = fit_link_model(edges, model.purchases, items=items, seed=config.seed)
    if found is not None:
        links = predict_links(found, num_items=edges.nodes["Item"].num_rows, top_k=NUM_LINKS)
    progress("links, bundles, cold items", 1, 3)
    ranked = rank_bundles(
        tables,
        edges,
        model.purchases,
        split=split,
        seed=config.seed,
        device=choose_device(config.device),
    )
    progress("links, bundles, cold items", 2, 3)
    catalogue = pack_catalogue(tables, edges, model.purchases)
    content_links, cold = _of_content(
        tables,
        edges,
        model=model,
        catalogue=catalogue,
        cold_weights=judgement.cold_weights,
        text_cache=text_cache,
    )
    progress("links, bundles, cold items", 3, 3)
    logger.info("links, bundles and %d cold items in %.1f s", len(cold.item), time.perf_counter() - started)
    return FurtherParts(
        predicted_links=links,
        substitutes=fit_substitutes(edges, model.purchases, catalogue),
        category_links=pack_category_links(
            model,
            judgement.category_prior,
            category=catalogue.category,
            num_categories=edges.nodes["Category"].num_rows,
        ),
        bundle_model=ranked.model,
        sequence_model=_sequences(model, catalogue, pack_categories(tables, edges), judgement.sequence_trees),
        cold_model=cold,
        content_links=content_links,
        metrics={"bundles": ranked.metrics} if ranked.metrics else {},
    )


def _of_content(
    tables: Tables,
    edges: EdgeTables,
    *,
    model: FittedModel,
    catalogue: Catalogue,
    cold_weights: NDArray[np.float32],
    text_cache: Path | None,
) -> tuple[ContentLinks, ColdModel]:
    """What content says of items that nobody bought: nothing where there are none."""
    new = newest_of_catalogue(catalogue, model.ranked)
    if not len(new):
        return ContentLinks.none(len(catalogue.baskets)), ColdModel.none()
    cold = cold_of_catalogue(catalogue, model.ranked)
    items = np.union1d(np.union1d(model.ranked, new), cold)
    content = read_content(tables, edges, items, text_cache=text_cache)
    return (
        fit_content_links(
            content, items, is_new=np.isin(items, new), chance=chance_of(model.purchases.lines)
        ),
        fit_cold_model(content, items, cold=cold, ranked=model.ranked, weights=cold_weights),
    )


def _sequences(
    model: FittedModel, catalogue: Catalogue, categories: Categories, trees: NDArray[np.uint8]
) -> SequenceModel:
    if not model.is_sequence:
        return SequenceModel.none()
    groups = item_codes(catalogue, categories, model.ranked)
    return pack_sequences(fit_evidence(model.ranked_purchases, model.links, model.ease, groups=groups), trees)
