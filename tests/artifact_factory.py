"""Small artifacts with planted answers, fitted by the product's own code.

Counts and packing are those of `gnn.components`. Learned vectors are planted (their products are log lifts),
as are EASE weights (confidences), predicted links and substitutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace

import numpy as np
from numpy.typing import NDArray

from etl.pseudonyms import PseudonymKey
from gnn.artifact.model import ArtifactInfo, ModelArtifact
from gnn.artifact.scorers import basket_stage, item_scorer
from gnn.components import FITTERS, fit_components
from gnn.components.boosted_trees import TreeParams, fit_classifier, fit_ranker
from gnn.components.context import FitContext, Learned, Tuning
from gnn.components.ease import ExactEase
from gnn.config import STANDARD
from gnn.data.training_data import TrainingData, training_data
from gnn.network.task import LearnedLinks
from gnn.scoring.basket_stage import BASKET_FEATURES
from gnn.scoring.catalogue import CategoryLinks, PredictedLinks
from gnn.scoring.containers import Csr, TextColumn
from gnn.scoring.item_model import CoBasketTrees, Ensemble, LinkProbability, Reranker
from gnn.scoring.item_scorer import ItemQuery
from gnn.scoring.substitutes import Substitutes
from gnn.scoring.two_stage import shortlist
from tests.planted_tables import (
    KEY,
    PlantedItem,
    PlantedPromotion,
    PlantedShop,
    planted_edges,
    planted_tables,
)

__all__ = [
    "KEY",
    "PlantedItem",
    "PlantedPromotion",
    "PlantedShop",
    "assert_same_columns",
    "columns_of",
    "make_artifact",
    "planted_context",
]

#: Components that are planted or empty here; all others are fitted.
PLANTED = (
    "predicted_links",
    "category_links",
    "substitutes",
    "content_links",
    "cold_items",
    "bundle_ranking",
)

ENSEMBLE = Ensemble(gnn=1.0, ease=2.0, bought=1.0, known=0.5, share=1.0, recency=0.5)

#: Artifacts by shop and key: the same few shops are asked for again and again.
_MADE: dict[str, ModelArtifact] = {}


def make_artifact(shop: PlantedShop, *, key: PseudonymKey = KEY) -> ModelArtifact:
    """The artifact of `shop`; its arrays are read-only, as those of a loaded one."""
    name = f"{shop!r} {key.fingerprint}"
    if name not in _MADE:
        made = _fit(shop, key)
        _freeze(made)
        _MADE[name] = made
    return _MADE[name]


def planted_context(shop: PlantedShop, *, key: PseudonymKey = KEY) -> FitContext:
    """The context that the components of `shop` are fitted to."""
    tables = planted_tables(shop, key=key)
    config = replace(STANDARD, min_item_baskets=shop.ranked_from, device="cpu")
    data = training_data(tables, planted_edges(shop, tables), config=config, is_sequence=False)
    tuning = Tuning(
        num_epochs=1,
        ease_top_k=max(len(data.ranked), 1),
        ensemble=ENSEMBLE,
        link_probability=LinkProbability(intercept=0.0, gnn=1.0, ease=0.0),
    )
    return FitContext(data, _learned(shop, data), tuning, config)


def _fit(shop: PlantedShop, key: PseudonymKey) -> ModelArtifact:
    context = planted_context(shop, key=key)
    components = fit_components(context, only=FITTERS.keys() - PLANTED)
    artifact = replace(ModelArtifact(_info(shop, key)), **components)
    item = {item_id: index for index, item_id in enumerate(artifact.catalogue.item_ids)}
    category = {path: index for index, path in enumerate(artifact.categories.category_ids)}
    artifact = replace(
        artifact,
        predicted_links=PredictedLinks(_best_first(shop.predicted_links, item)),
        category_links=_category_links(shop, category),
        substitutes=_substitutes(shop, item, artifact.catalogue.category),
    )
    return _with_trees(artifact, shop, item) if shop.trees else artifact


def _learned(shop: PlantedShop, data: TrainingData) -> Learned:
    """Vectors whose products are log lifts, and EASE weights that are confidences."""
    baskets = data.ranked_purchases.lines.sign()
    together = (baskets.T @ baskets).toarray().astype(np.float64)
    single = np.diag(together).copy()
    np.fill_diagonal(together, 0)
    is_pair = together > 0
    log_lift = np.full(together.shape, -1.0)
    expected = np.outer(single, single) / max(baskets.shape[0], 1)
    log_lift[is_pair] = np.log(together[is_pair] / expected[is_pair])
    left, strength, right = np.linalg.svd(log_lift)
    dim = min(shop.dim, len(single))
    source = (left[:, :dim] * np.sqrt(strength[:dim])).astype(np.float32)
    target = (right[:dim].T * np.sqrt(strength[:dim])).astype(np.float32)
    links = LearnedLinks(
        source=source,
        target=target,
        history=source,
        bias=np.log(1 + single).astype(np.float32),
        users=np.zeros((data.purchases.counts.shape[0], dim), dtype=np.float32),
        count_weights=(1.0, 1.0),
    )
    return Learned(links, ExactEase((together / np.maximum(single, 1)[:, np.newaxis]).astype(np.float32)))


def _best_first(links: Mapping[str, Mapping[str, float]], index: Mapping[str, int]) -> Csr:
    """Links by id as rows of `index`, the highest first."""
    entries = sorted(
        (index[source], -value, index[target])
        for source, targets in links.items()
        for target, value in targets.items()
    )
    row, negative, column = np.array(entries).reshape(-1, 3).T
    return Csr.from_entries(row.astype(np.int64), column, -negative.astype(np.float32), num_rows=len(index))


def _category_links(shop: PlantedShop, index: Mapping[str, int]) -> CategoryLinks:
    lifts = {
        path: {other: lift for other, (lift, _) in links.items()}
        for path, links in shop.category_links.items()
    }
    lift, paths = _best_first(lifts, index), list(index)
    rows = np.repeat(np.arange(lift.num_rows), lift.lengths)
    baskets = [
        shop.category_links[paths[row]][paths[column]][1]
        for row, column in zip(rows.tolist(), lift.indices.tolist(), strict=True)
    ]
    return CategoryLinks(lift, np.array(baskets, dtype=np.int64))


def _substitutes(shop: PlantedShop, index: Mapping[str, int], leaf: NDArray[np.int32]) -> Substitutes:
    variant = np.full(len(index), -1, dtype=np.int32)
    for code, item_ids in enumerate(shop.variants):
        variant[[index[item_id] for item_id in item_ids]] = code
    pairs = sorted((index[a], index[b]) for pair in shop.substitutes for a, b in (pair, pair[::-1]))
    row, column = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Substitutes(
        variant=variant,
        product_type=leaf if shop.product_types == "leaves" else np.full_like(leaf, -1),
        score=Csr.from_entries(row, column, np.ones(len(row), dtype=np.float32), num_rows=len(index)),
    )


def _with_trees(artifact: ModelArtifact, shop: PlantedShop, index: Mapping[str, int]) -> ModelArtifact:
    """Trees that find, for each item of a basket, which one completes the others."""
    names = [name for group in BASKET_FEATURES.values() for name in group]
    params = TreeParams(num_trees=8, learning_rate=0.2, num_leaves=6, min_rows_a_leaf=2)
    scorer = item_scorer(artifact)
    carts = [
        (index[hidden], ItemQuery(cart=[index[other] for other in content if other != hidden]))
        for content, _ in shop.baskets
        for hidden in content
        if scorer.ranked_index([index[hidden]])[0] >= 0 and len(set(content)) > 1
    ]
    scored = basket_stage(artifact, scorer).score_queries([query for _, query in carts])
    candidates = shortlist(scored, size=50)
    is_candidate = candidates >= 0
    hidden = scorer.ranked_index([item for item, _ in carts])
    rows = scored.features(candidates)[is_candidate]
    is_hidden = (candidates == hidden[:, np.newaxis])[is_candidate]
    ranker = fit_ranker(
        rows, is_hidden.astype(np.int64), is_candidate.sum(axis=1), names=names, seed=0, params=params
    )
    classifier = fit_classifier(rows, is_hidden, names=names, seed=0, params=params)
    return replace(
        artifact,
        reranker=Reranker(ranker, weight=2.0, shortlist_size=50),
        co_basket=CoBasketTrees(classifier),
    )


def _info(shop: PlantedShop, key: PseudonymKey) -> ArtifactInfo:
    return ArtifactInfo(
        model_version=shop.version,
        created_at="2026-11-22T03:17:00Z",
        kind=shop.kind,
        as_of="2026-11-21T23:00:00Z",
        tables_version="tables",
        key_fingerprint=key.fingerprint,
        currency=shop.currency,
        timezone="UTC",
        association_event=shop.association_event,
        config={"name": "planted", "seed": 0},
        metrics={"ndcg_at_20": 0.15},
        versions={"numpy": np.__version__},
        warnings=[],
    )


def columns_of(component: object) -> dict[str, object]:
    """Every column of a component by its path, those of nested containers included; texts as lists."""
    found: dict[str, object] = {}

    def add(name: str, value: object) -> None:
        if isinstance(value, TextColumn):
            found[name] = list(value)
        elif is_dataclass(value):
            for column in fields(value):
                add(f"{name}.{column.name}" if name else column.name, getattr(value, column.name))
        else:
            found[name] = value

    add("", component)
    return found


def assert_same_columns(found: object, expected: object) -> None:
    """Fail where a column of two components differs, NaN being equal to NaN."""
    columns, others = columns_of(found), columns_of(expected)
    assert columns.keys() == others.keys()
    for name, value in columns.items():
        if isinstance(value, np.ndarray):
            other = others[name]
            assert isinstance(other, np.ndarray)
            assert value.dtype == other.dtype, name
            np.testing.assert_array_equal(value, other, err_msg=name)
        else:
            assert value == others[name], name


def _freeze(value: object) -> None:
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif is_dataclass(value):
        for column in fields(value):
            _freeze(getattr(value, column.name))
