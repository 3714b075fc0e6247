from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import torch

from gnn.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

CHECKPOINT = Checkpoint(
    key="this run",
    epoch=3,
    model={"bias": torch.tensor([1.0, 2.0])},
    optimiser={"state": {}},
    best_model={"bias": torch.tensor([0.5, 1.0])},
    best_epoch=2,
    best_ndcg=0.25,
    torch_state=torch.get_rng_state(),
    numpy_state={"state": {"state": 2**100}},
    seconds=12.5,
)


def test_a_checkpoint_is_loaded_as_it_was_saved_by_the_same_run_alone(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "new" / "run.pt", CHECKPOINT)

    found = load_checkpoint(tmp_path / "new" / "run.pt", key="this run")

    assert found is not None
    for field in fields(Checkpoint):
        assert str(getattr(found, field.name)) == str(getattr(CHECKPOINT, field.name))
    assert load_checkpoint(tmp_path / "new" / "run.pt", key="another run") is None
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["run.pt"]


@pytest.mark.parametrize("content", [b"", b"no checkpoint"])
def test_a_damaged_or_missing_checkpoint_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.pt").write_bytes(content)

    assert load_checkpoint(tmp_path / "run.pt", key="any") is None
    assert load_checkpoint(tmp_path / "missing.pt", key="any") is None
