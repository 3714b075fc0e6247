"""Small artifacts with planted answers, made as training makes them: columns of `gnn.artifact.model`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from etl.pseudonyms import PseudonymKey
from gnn.artifact.model import (
    ArtifactInfo,
    Catalogue,
    Categories,
    CategoryLinks,
    CategoryPairs,
    CoPurchases,
    Histories,
    ItemModel,
    ModelArtifact,
    PredictedLinks,
    Promotions,
    ShopBundles,
)
from gnn.scoring.bundle_model import BundleModel
from gnn.scoring.cold_model import ColdModel
from gnn.scoring.content_links import ContentLinks
from gnn.scoring.encoder_parts import EncoderParts
from gnn.scoring.link_calibration import LinkCalibration
from gnn.scoring.seasons_model import NUM_WEEKS, Seasons
from gnn.scoring.sequence_model import SequenceModel
from gnn.scoring.substitutes_model import Substitutes
from gnn.scoring.text_column import TextColumn

KEY = PseudonymKey(b"a key for tests alone, 32 chars!")


@dataclass(frozen=True)
class PlantedItem:
    """One item of a planted catalogue."""

    item_id: str
    category: str = ""
    price: float | None = None
    title: str = ""
    cost: float | None = None
    in_stock: bool = True


@dataclass(frozen=True)
class PlantedPromotion:
    """One promotion; times are seconds since 1970, and by default those of a promotion without dates."""

    promotion_id: str
    items: Mapping[str, float | None]
    starts_at: int = 0
    ends_at: int = 253_402_300_799


@dataclass(frozen=True)
class PlantedShop:
    """What a test says of its shop. Counts come from `baskets`, each a list of item ids, repeated."""

    items: Sequence[PlantedItem]
    baskets: Sequence[tuple[Sequence[str], int]] = ()
    """(what is in it, how many such baskets there are)"""
    histories: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Purchases by the shop's own user id and item id."""
    promotions: Sequence[PlantedPromotion] = ()
    predicted_links: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Score by item id and linked item id."""
    category_links: Mapping[str, Mapping[str, tuple[float, int]]] = field(default_factory=dict)
    """(lift, baskets) by path and linked path."""
    substitutes: Sequence[tuple[str, str]] = ()
    """Item ids of pairs that replace each other."""
    variants: Sequence[tuple[str, ...]] = ()
    """Item ids of each product that comes in several variants."""
    product_types: Literal["leaves", "none"] = "leaves"
    """Whether the items of one leaf category replace each other."""
    baskets_by_week: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """Baskets by item id and week of the year, 1 to 53."""
    min_baskets: int = 5
    ranked_from: int = 10
    """The model ranks items in so many baskets or more."""
    association_event: str = "purchase"
    currency: str | None = "EUR"
    kind: str = "gnn"
    dim: int = 16
    version: str = "20261122T031700Z-test"


def make_artifact(shop: PlantedShop, *, key: PseudonymKey = KEY) -> ModelArtifact:
    """An artifact whose counts are those of `shop` and whose links are fitted to its lifts."""
    items = sorted(shop.items, key=lambda item: item.item_id.encode())
    index = {item.item_id: place for place, item in enumerate(items)}
    categories = _categories({item.category for item in items if item.category})
    category_index = {path: place for place, path in enumerate(categories)}
    leaf = np.array([category_index.get(item.category, -1) for item in items], dtype=np.int32)
    roots = [item.category.split(" > ")[0] for item in items]

    single: Counter[int] = Counter()
    pairs: Counter[tuple[int, int]] = Counter()
    root_single: Counter[int] = Counter()
    root_pairs: Counter[tuple[int, int]] = Counter()
    for content, times in shop.baskets:
        places = sorted({index[item_id] for item_id in content})
        single.update(dict.fromkeys(places, times))
        pairs.update(dict.fromkeys(combinations(places, 2), times))
        in_roots = sorted({category_index[roots[place]] for place in places if roots[place]})
        root_single.update(dict.fromkeys(in_roots, times))
        root_pairs.update(dict.fromkeys(combinations(in_roots, 2), times))
    num_baskets = sum(times for _, times in shop.baskets)
    baskets = np.array([single[place] for place in range(len(items))], dtype=np.int64)

    indptr, other, counts, lift = _both_ways(pairs, single, num_baskets, len(items), shop.min_baskets)
    root_rows = _both_ways(root_pairs, root_single, num_baskets, len(categories), shop.min_baskets)
    users = sorted(
        (key.pseudonym(user_id), {index[item_id]: count for item_id, count in history.items()})
        for user_id, history in shop.histories.items()
    )
    promotions = sorted(shop.promotions, key=lambda promotion: promotion.promotion_id)
    return ModelArtifact(
        info=_info(shop, key),
        catalogue=Catalogue(
            item_ids=TextColumn.of([item.item_id for item in items]),
            titles=TextColumn.of([item.title for item in items]),
            category=leaf,
            brand=np.full(len(items), -1, dtype=np.int32),
            price=np.array(
                [np.nan if item.price is None else item.price for item in items], dtype=np.float64
            ),
            cost=np.array([np.nan if item.cost is None else item.cost for item in items], dtype=np.float64),
            in_stock=np.array([item.in_stock for item in items], dtype=np.bool_),
            baskets=baskets,
        ),
        categories=Categories(
            category_ids=TextColumn.of(categories),
            names=TextColumn.of([path.split(" > ")[-1] for path in categories]),
            parent=np.array(
                [category_index.get(path.rpartition(" > ")[0], -1) for path in categories], dtype=np.int32
            ),
            level=np.array([path.count(" > ") for path in categories], dtype=np.int32),
        ),
        co_purchases=CoPurchases(indptr, other, counts, lift),
        category_pairs=CategoryPairs(*root_rows),
        category_links=_category_links(shop, category_index),
        histories=_histories(users),
        model=_model(shop, baskets, pairs, single, num_baskets, len(users)),
        predicted_links=_predicted_links(shop, index),
        substitutes=_substitutes(shop, index, leaf),
        seasons=_seasons(shop, index),
        promotions=_promotions(promotions, index),
        bundles=ShopBundles(
            TextColumn.of([]),
            TextColumn.of([]),
            np.zeros(0),
            _ends([]),
            np.zeros(0, dtype=np.int32),
            np.zeros(0),
        ),
        bundle_model=BundleModel.none(num_users=len(users), num_items=len(items), num_bundles=0),
        sequence_model=SequenceModel.none(),
        cold_model=ColdModel.none(),
        content_links=ContentLinks.none(len(items)),
        encoder=EncoderParts.none(),
    )


def _categories(paths: set[str]) -> list[str]:
    above = {
        " > ".join(path.split(" > ")[:depth]) for path in paths for depth in range(1, path.count(" > ") + 1)
    }
    return sorted(paths | above, key=str.encode)


def _both_ways(
    pairs: Counter[tuple[int, int]], single: Counter[int], num_baskets: int, num_rows: int, least: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.float32]]:
    rows: list[list[tuple[int, int, float]]] = [[] for _ in range(num_rows)]
    for (low, high), count in pairs.items():
        if count >= least:
            lift = count * num_baskets / (single[low] * single[high])
            rows[low].append((high, count, lift))
            rows[high].append((low, count, lift))
    flat = [entry for row in rows for entry in sorted(row, key=lambda entry: (-entry[1], entry[0]))]
    return (
        _ends([len(row) for row in rows]),
        np.array([entry[0] for entry in flat], dtype=np.int32),
        np.array([entry[1] for entry in flat], dtype=np.int64),
        np.array([entry[2] for entry in flat], dtype=np.float32),
    )


def _model(
    shop: PlantedShop,
    baskets: NDArray[np.int64],
    pairs: Counter[tuple[int, int]],
    single: Counter[int],
    num_baskets: int,
    num_users: int,
) -> ItemModel:
    """Vectors whose products are log lifts, as a fitted model's would be; EASE rows hold confidences."""
    ranked = np.flatnonzero(baskets >= shop.ranked_from).astype(np.int32)
    log_lift = np.full((len(ranked), len(ranked)), -1.0)
    ease = np.zeros((len(ranked), len(ranked)), dtype=np.float32)
    place = {int(item): row for row, item in enumerate(ranked)}
    for (low, high), count in pairs.items():
        if low in place and high in place:
            a, b = place[low], place[high]
            log_lift[a, b] = log_lift[b, a] = np.log(count * num_baskets / (single[low] * single[high]))
            ease[a, b], ease[b, a] = count / single[low], count / single[high]
    left, strength, right = np.linalg.svd(log_lift)
    dim = min(shop.dim, len(ranked))
    source = (left[:, :dim] * np.sqrt(strength[:dim])).astype(np.float32)
    target = (right[:dim].T * np.sqrt(strength[:dim])).astype(np.float32)
    rows = [np.flatnonzero(row) for row in ease]
    return ItemModel(
        ranked=ranked,
        source=source,
        target=target,
        history=source,
        bias=np.log(1 + baskets[ranked]).astype(np.float32),
        users=np.zeros((num_users, dim), dtype=np.float32),
        ease_indptr=_ends([len(row) for row in rows]),
        ease_item=np.concatenate([np.zeros(0), *rows]).astype(np.int32),
        ease_weight=ease[ease != 0],
        baskets_4_weeks=baskets[ranked],
        baskets_16_weeks=baskets[ranked],
        trees=np.zeros(0, dtype=np.uint8),
        companion_trees=np.zeros(0, dtype=np.uint8),
    )


def _histories(users: list[tuple[str, dict[int, int]]]) -> Histories:
    """Every purchase a year ago: long enough that recency says nothing."""
    items = [[item for item, count in sorted(history.items()) for _ in range(count)] for _, history in users]
    return Histories(
        user_ids=TextColumn.of([pseudonym for pseudonym, _ in users]),
        indptr=_ends([len(row) for row in items]),
        item=np.array([item for row in items for item in row], dtype=np.int32),
        age_days=np.full(sum(map(len, items)), 365.0, dtype=np.float32),
    )


def _predicted_links(shop: PlantedShop, index: Mapping[str, int]) -> PredictedLinks:
    rows: list[list[tuple[float, int]]] = [[] for _ in index]
    for item_id, links in shop.predicted_links.items():
        rows[index[item_id]] = sorted((-score, index[other]) for other, score in links.items())
    entries = [entry for row in rows for entry in row]
    return PredictedLinks(
        indptr=_ends([len(row) for row in rows]),
        item=np.array([item for _, item in entries], dtype=np.int32),
        score=np.array([-negative for negative, _ in entries], dtype=np.float32),
    )


def _category_links(shop: PlantedShop, index: Mapping[str, int]) -> CategoryLinks:
    rows: list[list[tuple[float, int, int]]] = [[] for _ in index]
    for path, links in shop.category_links.items():
        rows[index[path]] = sorted((-lift, index[other], baskets) for other, (lift, baskets) in links.items())
    entries = [entry for row in rows for entry in row]
    return CategoryLinks(
        indptr=_ends([len(row) for row in rows]),
        category=np.array([other for _, other, _ in entries], dtype=np.int32),
        baskets=np.array([baskets for _, _, baskets in entries], dtype=np.int64),
        lift=np.array([-negative for negative, _, _ in entries], dtype=np.float32),
    )


def _substitutes(shop: PlantedShop, index: Mapping[str, int], leaf: NDArray[np.int32]) -> Substitutes:
    rows: list[list[int]] = [[] for _ in index]
    for item_id, other_id in shop.substitutes:
        rows[index[item_id]].append(index[other_id])
        rows[index[other_id]].append(index[item_id])
    variant = np.full(len(index), -1, dtype=np.int32)
    for code, item_ids in enumerate(shop.variants):
        variant[[index[item_id] for item_id in item_ids]] = code
    return Substitutes(
        variant=variant,
        product_type=leaf if shop.product_types == "leaves" else np.full_like(leaf, -1),
        indptr=_ends([len(row) for row in rows]),
        item=np.array([item for row in rows for item in sorted(row)], dtype=np.int32),
        score=np.ones(2 * len(shop.substitutes), dtype=np.float32),
    )


def _seasons(shop: PlantedShop, index: Mapping[str, int]) -> Seasons:
    counted = sorted(shop.baskets_by_week, key=lambda item_id: index[item_id])
    baskets = np.zeros((len(counted), NUM_WEEKS), dtype=np.int32)
    for row, item_id in enumerate(counted):
        for week, count in shop.baskets_by_week[item_id].items():
            baskets[row, week - 1] = count
    return Seasons(
        item=np.array([index[item_id] for item_id in counted], dtype=np.int32),
        baskets=baskets,
        all_baskets=baskets.sum(axis=0, dtype=np.int64),
        num_days=np.array([365]),
    )


def _promotions(promotions: Sequence[PlantedPromotion], index: Mapping[str, int]) -> Promotions:
    entries = [
        (index[item_id], np.nan if discount is None else discount)
        for promotion in promotions
        for item_id, discount in promotion.items.items()
    ]
    return Promotions(
        promotion_ids=TextColumn.of([promotion.promotion_id for promotion in promotions]),
        names=TextColumn.of([f"Name of {promotion.promotion_id}" for promotion in promotions]),
        starts_at=np.array([promotion.starts_at for promotion in promotions], dtype=np.int64),
        ends_at=np.array([promotion.ends_at for promotion in promotions], dtype=np.int64),
        indptr=_ends([len(promotion.items) for promotion in promotions]),
        item=np.array([item for item, _ in entries], dtype=np.int32),
        discount=np.array([discount for _, discount in entries], dtype=np.float64),
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
        config={
            "blend": {"gnn": 1.0, "ease": 2.0, "bought": 1.0, "known": 0.5, "share": 1.0, "recency": 0.5},
            "link": {"intercept": 0.0, "gnn": 1.0, "ease": 0.0},
            "link_calibration": LinkCalibration().to_config(),
            "trees_weight": 0.0,
            "shortlist_size": 0,
        },
        metrics={"ndcg_at_20": 0.15},
        versions={"numpy": np.__version__},
        warnings=[],
    )


def _ends(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
