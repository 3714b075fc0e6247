"""Rules for names, read from the source alone: `make check` runs this file."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = ("etl", "graph", "gnn", "bundles", "journal", "api", "cli")
#: Their sub-packages count as packages of their own.
NESTED = ("gnn", "bundles")
SOURCES = sorted(
    file.relative_to(ROOT) for name in (*PRODUCT, "benchmarks") for file in (ROOT / name).rglob("*.py")
)
TEXTS = sorted(
    file.relative_to(ROOT)
    for name in (*PRODUCT, "deploy", "notebooks")
    for file in (ROOT / name).rglob("*")
    if file.suffix in {".py", ".html", ".js", ".css", ".toml", ".json", ".ipynb", ".xml"}
)

#: Public names that several packages may define, each with its reason.
SHARED_NAMES = {
    "main": "the entry point of a program",
    "ingest": "the command of this name calls the function of this name",
    "train": "the command of this name calls the function of this name",
    "promote": "the command of this name calls the function of this name",
    "rollback": "the command of this name calls the function of this name",
}

#: Words that recommender systems have better terms for.
DIALECT = re.compile(r"told|heard|loud|lesson|wish|guilty|judg|word_of|companions", re.IGNORECASE)
#: (file, word) of each real use, with its reason.
REAL_USES: dict[tuple[str, str], str] = {}

#: The one module whose data set calls its users so.
HOUSEHOLDS = Path("etl/sources/completejourney.py")


def package_of(file: Path) -> str:
    """`gnn.network` for `gnn/network/heads.py`, `gnn` for `gnn/train.py`, `api` for `api/routes/items.py`."""
    is_nested = file.parts[0] in NESTED and len(file.parts) > 2
    return ".".join(file.parts[: 2 if is_nested else 1])


def public_names(file: Path) -> list[str]:
    """Names of the classes and functions at the top level of `file` that do not begin with `_`."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    return [node.name for node in body if isinstance(node, definitions) and not node.name.startswith("_")]


def names_in_several_packages() -> dict[str, list[str]]:
    """The files that define each public name which more than one package defines."""
    files: dict[str, list[Path]] = defaultdict(list)
    for file in SOURCES:
        for name in public_names(file):
            files[name].append(file)
    return {
        name: [str(file) for file in found]
        for name, found in sorted(files.items())
        if len({package_of(file) for file in found}) > 1
    }


def words_found(pattern: re.Pattern[str], files: list[Path]) -> set[tuple[str, str]]:
    """(file, match in lower case) of `pattern` in `files`."""
    return {
        (str(file), match.lower())
        for file in files
        for match in pattern.findall((ROOT / file).read_text(encoding="utf-8"))
    }


def test_a_public_name_is_defined_in_one_package() -> None:
    found = {name: files for name, files in names_in_several_packages().items() if name not in SHARED_NAMES}

    assert not found, "\n".join(f"{name}: {', '.join(files)}" for name, files in found.items())


def test_no_product_file_uses_a_word_of_the_dialect() -> None:
    found = sorted(words_found(DIALECT, TEXTS) - REAL_USES.keys())

    assert not found, "\n".join(f"{file}: {word}" for file, word in found)


def test_household_is_a_word_of_one_data_set() -> None:
    others = [file for file in TEXTS if file != HOUSEHOLDS]

    found = sorted(words_found(re.compile("household", re.IGNORECASE), others))

    assert not found, "\n".join(file for file, _ in found)


def test_every_exception_is_still_needed() -> None:
    assert SHARED_NAMES.keys() <= names_in_several_packages().keys()
    assert REAL_USES.keys() <= words_found(DIALECT, TEXTS)


@pytest.mark.parametrize(
    ("file", "package"),
    [
        ("gnn/network/heads.py", "gnn.network"),
        ("gnn/components/ease/fit.py", "gnn.components"),
        ("gnn/train.py", "gnn"),
        ("api/routes/items.py", "api"),
    ],
)
def test_sub_packages_of_gnn_and_bundles_are_packages_of_their_own(file: str, package: str) -> None:
    assert package_of(Path(file)) == package
