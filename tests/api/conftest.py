from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from gnn.artifact.files import save_artifact
from gnn.registry import promote
from tests.artifact_factory import KEY, make_artifact
from tests.planted_shop import GROCERY


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a promoted model of the planted shop, and its pseudonym key in the environment."""
    monkeypatch.setenv("BUNDLEGRAPH_PSEUDONYM_KEY", KEY.secret.decode())
    save_artifact(make_artifact(GROCERY), tmp_path / "models")
    promote(tmp_path / "models", GROCERY.version)
    return tmp_path


@pytest.fixture
def app(home: Path) -> FastAPI:
    return create_app(ApiSettings(home=home))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
