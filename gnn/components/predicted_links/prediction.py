"""Prediction: which items go together, learned from those that the shop links."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from etl.tables import Tables
from gnn.artifact.model import PredictedLinks
from gnn.components.predicted_links.evidence import PairEvidence, pair_evidence, surroundings
from gnn.components.predicted_links.fitting import LinkRanker, fit_links
from gnn.components.predicted_links.known import KnownLinks, choose_kind, known_links
from gnn.components.predicted_links.shortlist import Shortlist, shortlists
from gnn.data.purchases import Purchases
from graph.edges import EdgeTables

logger = logging.getLogger(__name__)

#: Below so many known pairs of a kind there is too little to learn from.
MIN_PAIRS = 200


@dataclass(frozen=True)
class LinkModel:
    """What was learned of one kind of link among some items."""

    items: NDArray[np.int64]
    """Item index of each place, ascending, [n]."""
    evidence: PairEvidence
    """Of all that is known."""
    ranker: LinkRanker
    kind: str
    pairs: NDArray[np.int64]
    """Places of the known pairs of that kind, [P, 2]."""

    def score(
        self, places: NDArray[np.integer], *, closed: csr_matrix
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Blocks of `places` and their scores [B, n]: the probability of a link, 0 off the shortlist.

        What is not 0 in `closed` [n, n] is not scored.
        """
        for shortlist in shortlists(self.evidence, places, closed=closed):
            scores = np.zeros((len(shortlist.places), len(self.items)))
            scores[shortlist.rows, shortlist.candidates] = self.ranker.probabilities(shortlist)
            yield shortlist.places, scores


def listed_items(tables: Tables, edges: EdgeTables) -> NDArray[np.int64]:
    """Item indices of what the shop's catalogue lists, ascending: other items are only neighbours."""
    items = tables.read("items", ["item_id", "listed"])
    listed = items["item_id"].filter(items["listed"])
    index = pc.index_in(listed, value_set=edges.nodes["Item"]["item_id"].combine_chunks())
    return np.sort(index.to_numpy()).astype(np.int64)


def fit_link_model(
    edges: EdgeTables,
    purchases: Purchases,
    *,
    items: NDArray[np.integer],
    seed: int,
    without: Collection[str] = (),
) -> LinkModel | None:
    """Learn the links among `items` (item indices, ascending) from those that the shop knows.

    None where it knows fewer than `MIN_PAIRS` of any kind, or they cannot be found from what else is known.

    Args:
        edges: The graph; its `LINKED` relationships say what the shop knows.
        purchases: Columns are item indices.
        items: What may be linked: the catalogue.
        seed: Of the draw of folds and of the trees.
        without: Kinds of evidence that are left out, for ablations.
    """
    links = known_links(edges)
    kind = choose_kind(links, items, min_pairs=MIN_PAIRS)
    if kind is None:
        logger.info("no kind of item_links has %d pairs: no links are predicted", MIN_PAIRS)
        return None
    chosen = np.asarray(items, dtype=np.int64)
    around = surroundings(edges, purchases)

    def evidence_of(known: KnownLinks) -> PairEvidence:
        return pair_evidence(known, around, kind=kind, items=chosen).without(without)

    pairs = np.searchsorted(chosen, links.pairs(kind, items))
    ranker = fit_links(
        pairs,
        lambda hidden: evidence_of(links.without(chosen[hidden])),
        rng=np.random.default_rng(seed),
        seed=seed,
    )
    return None if ranker is None else LinkModel(chosen, evidence_of(links), ranker, kind, pairs)


def predict_links(model: LinkModel, *, num_items: int, top_k: int) -> PredictedLinks:
    """Each item's links: those known of the learned kind, as certain, then the `top_k` likeliest others.

    Others may be known of another kind: what is around a pair speaks for both, its own link for neither. They
    are likelier than not at even odds.
    """
    rows, targets = [model.pairs[:, 0], model.pairs[:, 1]], [model.pairs[:, 1], model.pairs[:, 0]]
    scores = [np.ones(len(model.pairs))] * 2
    for shortlist in shortlists(
        model.evidence, np.arange(len(model.items)), closed=model.evidence.known_target
    ):
        probabilities = model.ranker.probabilities(shortlist)
        row, column, score = _strongest(shortlist, probabilities, top_k=top_k)
        rows.append(row)
        targets.append(column)
        scores.append(score)
    row, target, score = np.concatenate(rows), np.concatenate(targets), np.concatenate(scores)
    order = np.lexsort((target, -score, row))
    counts = np.bincount(model.items[row], minlength=num_items)
    return PredictedLinks(
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        item=model.items[target[order]].astype(np.int32),
        score=score[order].astype(np.float32),
    )


def _strongest(
    shortlist: Shortlist, probabilities: NDArray[np.float64], *, top_k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Asker, candidate and probability of the `top_k` likeliest of each asker that are above one half."""
    order = np.lexsort((shortlist.candidates, -probabilities, shortlist.askers))
    starts = np.cumsum(shortlist.sizes) - shortlist.sizes
    place = np.arange(len(order)) - np.repeat(starts, shortlist.sizes)
    kept = order[(place < top_k) & (probabilities[order] > 0.5)]
    return shortlist.askers[kept], shortlist.candidates[kept], probabilities[kept]
