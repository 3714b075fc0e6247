"""A test run without Neo4j reports what it did not test, and fails if `CI=true`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_a_neo4j_test(*, path: Path, ci: str) -> subprocess.CompletedProcess[str]:
    """Run a test that needs Neo4j with a `path` without Java and Maven."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("BUNDLEGRAPH", "NEO4J"))
    }
    kept.pop("JAVA_HOME", None)
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-k",
            "wrong_password",
            "tests/graph/test_store.py",
        ],
        cwd=ROOT,
        env={**kept, "PATH": str(path), "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_without_neo4j_passes_and_reports_what_was_not_tested(tmp_path: Path) -> None:
    ended = run_a_neo4j_test(path=tmp_path, ci="")

    assert ended.returncode == 0, ended.stdout
    assert "NOT TESTED: Neo4j (Neo4j needs Java 17 or later, found none: install it" in ended.stdout
    assert "1 skipped" in ended.stdout


def test_in_ci_it_is_a_failure(tmp_path: Path) -> None:
    ended = run_a_neo4j_test(path=tmp_path, ci="true")

    assert ended.returncode == 1, ended.stdout
    assert "NOT TESTED: Neo4j" in ended.stdout
