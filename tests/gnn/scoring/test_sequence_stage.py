"""First-stage scores of ordered histories, and the features of their candidates."""

from __future__ import annotations

from dataclasses import replace
from math import exp, isnan, log, sqrt

import numpy as np
import pytest

from gnn.data.queries import NextItemQueries
from gnn.scoring.containers import Csr
from gnn.scoring.item_model import EaseWeights, Ensemble, Histories, ItemNetwork, LinkProbability, RankedItems
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from gnn.scoring.sequence_stage import SEQUENCE_FEATURES, ScoredSequences, SequenceModel, SequenceStage
from gnn.scoring.sequences import SequenceGate, Sequences
from gnn.scoring.two_stage import shortlist

NAMES = [name for names in SEQUENCE_FEATURES.values() for name in names]


def rows(entries: dict[tuple[int, int], float]) -> Csr:
    places = sorted(entries)
    return Csr.from_entries(
        np.array([row for row, _ in places]),
        np.array([column for _, column in places]),
        np.array([entries[place] for place in places], dtype=np.float32),
        num_rows=4,
    )


#: Four items: 0 and 2 are of one category, 0 and 3 of one brand, 1 has neither; no GNN.
CODES = np.array([[5, -1, 5, 6], [-1, -1, -1, -1], [1, -1, 1, 1], [8, -1, 7, 8]], np.int32)
MODEL = SequenceModel(
    near=rows({(1, 3): 0.6}),
    back=rows({(0, 3): 0.1}),
    wide=rows({(0, 2): 0.2}),
    events=np.array([3, 2, 1, 0]),
    last_events=np.array([0, 1, 1, 0]),
)
POPULARITY = ItemNetwork(
    source=np.zeros((4, 0), np.float32),
    target=np.zeros((4, 0), np.float32),
    history=np.zeros((4, 0), np.float32),
    bias=np.array([0.4, 0.3, 0.2, 0.1], np.float32),
)


def stage_of(network: ItemNetwork = POPULARITY) -> SequenceStage:
    scorer = ItemScorer(
        num_items=4,
        ranked=RankedItems(np.arange(4, dtype=np.int32)),
        network=network,
        ease=EaseWeights(rows({(0, 2): 0.5, (1, 2): 0.25, (1, 3): 1.0})),
        ensemble=Ensemble(),
        link=LinkProbability(),
        histories=Histories(),
    )
    return SequenceStage(scorer, model=MODEL, codes=CODES)


#: Items 0, then 1.
HISTORY = Sequences(np.array([0, 2]), np.array([0, 1], np.int32), np.array([2.0, 1.0]))


def candidate(item: int) -> dict[str, float]:
    found = stage_of().score_sequences(HISTORY).features(np.array([[3, 2]]))
    return dict(zip(NAMES, map(float, found[0, [3, 2].index(item)]), strict=True))


def test_ease_and_transitions_count_less_for_each_step_back() -> None:
    two = candidate(2)

    assert two["ease_flat"] == pytest.approx((0.5 + 0.25) / sqrt(2))
    assert two["ease_slow"] == pytest.approx(0.5 * exp(-0.3) + 0.25)
    assert two["ease_fast"] == pytest.approx(0.5 * exp(-1) + 0.25)
    assert two["ease_latest"] == pytest.approx(0.25)
    assert two["wide"] == pytest.approx(0.2 * exp(-0.3))
    assert two["wide_latest"] == 0
    three = candidate(3)
    assert three["near"] == three["near_latest"] == pytest.approx(0.6)
    assert three["back"] == pytest.approx(0.1 * exp(-1))


def test_a_candidate_is_near_where_the_history_is_of_its_category_and_brand() -> None:
    two, three = candidate(2), candidate(3)

    assert two["category_slow"] == pytest.approx(exp(-0.3))
    assert two["category_latest"] == 0
    assert three["category_slow"] == 0
    assert three["brand_slow"] == pytest.approx(exp(-0.3))
    assert isnan(two["parent_slow"])


def test_popularity_and_size_are_of_the_candidate_and_the_history() -> None:
    two = candidate(2)

    assert two["events"] == two["last_events"] == pytest.approx(log(2))
    assert two["history_size"] == 2
    assert two["first_stage_position"] == 1
    assert two["gnn"] == pytest.approx(0.2 - 0.4)


def test_without_a_network_the_closed_form_leads_and_popularity_breaks_ties() -> None:
    scores = stage_of().score_sequences(HISTORY).scores[0]

    closed_form = np.array([0, 0, 0.5 * exp(-1) + 0.25, 1 + 0.3 * 0.6])
    parts = [
        (values - values.mean()) / values.std() for values in (np.array([0.4, 0.3, 0.2, 0.1]), closed_form)
    ]
    assert scores == pytest.approx(parts[0] + 10 * parts[1], abs=1e-4)


def test_beside_a_network_the_closed_form_counts_little() -> None:
    table = np.zeros((4, 2), np.float32)
    gate = SequenceGate(
        np.zeros((1, 1), np.float32),
        np.zeros((4, 1), np.float32),
        np.zeros(1, np.float32),
        np.ones(1, np.float32),
    )
    trained = replace(POPULARITY, source=table, target=table, history=table, gate=gate)

    alone, beside = (
        stage_of(network).score_sequences(HISTORY).scores[0] for network in (POPULARITY, trained)
    )

    # The vectors are zero, so both score popularity and the closed form, and only the weights differ.
    bias = (POPULARITY.bias - POPULARITY.bias.mean()) / POPULARITY.bias.std()
    assert beside - bias == pytest.approx((alone - bias) / 100, abs=1e-4)


def test_the_shortlist_holds_the_best_that_are_not_in_the_history() -> None:
    scores = np.array([[9.0, 8.0, 1.0, 2.0]], dtype=np.float32)
    scored = ScoredSequences(stage_of(), HISTORY, scores, scores, scores, scores)

    assert shortlist(scored, size=2).tolist() == [[3, 2]]
    assert shortlist(scored, size=99)[0, :2].tolist() == [3, 2]


def test_an_empty_history_is_scored_by_popularity() -> None:
    nothing = Sequences(np.zeros(2, np.int64), np.zeros(0, np.int32), np.zeros(0))
    scored = stage_of().score_sequences(nothing)

    found = scored.features(shortlist(scored, size=4))

    assert np.argsort(-scored.scores[0]).tolist() == [0, 1, 2, 3]
    assert found[0, :, NAMES.index("ease_flat")].tolist() == [0, 0, 0, 0]


def test_a_query_continues_the_history_by_its_recent_items_and_its_cart() -> None:
    events = np.array([0], dtype=np.int32), np.array([5.0], dtype=np.float32)

    scored = stage_of().score_queries([ItemQuery(cart=[3], recent=[1, 2], events=events), ItemQuery()])

    assert scored.sequences.item.tolist() == [0, 1, 2, 3]
    assert scored.sequences.age_days.tolist() == [5, 0, 0, 0]
    assert scored.sequences.lengths.tolist() == [4, 0]


def test_queries_are_scored_as_their_histories(
    sequence_stage: SequenceStage, next_items: NextItemQueries
) -> None:
    histories = next_items.histories

    by_query = sequence_stage.score_queries(
        [
            ItemQuery(events=(histories.item[part], histories.age_days[part]))
            for part in map(slice, histories.indptr[:-1], histories.indptr[1:])
        ]
    )

    assert np.array_equal(by_query.scores, sequence_stage.score_sequences(histories).scores)


def test_a_shop_without_sequences_has_nothing_fitted() -> None:
    assert not SequenceModel().is_fitted
