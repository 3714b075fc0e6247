"""The gate between training and service: a new model must not be worse on validation than the old one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gnn.artifact.model import ArtifactInfo


@dataclass(frozen=True)
class GateDecision:
    """Whether a new model goes into service, and the figures that decided it."""

    passes: bool
    candidate_ndcg: float | None
    """Validation NDCG@20 of the served score, out of fold; none where nothing was measured."""
    in_service_ndcg: float | None
    reason: str


def check_gate(candidate: ArtifactInfo, in_service: ArtifactInfo | None) -> GateDecision:
    """Compare `candidate` with `in_service`; none where there is no model in service to compare with.

    Each model's figure comes from its own validation window: the latest baskets before its test window. A
    model that was not measured loses against one that was.
    """
    new = _validation_ndcg(candidate)
    old = None if in_service is None else _validation_ndcg(in_service)
    if in_service is None:
        passes, reason = True, "no model in service to compare with"
    elif old is None:
        passes, reason = True, "the model in service was never measured"
    elif new is None:
        passes, reason = False, "the new model could not be measured, the one in service was"
    else:
        passes = new >= old
        order = "is not below" if passes else "is below"
        reason = f"validation NDCG@20 {new:.4f} {order} {old:.4f} of the model in service"
    return GateDecision(passes, new, old, reason)


def _validation_ndcg(info: ArtifactInfo) -> float | None:
    validation = info.metrics.get("validation")
    if not isinstance(validation, Mapping):
        return None
    return float(validation["served"]["ndcg@20"])
