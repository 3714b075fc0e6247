from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from benchmarks.composition.sessions import (
    METRICS,
    Bundle,
    ComposeSession,
    SessionTask,
    session_means,
    session_values,
    split_sessions,
)
from benchmarks.exports.bundlerec import BundleRec, Session

A_B = frozenset("ab")
C_D_E = frozenset("cde")
TASK = SessionTask("1", tuple("abcdef"), (A_B, C_D_E))


def always(*bundles: Bundle) -> ComposeSession:
    def compose(task: SessionTask) -> Sequence[Bundle]:
        return bundles

    return compose


def values_of(*bundles: Bundle) -> dict[str, float]:
    return {name: float(column[0]) for name, column in session_values(always(*bundles), [TASK]).items()}


def test_the_annotated_bundles_themselves_have_the_best_values() -> None:
    found = values_of(A_B, C_D_E)

    assert found == dict.fromkeys(METRICS, 1.0) | {"bundles": 2.0}


def test_bundles_are_compared_with_the_most_similar_one() -> None:
    found = values_of(frozenset("abf"), frozenset("cd"))

    assert found["precision"] == pytest.approx((2 / 3 + 2 / 2) / 2)
    assert found["recall"] == pytest.approx((2 / 2 + 2 / 3) / 2)
    assert found["match"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    # {a, b, f} is within no annotated bundle; {c, d} is within one of three.
    assert found["hit precision"] == 1 / 2
    assert found["hit recall"] == 1 / 2
    assert found["coverage"] == pytest.approx(2 / 3)


def test_no_composed_bundle_scores_0_and_has_no_coverage() -> None:
    values = session_values(
        lambda task: (A_B,) if task is TASK else (), [TASK, SessionTask("2", ("x",), (A_B,))]
    )

    assert values["precision"].tolist() == [1, 0]
    assert session_means(values)["coverage"] == 1
    assert session_means(session_values(always(), [TASK]))["coverage"] == 0


def test_each_session_is_in_one_part_and_those_without_a_bundle_are_no_tasks() -> None:
    at = datetime(2014, 1, 1, tzinfo=UTC)
    sessions = [
        Session(str(n), "u", at, ("a", "b", "x"), ("a", "b"), (("0", A_B),) if n % 2 else ())
        for n in range(50)
    ]

    split = split_sessions(BundleRec(sessions, {}, {}), seed=0)

    tasks = [task.session_id for part in (split.learned, split.validation, split.test) for task in part]
    assert sorted(tasks, key=int) == [str(n) for n in range(1, 50, 2)]
    assert len(split.held_out) == 50 // 5 + (50 - 10) // 5
    assert {task.session_id for task in (*split.validation, *split.test)} <= split.held_out
    assert all(task.items == ("a", "b") for task in split.test)
