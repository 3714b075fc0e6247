from __future__ import annotations

from collections import Counter

import numpy as np

from benchmarks.composition.contents import Contents
from benchmarks.composition.session_baselines import (
    cliques,
    every_pair,
    frequent_patterns,
    greedy_cosine,
    linked_pairs,
    whole_session,
)
from benchmarks.composition.sessions import SessionTask

#: Kinds are the first letters.
KIND = {item: item[0] for item in ("c1", "c2", "c3", "t1", "t2", "b1", "l1")}
CAMERA, BAG = frozenset({"c1", "t1"}), frozenset({"c2", "t2", "b1"})
LEARNED = [SessionTask("1", ("c1", "t1"), (CAMERA,)), SessionTask("2", ("c2", "t2", "b1", "l1"), (BAG,))]
TASK = SessionTask("3", ("c3", "t1", "l1", "b1"), (CAMERA,))


def test_trivial_rules_take_all_items_or_every_pair() -> None:
    assert list(whole_session(TASK)) == [frozenset(TASK.items)]
    assert len(every_pair(TASK)) == 4 * 3 / 2
    assert list(whole_session(SessionTask("4", ("c1",), (CAMERA,)))) == []


def test_the_items_of_a_session_that_fit_a_pattern_are_a_bundle() -> None:
    compose = frequent_patterns(LEARNED, KIND, min_support=0.5)

    # Patterns: {c, t}, {c, b}, {t, b}, {c, t, b}; l is in none.
    assert set(compose(TASK)) == {
        frozenset({"c3", "t1"}),
        frozenset({"c3", "b1"}),
        frozenset({"t1", "b1"}),
        frozenset({"c3", "t1", "b1"}),
    }
    assert list(frequent_patterns(LEARNED, KIND, min_support=0.9)(TASK)) == [frozenset({"c3", "t1"})]


def test_a_second_item_of_a_kind_counts_as_another_kind() -> None:
    two = [SessionTask("1", ("c1", "c2"), (frozenset({"c1", "c2"}),))]

    compose = frequent_patterns(two, KIND, min_support=0.5)

    assert list(compose(SessionTask("2", ("c3", "t1"), ()))) == []
    assert list(compose(SessionTask("2", ("c3", "c1", "c2"), ()))) == [frozenset({"c3", "c1"})]


def test_cliques_are_of_kinds_that_enough_bundles_held_together() -> None:
    pairs = linked_pairs(LEARNED, KIND)

    assert pairs == Counter({("c", "t"): 2, ("b", "c"): 1, ("b", "t"): 1})
    assert list(cliques(pairs, KIND, min_bundles=1)(TASK)) == [frozenset({"c3", "t1", "b1"})]
    assert list(cliques(pairs, KIND, min_bundles=2)(TASK)) == [frozenset({"c3", "t1"})]


def test_bundles_grow_while_the_next_item_is_similar_enough() -> None:
    angle = np.deg2rad([0, 10, 40, 180, 200])
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    contents = Contents(tuple("abcde"), {item: row for row, item in enumerate("abcde")}, vectors)
    task = SessionTask("1", tuple("abcde"), ())

    assert list(greedy_cosine(contents, threshold=0.9)(task)) == [frozenset("ab"), frozenset("de")]
    # c is at 40° and 30° from them: (cos 40° + cos 30°) / 2 = .82.
    assert list(greedy_cosine(contents, threshold=0.8)(task)) == [frozenset("abc"), frozenset("de")]
    assert list(greedy_cosine(contents, threshold=0.99)(task)) == []
