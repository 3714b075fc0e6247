"""Protocol C: predict which items of Amazon Beauty are bought together; hidden pairs, full ranking.

The pairs are hidden from every kind of link. The ranker is fitted by the code that `bundlegraph train` runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.exports.amazon_beauty import (
    VALIDATION_FROM,
    Pair,
    bought_together,
    categories,
    write_amazon_beauty,
)
from benchmarks.quality.link_baselines import Score, link_baselines
from benchmarks.quality.options import BenchmarkError, Options
from benchmarks.quality.report import ProtocolReport, Values, gather, ours_minus
from etl.ingest import IngestOptions, ingest
from gnn.components.predicted_links.fitting import PairRanker, fit_pair_ranker, listed_items
from gnn.data.purchases import Purchases, read_purchases
from gnn.evaluation.metrics import hit_rate_at_k, mean_reciprocal_rank, ndcg_at_k, ndcg_gains
from graph.edges import EdgeTables, edge_tables

METRICS = ("hr@10", "ndcg@10", "mrr")
OURS = "ranker"
CROSS, NEW, NEW_CROSS = "no common category", "new links only", "new links only, no common category"

#: Ablations: kinds of evidence that are left out together.
_GROUPS = {
    "bought-together paths": ("target_any", "any_target", "target_target", "target_any_any"),
    "direction of links": ("out_out", "out_in", "in_out", "in_in"),
    "purchases": ("users", "baskets"),
    "categories, brands": ("content", "brand"),
    "links of similar items": ("similar_target", "target_similar"),
}

Ranks = NDArray[np.float64]


@dataclass(frozen=True)
class HiddenPairs:
    """Hidden pairs, each from both ends; items are places of the catalogue."""

    query: NDArray[np.int64]
    target: NDArray[np.int64]
    is_cross: NDArray[np.bool_]
    """Whether the two share no category but the root."""


@dataclass(frozen=True)
class Shop:
    """The graph to learn from, and the pairs to find."""

    edges: EdgeTables
    purchases: Purchases
    items: NDArray[np.int64]
    validation: HiddenPairs
    test: HiddenPairs


def run(options: Options) -> ProtocolReport:
    """Every seed with a split of its own."""
    tests, validations, sliced, seconds, gains = [], [], [], [], {}
    ablations: dict[str, Values] = {}
    has_baselines = options.baselines != "none"
    for seed in range(options.seeds):
        started = time.perf_counter()
        shop = read_shop(options, seed=seed)
        model = _fit(shop, seed=seed)
        ranks = _rank_all(shop, model, shop.test, has_baselines=has_baselines)
        tests.append(_metrics(ranks[False]))
        validations.append(
            _metrics(_rank_all(shop, model, shop.validation, has_baselines=has_baselines)[False])
        )
        is_cross = shop.test.is_cross
        sliced.append(
            {
                CROSS: _metrics(ranks[False], is_cross),
                NEW: _metrics(ranks[True]),
                NEW_CROSS: _metrics(ranks[True], is_cross),
            }
        )
        seconds.append(time.perf_counter() - started)
        if seed == 0:
            gains = {name: ndcg_gains(found, 10) for name, found in ranks[False].items()}
            ablations = _ablations(shop, model) if options.baselines == "all" else {}
            sizes = {CROSS: int(is_cross.sum()), NEW: len(is_cross), NEW_CROSS: int(is_cross.sum())}
    models = gather(tests)
    slices = {name: (size, gather([run[name] for run in sliced])) for name, size in sizes.items()}
    return ProtocolReport(
        protocol="C",
        title="items bought together",
        measures=(
            "A tenth of the pairs bought together is hidden for test, a tenth for validation: "
            f"{len(is_cross)} test queries, a pair from both its ends. All {len(shop.items)} items are "
            "ranked but the query and its known partners. Splits are drawn a seed."
        ),
        metrics=METRICS,
        ours=OURS,
        models=models,
        seeds=options.seeds,
        seconds=seconds,
        validation=gather(validations),
        slices=slices,
        intervals={"ndcg@10": ours_minus(gains, ours=OURS)} if has_baselines else {},
        targets={
            f"{path}{OURS}/{metric}": 1.25 * best
            for path, table in (("", models), (f"{CROSS}/", slices[CROSS][1]))
            for metric in METRICS[:2]
            if (best := _best_baseline(table, metric)) is not None
        },
        ablations=ablations,
        notes=[
            "Targets are 1.25 × the best baseline. Nearly every pair bought together is also bought, and the "
            "hidden ones are taken out of both kinds: so an also-bought link that is still there shows that "
            "a pair is not hidden. No feature of the ranker sees it. In the slices of new links only, pairs "
            "that any kind of link joins are masked for every model."
        ],
    )


def read_shop(options: Options, *, seed: int) -> Shop:
    """The split of `seed`, through an export, the product's ETL and its edge tables."""
    source = options.dataset("amazon-beauty")
    pairs = bought_together(source)
    drawn = np.random.default_rng(seed).permutation(len(pairs))
    _, validation, test = (
        [pairs[pair] for pair in part]
        for part in np.split(drawn, [int(0.8 * len(pairs)), int(0.9 * len(pairs))])
    )
    export = options.scratch / f"amazon-beauty-{seed}"
    write_amazon_beauty(source, export, hidden=[*validation, *test])
    tables = ingest(str(export), options.home, options=IngestOptions(replace=True)).tables
    edges = edge_tables(tables, until=VALIDATION_FROM)
    items = listed_items(tables, edges)
    item_ids = edges.nodes["Item"]["item_id"].take(items).to_pylist()
    place = {item_id: number for number, item_id in enumerate(item_ids)}
    of_item = categories(source)
    return Shop(
        edges,
        read_purchases(tables, edges, until=VALIDATION_FROM),
        items,
        validation=_from_both_ends(validation, place, of_item),
        test=_from_both_ends(test, place, of_item),
    )


def ranks(scores: NDArray[np.floating], target: NDArray[np.int64], is_masked: NDArray[np.bool_]) -> Ranks:
    """Rank of each row's target among the items not masked, from 1; equal scores share their mean rank."""
    shown = np.where(is_masked, -np.inf, scores)
    found = scores[np.arange(len(target)), target][:, np.newaxis]
    return np.asarray(1 + (shown > found).sum(axis=1) + ((shown == found).sum(axis=1) - 1) / 2)


def _fit(shop: Shop, *, seed: int, without: Sequence[str] = ()) -> PairRanker:
    model = fit_pair_ranker(shop.edges, shop.purchases, items=shop.items, seed=seed, without=without)
    if model is None:
        raise BenchmarkError("expected known pairs to learn from, found too few: is the data set whole?")
    return model


def _rank_all(
    shop: Shop, model: PairRanker, hidden: HiddenPairs, *, has_baselines: bool
) -> Mapping[bool, Mapping[str, Ranks]]:
    """Ranks by each model; True: links of any kind are masked, False: those of bought together."""
    evidence = model.evidence
    masks = {False: evidence.known_target, True: evidence.known}
    found: dict[bool, dict[str, Ranks]] = {is_new: {} for is_new in masks}
    if has_baselines:
        for name, score in link_baselines(
            shop.edges, shop.purchases, items=shop.items, evidence=evidence
        ).items():
            for is_new, ranked in _rank(score, hidden, masks).items():
                found[is_new][name] = ranked
    for is_new, mask in masks.items():
        found[is_new] |= {OURS: _rank(_ours(model, mask), hidden, {is_new: mask})[is_new]}
    return found


def _rank(score: Score, hidden: HiddenPairs, masks: Mapping[bool, csr_matrix]) -> dict[bool, Ranks]:
    parts: dict[bool, list[Ranks]] = {is_new: [] for is_new in masks}
    for rows in np.array_split(np.arange(len(hidden.query)), max(len(hidden.query) // 200, 1)):
        query, target = hidden.query[rows], hidden.target[rows]
        scores = score(query)
        for is_new, known in masks.items():
            is_masked = known[query].toarray() > 0
            is_masked[np.arange(len(query)), query] = True
            parts[is_new].append(ranks(scores, target, is_masked))
    return {is_new: np.concatenate(of_mask) for is_new, of_mask in parts.items()}


def _ours(model: PairRanker, mask: csr_matrix) -> Score:
    return lambda places: np.concatenate([scores for _, scores in model.score(places, excluded=mask)])


def _ablations(shop: Shop, whole: PairRanker) -> dict[str, Values]:
    models = {"all": whole}
    models |= {f"without {name}": _fit(shop, seed=0, without=kinds) for name, kinds in _GROUPS.items()}
    found = {}
    for name, model in models.items():
        known = model.evidence.known_target
        found[name] = _rank(_ours(model, known), shop.validation, {False: known})[False]
    return {name: {metric: [value] for metric, value in row.items()} for name, row in _metrics(found).items()}


def _from_both_ends(
    pairs: Sequence[Pair], place: Mapping[str, int], of_item: Mapping[str, frozenset[str]]
) -> HiddenPairs:
    ends = np.array([[place[one], place[other]] for one, other in pairs], dtype=np.int64)
    is_cross = np.array([not of_item[one] & of_item[other] for one, other in pairs], dtype=np.bool_)
    return HiddenPairs(np.concatenate(ends.T), np.concatenate(ends[:, ::-1].T), np.tile(is_cross, 2))


def _metrics(
    found: Mapping[str, Ranks], is_in: NDArray[np.bool_] | slice = slice(None)
) -> dict[str, dict[str, float]]:
    return {
        name: {
            "hr@10": hit_rate_at_k(of_model[is_in], 10),
            "ndcg@10": ndcg_at_k(of_model[is_in], 10),
            "mrr": mean_reciprocal_rank(of_model[is_in]),
        }
        for name, of_model in found.items()
    }


def _best_baseline(models: Mapping[str, Values], metric: str) -> float | None:
    """The best mean of the baselines; none where there are none."""
    return max((mean(row[metric]) for name, row in models.items() if name != OURS), default=None)
