"""What a model has beyond item scores, as far as the shop's data ask for it: links, bundles, sequences."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etl.tables import Tables
from gnn.artifact import PredictedLinks
from gnn.bundle_model import BundleModel
from gnn.bundle_ranking.shop import rank_bundles
from gnn.config import TrainingConfig
from gnn.fitting import FittedModel
from gnn.item_links.prediction import fit_link_model, listed_items, predict_links
from gnn.packing import pack_catalogue, pack_categories
from gnn.sequence_model import SequenceModel
from gnn.sequence_ranking.evidence import item_groups
from gnn.sequence_ranking.fitting import fit_evidence
from gnn.sequence_ranking.packing import pack_sequences
from gnn.split import TimeSplit
from gnn.training import Progress, choose_device
from graph.edges import EdgeTables

logger = logging.getLogger(__name__)

#: Links that are predicted an item.
NUM_LINKS = 50


@dataclass(frozen=True)
class FurtherParts:
    """Parts of an artifact; each is empty where the shop has nothing to learn it from."""

    predicted_links: PredictedLinks
    bundle_model: BundleModel
    sequence_model: SequenceModel
    metrics: dict[str, object]
    """`bundles`: metrics of the ranking of the shop's own bundles, by model, where it was measured."""


def fit_further_parts(
    tables: Tables,
    edges: EdgeTables,
    model: FittedModel,
    *,
    split: TimeSplit | None,
    sequence_trees: NDArray[np.uint8],
    config: TrainingConfig,
    progress: Progress,
) -> FurtherParts:
    """Fit what `edges` and the purchases of `model` have data for."""
    started = time.perf_counter()
    progress("links and bundles", 0, 2)
    links = PredictedLinks.none(edges.nodes["Item"].num_rows)
    items = listed_items(tables, edges)
    found = fit_link_model(edges, model.purchases, items=items, seed=config.seed)
    if found is not None:
        links = predict_links(found, num_items=edges.nodes["Item"].num_rows, top_k=NUM_LINKS)
    progress("links and bundles", 1, 2)
    ranked = rank_bundles(
        tables,
        edges,
        model.purchases,
        split=split,
        seed=config.seed,
        device=choose_device(config.device),
    )
    progress("links and bundles", 2, 2)
    logger.info("links, bundles and sequences in %.1f s", time.perf_counter() - started)
    return FurtherParts(
        predicted_links=links,
        bundle_model=ranked.model,
        sequence_model=_sequences(tables, edges, model, sequence_trees),
        metrics={"bundles": ranked.metrics} if ranked.metrics else {},
    )


def _sequences(
    tables: Tables, edges: EdgeTables, model: FittedModel, trees: NDArray[np.uint8]
) -> SequenceModel:
    if not model.is_sequence:
        return SequenceModel.none()
    catalogue, categories = pack_catalogue(tables, edges, model.purchases), pack_categories(tables, edges)
    groups = item_groups(catalogue, categories, model.ranked)
    return pack_sequences(fit_evidence(model.ranked_purchases, model.links, model.ease, groups=groups), trees)
