"""Fixtures of the etl tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.pseudonyms import KEY_VARIABLE
from tests.etl.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """An export folder that does not exist yet, and a home."""
    return Shop(tmp_path / "export", tmp_path / "home")


@pytest.fixture(autouse=True)
def _no_key_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
