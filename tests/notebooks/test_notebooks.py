"""The notebooks run from top to bottom on a small shop and find what was planted there."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from etl.ingest import ingest
from graph.store import open_store
from tests.shop_export import MEALS, write_shop_export

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def read(file: Path) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]  # untyped library
    return notebook


def outputs(notebook: nbformat.NotebookNode) -> str:
    """The text output of all cells."""
    data = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(formats.get("text/plain", "") for formats in data)


@pytest.mark.parametrize("file", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda file: file.name)
def test_a_notebook_is_kept_without_outputs(file: Path) -> None:
    notebook = read(file)

    assert [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []


def test_the_exploration_finds_the_planted_meals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_shop_export(tmp_path / "export")
    tables = ingest(str(tmp_path / "export"), tmp_path / "home").tables
    with open_store(None, home=tmp_path / "home") as store:
        store.load(tables)
    monkeypatch.setenv("BUNDLEGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BUNDLEGRAPH_STORE", raising=False)
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = read(NOTEBOOKS / "01_explore.ipynb")

    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOKS.parent)}}).execute()

    answers = outputs(notebook)
    for number in range(1, len(MEALS) + 1):
        assert f"{number}. {len(MEALS[0])} items: " in answers
    assert "Chilled" in answers
    images = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(images) == 1
