import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from threadpoolctl import threadpool_info

from api.app import create_app
from api.settings import ApiSettings
from gnn.artifact.files import save_artifact
from gnn.registry import promote
from tests.artifact_factory import make_artifact
from tests.planted_shop import GROCERY

NEXT = dataclasses.replace(GROCERY, version="20261123T000000Z-next")


def save_next(home: Path) -> Path:
    folder = save_artifact(make_artifact(NEXT), home / "models")
    promote(home / "models", NEXT.version)
    return folder


def test_a_service_with_a_model_is_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert [check["name"] for check in ready.json()["checks"]] == ["model", "pseudonym_key", "decisions"]


def test_without_a_model_it_starts_and_the_answer_names_the_next_step(tmp_path: Path) -> None:
    with TestClient(create_app(ApiSettings(home=tmp_path))) as client:
        assert client.get("/healthz").status_code == 200
        for response in (
            client.get("/readyz"),
            client.get("/v1/model"),
            client.get("/v1/items?q=bread"),
            client.post("/v1/bundles/generate", json={}),
            client.post("/v1/model/reload"),
        ):
            assert response.status_code == response.json()["status"] == 503
            assert response.headers["content-type"] == "application/problem+json"
            assert "run bundlegraph train" in response.json()["detail"]
        checks = client.get("/readyz").json()["checks"]

    assert [(check["name"], check["ok"]) for check in checks] == [("model", False), ("decisions", True)]


def test_another_pseudonym_key_is_refused_and_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUNDLEGRAPH_PSEUDONYM_KEY", "another key, as long as it ought be")

    with TestClient(create_app(ApiSettings(home=home))) as client:
        response = client.get("/readyz")

    assert response.status_code == 503
    assert "another pseudonym key" in response.json()["checks"][0]["detail"]


def test_a_key_too_short_to_be_one_is_reported(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUNDLEGRAPH_PSEUDONYM_KEY", "short")

    with TestClient(create_app(ApiSettings(home=home))) as client:
        assert "16 characters" in client.get("/readyz").json()["detail"]


def test_a_damaged_model_is_not_served(home: Path) -> None:
    file = home / "models" / GROCERY.version / "network.target.npy"
    file.write_bytes(file.read_bytes()[:-1])

    with TestClient(create_app(ApiSettings(home=home))) as client:
        assert "is damaged" in client.get("/readyz").json()["detail"]


def test_a_promoted_model_of_an_older_format_starts_the_service_not_ready(home: Path) -> None:
    manifest = home / "models" / GROCERY.version / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format_version": 3}))

    with TestClient(create_app(ApiSettings(home=home))) as client:
        response = client.get("/readyz")
        assert client.get("/healthz").status_code == 200

    assert response.status_code == 503
    assert "found 3: run bundlegraph train" in response.json()["checks"][0]["detail"]


def test_reload_swaps_the_promoted_model_in(client: TestClient, home: Path) -> None:
    save_next(home)

    response = client.post("/v1/model/reload")

    assert response.json()["model_version"] == NEXT.version
    assert client.post("/v1/bundles/generate", json={}).json()["model_version"] == NEXT.version


def test_the_old_model_serves_on_when_the_new_one_is_damaged(client: TestClient, home: Path) -> None:
    (save_next(home) / "network.target.npy").unlink()

    response = client.post("/v1/model/reload")

    assert response.status_code == 409
    assert "network.target.npy is missing" in response.json()["detail"]
    assert f"model {GROCERY.version} stays in service" in response.json()["detail"]
    assert client.get("/v1/model").json()["model_version"] == GROCERY.version
    assert client.get("/readyz").status_code == 200


def test_a_service_that_began_without_a_model_takes_the_first_one(tmp_path: Path, home: Path) -> None:
    models = home / "models"
    hidden = home / "hidden"
    shutil.move(models, hidden)
    with TestClient(create_app(ApiSettings(home=home))) as client:
        assert client.get("/readyz").status_code == 503
        shutil.move(hidden, models)

        assert client.post("/v1/model/reload").status_code == 200
        assert client.get("/readyz").status_code == 200


def test_matrix_products_take_one_thread_while_it_serves(app: FastAPI) -> None:
    before = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    with TestClient(app):
        during = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    after = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert set(during) == {1}
    assert after == before


def test_the_home_comes_from_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUNDLEGRAPH_HOME", str(home))

    with TestClient(create_app()) as client:
        assert client.get("/readyz").status_code == 200
