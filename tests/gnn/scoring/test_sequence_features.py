from __future__ import annotations

from dataclasses import replace
from math import exp, isnan, log, sqrt

import numpy as np
import pytest

from gnn.scoring.csr import SparseRows
from gnn.scoring.sequence_evidence import SequenceEvidence
from gnn.scoring.sequence_features import NAMES, features, shortlist, stage_one
from gnn.scoring.sequences import SequenceGate, Sequences


def rows(entries: dict[tuple[int, int], float]) -> SparseRows:
    places = sorted(entries)
    counts = np.bincount([row for row, _ in places], minlength=4)
    return SparseRows(
        np.concatenate([[0], np.cumsum(counts)]),
        np.array([column for _, column in places], dtype=np.int32),
        np.array([entries[place] for place in places], dtype=np.float32),
    )


#: Four items: 0 and 2 are of one category, 0 and 3 of one brand, 1 has neither; no GNN.
EVIDENCE = SequenceEvidence(
    ease=rows({(0, 2): 0.5, (1, 2): 0.25, (1, 3): 1.0}),
    near=rows({(1, 3): 0.6}),
    back=rows({(0, 3): 0.1}),
    wide=rows({(0, 2): 0.2}),
    source=np.zeros((4, 0), np.float32),
    target=np.zeros((4, 0), np.float32),
    history=np.zeros((4, 0), np.float32),
    bias=np.array([0.4, 0.3, 0.2, 0.1], np.float32),
    gate=SequenceGate(
        np.zeros((1, 1), np.float32),
        np.zeros((4, 1), np.float32),
        np.zeros(1, np.float32),
        np.ones(1, np.float32),
    ),
    groups=np.array([[5, -1, 5, 6], [-1, -1, -1, -1], [1, -1, 1, 1], [8, -1, 7, 8]], np.int32),
    events=np.array([3, 2, 1, 0]),
    last_events=np.array([0, 1, 1, 0]),
)
#: Items 0, then 1.
HISTORY = Sequences(np.array([0, 2]), np.array([0, 1], np.int32), np.array([2.0, 1.0]))


def candidate(item: int) -> dict[str, float]:
    first = stage_one(EVIDENCE, HISTORY)
    found = features(EVIDENCE, HISTORY, first, np.array([[3, 2]]))
    return dict(zip(NAMES, map(float, found[0, [3, 2].index(item)]), strict=True))


def test_ease_and_transitions_are_heard_by_how_far_back_an_item_is() -> None:
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
    assert two["position"] == 1
    assert two["learned"] == pytest.approx(0.2 - 0.4)


def test_where_nothing_was_learned_the_closed_form_leads_and_popularity_parts_ties() -> None:
    first = stage_one(EVIDENCE, HISTORY)

    closed_form = np.array([0, 0, 0.5 * exp(-1) + 0.25, 1 + 0.3 * 0.6])
    parts = [
        (values - values.mean()) / values.std() for values in (np.array([0.4, 0.3, 0.2, 0.1]), closed_form)
    ]
    assert first.blend[0] == pytest.approx(parts[0] + 10 * parts[1], abs=1e-4)


def test_beside_what_was_learned_the_closed_form_counts_little() -> None:
    table = np.zeros((4, 2), np.float32)
    learned = replace(EVIDENCE, source=table, target=table, history=table)

    alone, beside = (stage_one(evidence, HISTORY).blend[0] for evidence in (EVIDENCE, learned))

    # The tables say nothing, so both hear popularity and the closed form, and only their weights differ.
    bias = (EVIDENCE.bias - EVIDENCE.bias.mean()) / EVIDENCE.bias.std()
    assert beside - bias == pytest.approx((alone - bias) / 100, abs=1e-4)


def test_the_shortlist_holds_the_best_that_are_not_in_the_history() -> None:
    blend = np.array([[9.0, 8.0, 1.0, 2.0]], dtype=np.float32)

    assert shortlist(blend, HISTORY, size=2).tolist() == [[3, 2]]
    assert shortlist(blend, HISTORY, size=99)[0, :2].tolist() == [3, 2]


def test_a_history_of_nothing_is_answered_by_popularity() -> None:
    nothing = Sequences(np.zeros(2, np.int64), np.zeros(0, np.int32), np.zeros(0))
    first = stage_one(EVIDENCE, nothing)

    found = features(EVIDENCE, nothing, first, shortlist(first.blend, nothing, size=4))

    assert np.argsort(-first.blend[0]).tolist() == [0, 1, 2, 3]
    assert found[0, :, NAMES.index("ease_flat")].tolist() == [0, 0, 0, 0]
