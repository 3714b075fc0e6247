from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from gnn.components.fitting import closed_form_links
from gnn.components.sequences.fitting import fit_evidence, fit_history_ease, fit_trees
from gnn.components.sequences.shortlists import read_shortlists
from gnn.data.purchases import Purchases
from gnn.data.queries import NextItemQueries
from gnn.evaluation.metrics import full_ranking, ndcg_at_k
from gnn.scoring.sequence_evidence import SequenceEvidence
from gnn.scoring.sequence_scorer import SequenceScorer
from gnn.scoring.trees import no_trees

NO_TREES = no_trees()


def ndcg_of(evidence: SequenceEvidence, trees: NDArray[np.uint8], queries: NextItemQueries) -> float:
    scorer = SequenceScorer(evidence, trees)
    scores = scorer.score(queries.histories)
    return ndcg_at_k(full_ranking(lambda part: scores, queries), 5)


def test_users_link_items_where_baskets_hold_one(purchases: Purchases) -> None:
    weights = fit_history_ease(purchases).top(20).toarray()

    followers = [int(np.argmax(weights[item])) for item in range(10)]
    assert followers == [item + 10 for item in range(10)]


def test_the_evidence_counts_events_and_where_histories_end(evidence: SequenceEvidence) -> None:
    assert evidence.events.sum() == 3 * 200
    assert evidence.last_events[:10].tolist() == [0] * 10
    assert evidence.last_events.sum() == 200


def test_transitions_backward_are_those_forward_seen_from_the_follower(evidence: SequenceEvidence) -> None:
    forward = evidence.near.item[evidence.near.indptr[3] : evidence.near.indptr[4]]
    backward = evidence.back.item[evidence.back.indptr[13] : evidence.back.indptr[14]]

    assert 13 in forward
    assert 3 in backward


def test_trees_put_the_next_item_first(evidence: SequenceEvidence, queries: NextItemQueries) -> None:
    trees = fit_trees(read_shortlists(evidence, queries[::2]), seed=0)

    assert ndcg_of(evidence, trees, queries[1::2]) > 0.8
    assert ndcg_of(evidence, trees, queries[1::2]) >= ndcg_of(evidence, NO_TREES, queries[1::2]) - 0.05


def test_the_same_seed_gives_the_same_trees(evidence: SequenceEvidence, queries: NextItemQueries) -> None:
    assert np.array_equal(
        fit_trees(read_shortlists(evidence, queries), seed=3),
        fit_trees(read_shortlists(evidence, queries), seed=3),
    )


def test_nothing_to_learn_from_gives_no_trees(evidence: SequenceEvidence, queries: NextItemQueries) -> None:
    assert len(fit_trees(read_shortlists(evidence, queries[:0]), seed=0)) == 0


def test_no_trees_leave_the_first_stage_as_it_is(
    evidence: SequenceEvidence, queries: NextItemQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = SequenceScorer(evidence, NO_TREES).score(queries.histories)
    monkeypatch.setattr("gnn.scoring.sequence_scorer._BLOCK", 7)

    assert SequenceScorer(evidence, NO_TREES).score(queries.histories) == pytest.approx(scores, abs=1e-5)
    assert np.isfinite(scores).all()


def test_what_is_outside_the_shortlist_comes_after_it(
    evidence: SequenceEvidence, queries: NextItemQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnn.components.sequences.shortlists.SHORTLIST_SIZE", 4)
    monkeypatch.setattr("gnn.scoring.sequence_scorer.SHORTLIST_SIZE", 4)
    before = SequenceScorer(evidence, NO_TREES).score(queries.histories)

    after = SequenceScorer(evidence, fit_trees(read_shortlists(evidence, queries), seed=0)).score(
        queries.histories
    )

    for scores in (before, after):
        scores[queries.carts.nonzero()] = -np.inf
    shortlisted = np.argsort(-before, axis=1)[:, :4]
    assert np.sort(np.argsort(-after, axis=1)[:, :4]).tolist() == np.sort(shortlisted).tolist()


def test_nobody_asks_and_nobody_is_answered(evidence: SequenceEvidence, queries: NextItemQueries) -> None:
    scores = SequenceScorer(replace(evidence), NO_TREES).score(queries[:0].histories)

    assert scores.shape == (0, 20)


def test_links_that_were_learned_from_baskets_are_refused(
    purchases: Purchases, evidence: SequenceEvidence
) -> None:
    table = np.ones((evidence.num_ranked, 2), dtype=np.float32)
    links = replace(closed_form_links(purchases), source=table, target=table, history=table)

    with pytest.raises(ValueError, match="learned from baskets"):
        fit_evidence(purchases, links, fit_history_ease(purchases), groups=evidence.groups)
