"""For any request, no bundle of a front dominates another, and no constraint is violated."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bundles.compose.pareto.schemas import ParetoAnswer, ParetoRequest
from bundles.compose.pareto.search import Effort
from bundles.recommender import Recommender
from bundles.request.schemas import RequestError
from tests.artifact_factory import KEY, make_artifact
from tests.bundles.test_properties import SHOP, check_bundle, requests

NAMES = ["coherence", "user_fit", "breadth", "margin", "discount"]
OF_COMPOSING_ALONE = {"weights", "diversity", "n"}

bodies = st.builds(
    lambda body, more: {name: value for name, value in body.items() if name not in OF_COMPOSING_ALONE} | more,
    requests,
    st.fixed_dictionaries(
        {"objectives": st.lists(st.sampled_from(NAMES), min_size=2, max_size=5, unique=True)},
        optional={"n": st.integers(1, 30)},
    ),
)


@pytest.fixture(scope="module")
def recommender() -> Recommender:
    return Recommender(make_artifact(SHOP), KEY)


@pytest.fixture(autouse=True)
def little_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less search, more requests."""
    monkeypatch.setattr("bundles.compose.pareto.search.STANDARD_EFFORT", Effort(population=20, generations=5))


@given(body=bodies)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bundle_dominates_another_and_no_constraint_is_violated(
    recommender: Recommender, body: dict[str, Any]
) -> None:
    try:
        request = ParetoRequest.model_validate(body)
        answer = recommender.pareto(request)
    except (ValidationError, RequestError):
        return

    assert len(answer.bundles) == min(answer.num_points, request.n)
    assert answer.bundles or answer.warnings
    assert 0 <= answer.hypervolume <= 1
    points = points_of(answer)
    assert points == sorted(points, key=lambda point: -point[0])
    assert not any(dominates(first, second) for first, second in permutations(points, 2))
    for bundle in answer.bundles:
        check_bundle(bundle, request)


@given(body=bodies)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_request_has_the_same_front(recommender: Recommender, body: dict[str, Any]) -> None:
    try:
        request = ParetoRequest.model_validate(body)
        first, second = recommender.pareto(request), recommender.pareto(request)
    except (ValidationError, RequestError):
        return

    assert first.model_dump(exclude=CHANGING) == second.model_dump(exclude=CHANGING)


CHANGING = {"request_id", "generated_at"}


def points_of(answer: ParetoAnswer) -> list[tuple[float, ...]]:
    objectives = [bundle.objectives.model_dump() for bundle in answer.bundles]
    return [tuple(values[name] or 0.0 for name in answer.objectives) for values in objectives]


def dominates(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    """Whether `first` is nowhere worse than `second`; points of one front that are equal count as well."""
    return all(a >= b for a, b in zip(first, second, strict=True))
