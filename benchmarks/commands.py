"""Shared by the benchmarks' commands: options, folders, and one line where they cannot run."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etl.errors import StageError
from gnn.config import CONFIGS


def home_parser(description: str | None, *, prog: str | None = None) -> argparse.ArgumentParser:
    """A parser that takes `--home`."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--home", type=Path, help="keep tables here (default: a temporary folder)")
    return parser


def add_config(parser: argparse.ArgumentParser, *, default: str) -> None:
    """Let `parser` take the name of a training configuration."""
    parser.add_argument("--config", choices=sorted(CONFIGS), default=default)


@contextmanager
def running(parser: argparse.ArgumentParser, home: Path | None) -> Iterator[tuple[Path, Path]]:
    """The folder `home`, else a temporary one, and a scratch folder that is deleted afterwards.

    Progress goes to stderr. Where a stage cannot run, so does one line; the exit code is then 2.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        try:
            yield home or scratch / "home", scratch
        except StageError as error:
            parser.exit(2, f"{parser.prog}: {error}\n")
