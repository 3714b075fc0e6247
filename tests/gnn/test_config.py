from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from gnn.config import CONFIGS, STANDARD


@pytest.mark.parametrize("name", CONFIGS)
def test_a_named_set_is_found_by_its_name_and_can_be_stored(name: str) -> None:
    config = CONFIGS[name].to_json()

    stored = json.loads(json.dumps(config))

    assert stored == config
    assert stored["name"] == name
    assert stored["seed"] == 0


def test_days_are_stored_as_text() -> None:
    config = replace(STANDARD, validation_from=date(2024, 1, 2))

    assert config.to_json()["validation_from"] == "2024-01-02"
    assert config.to_json()["test_from"] is None
