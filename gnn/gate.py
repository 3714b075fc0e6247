"""The gate between a new model and service: not worse on validation than the model that serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gnn.artifact.model import ArtifactInfo


@dataclass(frozen=True)
class Verdict:
    """What the gate decided, and by which figures."""

    passes: bool
    candidate_ndcg: float | None
    """Validation NDCG@20 of what is served, out of fold; none where nothing was measured."""
    in_service_ndcg: float | None
    reason: str


def judge_candidate(candidate: ArtifactInfo, in_service: ArtifactInfo | None) -> Verdict:
    """Whether `candidate` may take the place of `in_service` (none: nothing serves yet).

    Each model's figure is that of its own validation window: the latest baskets before its test window.
    """
    new = _validation_ndcg(candidate)
    old = None if in_service is None else _validation_ndcg(in_service)
    if in_service is None:
        return Verdict(True, new, old, "no model was in service")
    if old is None:
        return Verdict(True, new, old, "the model in service was never measured")
    if new is None:
        return Verdict(False, new, old, "the new model could not be measured, the one in service was")
    if new < old:
        return Verdict(
            False, new, old, f"validation NDCG@20 {new:.4f} is below {old:.4f} of the model in service"
        )
    return Verdict(
        True, new, old, f"validation NDCG@20 {new:.4f} is not below {old:.4f} of the model in service"
    )


def _validation_ndcg(info: ArtifactInfo) -> float | None:
    validation = info.metrics.get("validation")
    if not isinstance(validation, Mapping):
        return None
    return float(validation["served"]["ndcg@20"])
