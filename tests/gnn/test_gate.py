from __future__ import annotations

import pytest

from gnn.artifact.model import ArtifactInfo
from gnn.gate import check_gate


def info_with(ndcg: float | None) -> ArtifactInfo:
    return ArtifactInfo(
        model_version="v",
        created_at="2026-01-01T00:00:00Z",
        kind="gnn",
        as_of="2026-01-01T00:00:00Z",
        tables_version="t",
        key_fingerprint="k",
        currency=None,
        timezone="UTC",
        association_event="purchase",
        config={},
        metrics={} if ndcg is None else {"validation": {"served": {"ndcg@20": ndcg}}},
        versions={},
        warnings=[],
    )


@pytest.mark.parametrize(
    ("candidate", "in_service", "passes"),
    [
        (0.2, 0.1, True),
        (0.1, 0.1, True),
        (0.1, 0.2, False),
        (None, 0.2, False),
        (0.1, None, True),
        (None, None, True),
    ],
)
def test_a_candidate_passes_unless_it_is_worse_or_unmeasured_beside_a_measured_one(
    candidate: float | None, in_service: float | None, passes: bool
) -> None:
    decision = check_gate(info_with(candidate), info_with(in_service))

    assert decision.passes is passes
    assert decision.reason


def test_the_first_candidate_passes() -> None:
    assert check_gate(info_with(None), None).passes


def test_a_refusal_names_both_figures() -> None:
    reason = check_gate(info_with(0.1), info_with(0.2)).reason

    assert "0.1000" in reason
    assert "0.2000" in reason
