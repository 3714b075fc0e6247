from datetime import UTC, datetime

import pytest

from bundles.recommender import Recommender
from tests.artifact_factory import KEY, make_artifact
from tests.planted_shop import GROCERY, UNSOLD

NOW = datetime(2026, 11, 22, 3, 17, tzinfo=UTC)


@pytest.fixture(scope="session")
def grocery() -> Recommender:
    return Recommender(make_artifact(GROCERY), KEY, now=lambda: NOW)


@pytest.fixture(scope="session")
def unsold() -> Recommender:
    return Recommender(make_artifact(UNSOLD), KEY, now=lambda: NOW)
