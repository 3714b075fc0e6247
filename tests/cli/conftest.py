from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from cli.app import main
from tests.shop_export import write_shop_export


@dataclass(frozen=True)
class Completed:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Completed]


def run_in_process(*arguments: str, home: Path | None = None) -> Completed:
    """The command line in this process: a new one would spend seconds on imports alone."""
    command = ["bundlegraph", *arguments, *([] if home is None else ["--home", str(home)])]
    stdout, stderr = io.StringIO(), io.StringIO()
    returncode = 0
    with (
        patch.object(sys, "argv", command),
        patch.dict(os.environ, _without_settings(), clear=True),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        try:
            main()
        except SystemExit as exit_:
            returncode = int(exit_.code or 0)
    return Completed(returncode, stdout.getvalue(), stderr.getvalue())


def run_as_user(*arguments: str, home: Path) -> Completed:
    """The command as a user runs it, in a process of its own."""
    completed = subprocess.run(
        [str(Path(sys.executable).with_name("bundlegraph")), *arguments, "--home", str(home)],
        env=_without_settings(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Completed(completed.returncode, completed.stdout, completed.stderr)


def must(completed: Completed) -> str:
    """What a command that has to succeed printed."""
    assert completed.returncode == 0, completed.stdout + completed.stderr
    return completed.stdout


@pytest.fixture(scope="session")
def run() -> Run:
    return run_in_process


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, int]:
    """A home in which a shop's own export went through ingest, load and train; the export; its dirty rows."""
    work = tmp_path_factory.mktemp("shop")
    export, home = work / "export", work / "home"
    dirty = write_shop_export(export)
    steps: Sequence[Sequence[str]] = (["ingest", str(export)], ["load"], ["train", "--config", "demo"])
    for step in steps:
        must(run_as_user(*step, home=home))
    return home, export, dirty


def _without_settings() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("BUNDLEGRAPH_", "NEO4J_"))
    }
