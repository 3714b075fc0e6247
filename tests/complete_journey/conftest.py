"""The demo's model of real data: what `make demo` left behind, which `.ci/run` runs before the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bundles.recommender import Recommender
from etl.pseudonyms import load_key
from gnn.artifact.model import ArtifactError, ModelArtifact
from gnn.registry import load_promoted

DEMO_HOME = Path(__file__).parents[2] / ".bundlegraph-demo"


@pytest.fixture(scope="session")
def demo_model() -> ModelArtifact:
    """The promoted model of the demo; without one the tests are skipped, and with `CI=true` they fail."""
    try:
        return load_promoted(_home() / "models")
    except ArtifactError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no model of the demo: {error}")
        pytest.skip(f"no model of the demo, run make demo: {error}")


@pytest.fixture(scope="session")
def demo(demo_model: ModelArtifact) -> Recommender:
    return Recommender(demo_model, load_key(_home()))


def _home() -> Path:
    return Path(os.environ.get("BUNDLEGRAPH_TEST_DEMO_HOME", DEMO_HOME))
