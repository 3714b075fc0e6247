"""What tests of training read from an artifact."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, cast

import numpy as np

from gnn.artifact.model import ModelArtifact
from gnn.scoring.containers import Csr, TextColumn


def metrics_of(artifact: ModelArtifact) -> dict[str, Any]:  # tables of several shapes
    """The metrics of `artifact`."""
    return cast("dict[str, Any]", artifact.info.metrics)


def filled_components(artifact: ModelArtifact) -> set[str]:
    """Fields of `artifact` whose arrays hold more than those of an empty component."""
    return {
        field.name
        for field in fields(artifact)
        if num_values(getattr(artifact, field.name)) > num_values(field.default)
    }


def num_values(component: object) -> int:
    """Numbers in arrays, entries of matrices, and texts that a component holds."""
    if isinstance(component, Csr):
        return len(component.indices)
    if isinstance(component, np.ndarray):
        return component.size
    if isinstance(component, TextColumn):
        return len(component)
    if is_dataclass(component):
        return sum(num_values(getattr(component, field.name)) for field in fields(component))
    return 0
