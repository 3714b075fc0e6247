"""The command: run one protocol, print its tables, keep them in JSON and in results.md."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.quality.markdown import markdown
from benchmarks.quality.options import DATA_VARIABLE, Options
from benchmarks.quality.report import ProtocolReport
from benchmarks.results import write_section
from etl.errors import StageError
from gnn.config import CONFIGS

_ROOM = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the protocol that the command line names; exit code 2 and one line where it cannot run."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    module = importlib.import_module(f"benchmarks.quality.protocol_{asked.protocol.lower()}")
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        options = Options(asked.data, asked.seeds, asked.config, asked.home or scratch / "home", scratch)
        try:
            report: ProtocolReport = module.run(options)
        except StageError as error:
            parser.exit(2, f"{parser.prog}: {error}\n")
    lines = list(markdown(report))
    sys.stdout.write("\n".join(lines) + "\n")
    if asked.print_only:
        return
    report.json_file.write_text(report.to_json(), encoding="utf-8")
    command = f"python -m benchmarks.quality {asked.protocol} --seeds {asked.seeds} --config {asked.config}"
    write_section(f"Quality: protocol {report.protocol}, {report.title}", command, lines)


def protocols() -> list[str]:
    """Letters of the protocols that have a module here, ascending."""
    return sorted(module.stem.removeprefix("protocol_").upper() for module in _ROOM.glob("protocol_?.py"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description="Ranking quality, every model in one run."
    )
    parser.add_argument("protocol", choices=protocols(), type=str.upper)
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get(DATA_VARIABLE),
        metavar="FOLDER",
        help=f"public data sets, a folder each (default: the environment's {DATA_VARIABLE})",
    )
    parser.add_argument("--seeds", type=_positive, default=1, help="runs, from seed 0 on (default 1)")
    parser.add_argument("--config", choices=sorted(CONFIGS), default="standard")
    parser.add_argument("--home", type=Path, help="keep tables here (default: a temporary folder)")
    parser.add_argument(
        "--print-only", action="store_true", help="leave results.md and the JSON file as they are"
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, found {text}")
    return int(text)


if __name__ == "__main__":
    main()
