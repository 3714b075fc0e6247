"""The command: run protocol D, G or the ablations of the composer, print and keep what was found."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.composition import ablations, protocol_d, protocol_g
from benchmarks.quality.markdown import markdown
from benchmarks.quality.options import DATA_VARIABLE, Options
from benchmarks.results import write_section
from etl.errors import StageError
from gnn.config import CONFIGS

_PROTOCOLS = {"D": protocol_d.run, "G": protocol_g.run}
_ABLATIONS = "ABLATIONS"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line names; exit code 2 and one line where it cannot run."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        options = Options(asked.data, asked.seeds, asked.config, asked.home or scratch / "home", scratch)
        try:
            title, lines = _measured(asked.what, options, keeps_figures=not asked.print_only)
        except StageError as error:
            parser.exit(2, f"{parser.prog}: {error}\n")
    sys.stdout.write("\n".join(lines) + "\n")
    if not asked.print_only:
        command = (
            f"python -m benchmarks.composition {asked.what} --seeds {asked.seeds} --config {asked.config}"
        )
        write_section(title, command, lines)


def _measured(what: str, options: Options, *, keeps_figures: bool) -> tuple[str, list[str]]:
    """Title and lines of the section."""
    if what == _ABLATIONS:
        return "Composition: ablations", ablations.run(options)
    report = _PROTOCOLS[what](options)
    if keeps_figures:
        report.json_file.write_text(report.to_json(), encoding="utf-8")
    return f"Composition: protocol {report.protocol}, {report.title}", list(markdown(report))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.composition",
        description="How good composed bundles are, beside baselines.",
    )
    parser.add_argument("what", choices=[*_PROTOCOLS, _ABLATIONS], type=str.upper)
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get(DATA_VARIABLE),
        metavar="FOLDER",
        help=f"public data sets, a folder each (default: the environment's {DATA_VARIABLE})",
    )
    parser.add_argument(
        "--seeds", type=int, choices=range(1, 11), default=1, metavar="N", help="runs, 1 to 10"
    )
    parser.add_argument("--config", choices=sorted(CONFIGS), default="standard")
    parser.add_argument("--home", type=Path, help="keep tables here (default: a temporary folder)")
    parser.add_argument(
        "--print-only", action="store_true", help="leave results.md and the JSON file as they are"
    )
    return parser


if __name__ == "__main__":
    main()
