from __future__ import annotations

import re
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from gnn.artifact.model import ModelArtifact
from gnn.components import FITTERS
from gnn.components.assembly import SCORING, TUNED, assemble, tuned
from gnn.components.context import FitContext
from gnn.scoring.catalogue import Catalogue
from gnn.scoring.item_model import Ensemble, LinkProbability, Reranker
from gnn.scoring.substitutes import Substitutes


@pytest.fixture(scope="module")
def artifact(sequence_context: FitContext) -> ModelArtifact:
    return assemble(
        sequence_context,
        only=SCORING,
        run={"seconds": 7.5},
        metrics={"test": {"served": {"mrr": 0.5}}},
        warnings=["a warning"],
    )


def test_the_identity_is_of_the_shop_and_the_run(
    artifact: ModelArtifact, sequence_context: FitContext
) -> None:
    info, manifest = artifact.info, sequence_context.data.tables.manifest

    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", info.model_version)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", info.created_at)
    assert info.kind == "closed_form"
    assert info.as_of == "2024-01-03T12:00:00Z"
    assert info.tables_version == manifest.tables_version
    assert info.key_fingerprint == manifest.key_fingerprint
    assert (info.currency, info.timezone) == (manifest.currency, manifest.timezone)
    assert info.association_event == "purchase"
    assert info.config == sequence_context.config.to_json() | {"run": {"seconds": 7.5}}
    assert info.metrics == {"test": {"served": {"mrr": 0.5}}}
    assert info.warnings == ["a warning"]
    assert info.versions["torch"] == torch.__version__
    assert {"python", "numpy", "torch_geometric"} <= set(info.versions)


def test_models_of_one_second_have_versions_of_their_own(sequence_context: FitContext) -> None:
    versions = {assemble(sequence_context, only=()).info.model_version for _ in range(20)}

    assert len(versions) == 20


def test_a_model_without_a_run_has_its_configuration_alone(sequence_context: FitContext) -> None:
    info = assemble(sequence_context, only=()).info

    assert info.config == sequence_context.config.to_json()
    assert info.metrics == {}
    assert info.warnings == []


def test_components_that_are_left_out_are_empty(artifact: ModelArtifact) -> None:
    assert "catalogue" in SCORING
    assert len(artifact.catalogue.item_ids) == 20
    assert "substitutes" not in SCORING
    assert len(artifact.substitutes.variant) == len(Substitutes().variant) == 0


def test_nothing_but_what_was_tuned_follows_from_another_tuning(
    artifact: ModelArtifact, sequence_context: FitContext
) -> None:
    trees = np.arange(3, dtype=np.uint8)
    tuning = replace(
        sequence_context.tuning,
        ease_top_k=1,
        ensemble=Ensemble(gnn=3.0),
        link_probability=LinkProbability(intercept=-1.0),
        reranker=Reranker(trees, 2.0, 7),
    )

    other = tuned(artifact, sequence_context, tuning)

    assert other.ensemble is tuning.ensemble
    assert other.link_probability is tuning.link_probability
    assert other.reranker is tuning.reranker
    assert other.ease.weights.lengths.max() == 1
    assert artifact.ease.weights.lengths.max() > 1
    same = [field.name for field in fields(ModelArtifact) if field.name not in TUNED]
    assert all(getattr(other, name) is getattr(artifact, name) for name in same)


def test_the_named_fields_are_those_of_fitters() -> None:
    assert set(TUNED) < set(SCORING) < set(FITTERS)
    assert isinstance(ModelArtifact.__dataclass_fields__["catalogue"].default, Catalogue)
