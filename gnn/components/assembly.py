"""Assembly: a fitted model with all that serving needs beside it, as one artifact."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from etl.tables import Tables
from etl.times import rfc3339
from gnn.artifact.model import ArtifactInfo, CategoryLinks, ModelArtifact, PredictedLinks
from gnn.components.fitting import FittedModel
from gnn.components.seasons import pack_seasons
from gnn.components.shop import (
    pack_bundles,
    pack_catalogue,
    pack_categories,
    pack_category_pairs,
    pack_co_purchases,
    pack_histories,
    pack_model,
    pack_promotions,
)
from gnn.scoring.bundle_model import BundleModel
from gnn.scoring.cold_model import ColdModel
from gnn.scoring.content_links import ContentLinks
from gnn.scoring.sequence_model import SequenceModel
from gnn.scoring.substitutes_model import Substitutes
from gnn.scoring.weights import ServedWeights
from graph.edges import EdgeTables


def assemble(
    tables: Tables,
    edges: EdgeTables,
    model: FittedModel,
    *,
    weights: ServedWeights,
    predicted_links: PredictedLinks | None = None,
    substitutes: Substitutes | None = None,
    category_links: CategoryLinks | None = None,
    bundle_model: BundleModel | None = None,
    sequence_model: SequenceModel | None = None,
    cold_model: ColdModel | None = None,
    content_links: ContentLinks | None = None,
    config: Mapping[str, object] | None = None,
    metrics: Mapping[str, object] | None = None,
    warnings: Sequence[str] = (),
) -> ModelArtifact:
    """The artifact of `model`, which was fitted to `edges`, with the `weights` that it is served by."""
    created_at = datetime.now(UTC)
    identity = f"{created_at.isoformat()} {tables.manifest.tables_version}".encode()
    info = ArtifactInfo(
        model_version=f"{created_at:%Y%m%dT%H%M%SZ}-{hashlib.sha256(identity).hexdigest()[:8]}",
        created_at=rfc3339(created_at.replace(microsecond=0)),
        kind=model.kind,
        as_of=rfc3339(model.purchases.as_of),
        tables_version=tables.manifest.tables_version,
        key_fingerprint=tables.manifest.key_fingerprint,
        currency=tables.manifest.currency,
        timezone=tables.manifest.timezone,
        association_event=tables.manifest.association_event,
        config={**(config or {}), **weights.to_config()},
        metrics=dict(metrics or {}),
        versions=_versions(),
        warnings=list(warnings),
    )
    return ModelArtifact(
        info=info,
        catalogue=pack_catalogue(tables, edges, model.purchases),
        categories=pack_categories(tables, edges),
        co_purchases=pack_co_purchases(edges),
        category_pairs=pack_category_pairs(edges),
        category_links=category_links or CategoryLinks.none(edges.nodes["Category"].num_rows),
        histories=pack_histories(edges, model.purchases),
        model=pack_model(model, weights),
        predicted_links=predicted_links or PredictedLinks.none(edges.nodes["Item"].num_rows),
        substitutes=substitutes or Substitutes.none(edges.nodes["Item"].num_rows),
        seasons=pack_seasons(edges, model.purchases),
        promotions=pack_promotions(tables, edges),
        bundles=pack_bundles(tables, edges),
        bundle_model=bundle_model
        or BundleModel.none(
            num_users=edges.nodes["User"].num_rows,
            num_items=edges.nodes["Item"].num_rows,
            num_bundles=edges.nodes["Bundle"].num_rows,
        ),
        sequence_model=sequence_model or SequenceModel.none(),
        cold_model=cold_model or ColdModel.none(),
        content_links=content_links or ContentLinks.none(edges.nodes["Item"].num_rows),
        encoder=model.links.encoder,
    )


def _versions() -> dict[str, str]:
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "torch_geometric": version("torch_geometric"),
    }
    commit = _git_commit(Path(__file__).resolve().parent.parent)
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
