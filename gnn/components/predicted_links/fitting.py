"""Predicted links: a ranker learns which items go together from the links that the shop gives.

Known pairs are hidden, a fold at a time, and the ranker learns to find them by all else that is known. A
pair's own link must be evidence neither by its presence nor by its absence: each fold's evidence is of the
graph without its pairs, and whether another kind of link joins two items is no feature. So the ranker sees
pairs in training as it does in prediction.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from etl.tables import Tables
from gnn.components.boosted_trees import TreeParams, fit_ranker
from gnn.components.context import FitContext
from gnn.components.predicted_links.evidence import (
    KnownLinks,
    PairEvidence,
    choose_kind,
    item_features,
    known_links,
    pair_evidence,
)
from gnn.components.predicted_links.shortlist import LinkShortlist, link_feature_names, link_shortlists
from gnn.data.purchases import Purchases
from gnn.scoring.catalogue import PredictedLinks
from gnn.scoring.containers import Csr
from gnn.scoring.trees import TreeEnsemble
from graph.edges import EdgeTables

logger = logging.getLogger(__name__)

#: Links that are predicted for an item, at most.
NUM_LINKS = 50

#: Known pairs of a kind below which nothing is fitted.
MIN_PAIRS = 200

#: Hidden pairs to learn from, at most: their shortlists take 1.2 GB. More add little and cost time.
MAX_PAIRS = 10_000

NUM_FOLDS = 5

_PARAMS = TreeParams(num_trees=150, learning_rate=0.08, min_rows_a_leaf=50)

#: Of both coefficients, so that they stay finite where scores separate links from others.
_RIDGE = 1e-3


@dataclass(frozen=True)
class PairRanker:
    """Ranks pairs among some items by how likely a link of one kind is."""

    items: NDArray[np.int64]
    """Item index of each place, ascending, [n]."""
    evidence: PairEvidence
    """Of all known links."""
    kind: str
    pairs: NDArray[np.int64]
    """Places of the known pairs of that kind, [P, 2]."""
    trees: TreeEnsemble
    intercept: float
    slope: float
    """With the intercept: from scores of the trees to log odds."""
    recall: float
    """Share of hidden pairs, from both ends, that were on the shortlists: the most that ranking can find."""

    def probabilities(self, shortlist: LinkShortlist) -> NDArray[np.float64]:
        """Probability of each candidate to be a hidden link, links and other candidates at even odds, [N]."""
        scores = self.trees.score(shortlist.features).astype(np.float64)
        return np.asarray(expit(self.intercept + self.slope * scores))

    def score(
        self, places: NDArray[np.integer], *, excluded: csr_matrix
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Blocks of `places` and their scores [B, n]: the probability of a link, 0 off the shortlist.

        Pairs that are not 0 in `excluded` [n, n] have the score 0.
        """
        for shortlist in link_shortlists(self.evidence, places, excluded=excluded):
            scores = np.zeros((len(shortlist.items), len(self.items)))
            scores[shortlist.rows, shortlist.candidates] = self.probabilities(shortlist)
            yield shortlist.items, scores


def fit_predicted_links(context: FitContext) -> PredictedLinks:
    """Links among the items that the catalogue lists; empty where the shop gives too few to learn from."""
    data = context.data
    items = listed_items(data.tables, data.edges)
    ranker = fit_pair_ranker(data.edges, data.purchases, items=items, seed=context.config.seed)
    if ranker is None:
        return PredictedLinks()
    return predict_links(ranker, num_items=data.edges.nodes["Item"].num_rows, top_k=NUM_LINKS)


def listed_items(tables: Tables, edges: EdgeTables) -> NDArray[np.int64]:
    """Item indices that the shop's catalogue lists, ascending: other items are only neighbours."""
    items = tables.read("items", ["item_id", "listed"])
    listed = items["item_id"].filter(items["listed"])
    index = pc.index_in(listed, value_set=edges.nodes["Item"]["item_id"].combine_chunks())
    return np.sort(index.to_numpy()).astype(np.int64)


def fit_pair_ranker(
    edges: EdgeTables,
    purchases: Purchases,
    *,
    items: NDArray[np.int64],
    seed: int,
    without: Collection[str] = (),
) -> PairRanker | None:
    """Learn the links among `items` (item indices, ascending) from those that the shop gives.

    All folds but the last train the trees; the last calibrates their scores.

    Args:
        edges: The graph, whose `LINKED` relationships are the links that the shop gives.
        purchases: Columns are item indices.
        items: The items that may be linked: the catalogue.
        seed: Of the draw of folds and of the trees.
        without: Kinds of evidence that are left out, for ablations.

    Returns:
        None where no kind has `MIN_PAIRS` pairs, or where hidden pairs are never on a shortlist.
    """
    links = known_links(edges)
    kind = choose_kind(links, items, min_pairs=MIN_PAIRS)
    if kind is None:
        logger.info("no kind of item_links has %d pairs: no links are predicted", MIN_PAIRS)
        return None
    features = item_features(edges, purchases)

    def evidence_of(known: KnownLinks) -> PairEvidence:
        return pair_evidence(known, features, kind=kind, items=items).without(without)

    pairs = np.searchsorted(items, links.pairs(kind, items))
    drawn = pairs[np.random.default_rng(seed).permutation(len(pairs))[:MAX_PAIRS]]
    *training, held_out = (
        _examples(evidence_of(links.without(items[hidden])), hidden)
        for hidden in np.array_split(drawn, NUM_FOLDS)
    )
    if not held_out.num_found or not any(fold.num_found for fold in training):
        return None
    evidence = evidence_of(links)
    trees = TreeEnsemble(
        fit_ranker(
            np.concatenate([fold.features for fold in training]),
            np.concatenate([fold.is_link for fold in training]).astype(np.int64),
            np.concatenate([fold.sizes for fold in training]),
            names=link_feature_names(evidence),
            seed=seed,
            params=_PARAMS,
        )
    )
    intercept, slope = _fit_sigmoid(trees.score(held_out.features), held_out.is_link)
    recall = sum(fold.num_found for fold in (*training, held_out)) / (2 * len(drawn))
    logger.info("links learned from %d hidden pairs, %.3f of them on shortlists", len(drawn), recall)
    return PairRanker(items, evidence, kind, pairs, trees, intercept, slope, recall)


def predict_links(ranker: PairRanker, *, num_items: int, top_k: int) -> PredictedLinks:
    """Each item's known links of the learned kind, with score 1, then the `top_k` likeliest others.

    Others are likelier than not at even odds. Another kind of link may join them, which is no evidence.
    """
    pairs = ranker.pairs
    rows, targets = [pairs[:, 0], pairs[:, 1]], [pairs[:, 1], pairs[:, 0]]
    scores = [np.ones(len(pairs))] * 2
    everything, known = np.arange(len(ranker.items)), ranker.evidence.known_target
    for shortlist in link_shortlists(ranker.evidence, everything, excluded=known):
        row, target, score = _likeliest(shortlist, ranker.probabilities(shortlist), top_k=top_k)
        rows.append(row)
        targets.append(target)
        scores.append(score)
    row, target, score = np.concatenate(rows), np.concatenate(targets), np.concatenate(scores)
    order = np.lexsort((target, -score, row))
    return PredictedLinks(
        Csr.from_entries(
            ranker.items[row[order]],
            ranker.items[target[order]],
            score[order].astype(np.float32),
            num_rows=num_items,
        )
    )


@dataclass(frozen=True)
class _Fold:
    """Shortlists on which a hidden pair of the fold was found, as `fit_ranker` takes them."""

    features: NDArray[np.float32]
    is_link: NDArray[np.bool_]
    sizes: NDArray[np.int64]

    @property
    def num_found(self) -> int:
        return int(self.is_link.sum())


def _examples(evidence: PairEvidence, hidden: NDArray[np.int64]) -> _Fold:
    num_places = evidence.known.shape[0]
    both_ways = np.concatenate([hidden, hidden[:, ::-1]])
    hidden_numbers = both_ways[:, 0] * num_places + both_ways[:, 1]
    features, is_link, sizes = [], [], []
    for shortlist in link_shortlists(evidence, np.unique(hidden), excluded=evidence.known_target):
        is_hidden = np.isin(shortlist.sources * num_places + shortlist.candidates, hidden_numbers)
        row = shortlist.rows
        has_link = np.bincount(row, weights=is_hidden, minlength=len(shortlist.items)) > 0
        features.append(shortlist.features[has_link[row]])
        is_link.append(is_hidden[has_link[row]])
        sizes.append(shortlist.sizes[has_link])
    return _Fold(np.concatenate(features), np.concatenate(is_link), np.concatenate(sizes))


def _fit_sigmoid(scores: NDArray[np.float32], is_link: NDArray[np.bool_]) -> tuple[float, float]:
    """Coefficients a, b of σ(a + b · score), links and others of equal weight (Platt 1999)."""
    if is_link.all():
        return 0.0, 1.0
    inputs = np.stack([np.ones(len(scores)), scores], axis=1)
    model = LogisticRegression(
        C=1 / (_RIDGE * len(scores)),
        class_weight="balanced",
        fit_intercept=False,
        solver="newton-cholesky",
        tol=1e-6,
    )
    intercept, slope = model.fit(inputs, is_link).coef_[0].tolist()
    return intercept, slope


def _likeliest(
    shortlist: LinkShortlist, probabilities: NDArray[np.float64], *, top_k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Item, candidate and probability of each item's `top_k` likeliest candidates above one half."""
    order = np.lexsort((shortlist.candidates, -probabilities, shortlist.sources))
    starts = np.cumsum(shortlist.sizes) - shortlist.sizes
    rank = np.arange(len(order)) - np.repeat(starts, shortlist.sizes)
    kept = order[(rank < top_k) & (probabilities[order] > 0.5)]
    return shortlist.sources[kept], shortlist.candidates[kept], probabilities[kept]
