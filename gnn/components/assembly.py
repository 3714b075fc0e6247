"""The artifact of a context: its components, and the identity of the model."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from etl.times import rfc3339
from gnn.artifact.model import ArtifactInfo, ModelArtifact
from gnn.components import fit_components
from gnn.components.context import FitContext, Tuning

#: Fields that follow from the tuning alone.
TUNED = ("ease", "ensemble", "link_probability", "reranker", "co_basket")
#: Fields that score items: what a model that is only evaluated needs.
SCORING = (
    "catalogue",
    "categories",
    "co_purchases",
    "category_pairs",
    "histories",
    "promotions",
    "bundles",
    "seasons",
    "ranked",
    "network",
    "encoder",
    "sequences",
    *TUNED,
)


def assemble(
    context: FitContext,
    *,
    only: Collection[str] | None = None,
    run: Mapping[str, object] | None = None,
    metrics: Mapping[str, object] | None = None,
    warnings: Sequence[str] = (),
) -> ModelArtifact:
    """The artifact of `context`, all of its components or `only` some.

    `run`: figures of the training run, kept beside the configuration.
    """
    components = fit_components(context, only=only)
    manifest = context.data.tables.manifest
    created_at = datetime.now(UTC)
    identity = f"{created_at.isoformat()} {manifest.tables_version}".encode()
    info = ArtifactInfo(
        model_version=f"{created_at:%Y%m%dT%H%M%SZ}-{hashlib.sha256(identity).hexdigest()[:8]}",
        created_at=rfc3339(created_at.replace(microsecond=0)),
        kind=context.learned.kind,
        as_of=rfc3339(context.data.purchases.as_of),
        tables_version=manifest.tables_version,
        key_fingerprint=manifest.key_fingerprint,
        currency=manifest.currency,
        timezone=manifest.timezone,
        association_event=manifest.association_event,
        config=context.config.to_json() | ({"run": dict(run)} if run else {}),
        metrics=dict(metrics or {}),
        versions=_versions(),
        warnings=list(warnings),
    )
    return replace(ModelArtifact(info), **components)


def tuned(artifact: ModelArtifact, context: FitContext, tuning: Tuning) -> ModelArtifact:
    """`artifact` of `context`, served by another tuning."""
    return replace(artifact, **fit_components(replace(context, tuning=tuning), only=TUNED))


def _versions() -> dict[str, str]:
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "torch_geometric": version("torch_geometric"),
    }
    commit = _git_commit(Path(__file__).resolve().parents[2])
    return versions if commit is None else versions | {"git": commit}


def _git_commit(folder: Path) -> str | None:
    """Commit of the checkout whose root is `folder`, none where it is not one."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "--show-toplevel", "HEAD"],
            capture_output=True,
            check=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    root, commit = answer.stdout.split("\n")[:2]
    return commit if Path(root) == folder else None
