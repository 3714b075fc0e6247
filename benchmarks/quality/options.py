"""The options of a protocol's command."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.commands import add_config, home_parser
from etl.errors import StageError

#: Names the folder of public data sets, where `--data` is not given.
DATA_VARIABLE = "BUNDLEGRAPH_BENCHMARK_DATA"


class BenchmarkError(StageError):
    """A benchmark cannot run here; its message names what to do."""


@dataclass(frozen=True)
class Options:
    """The command line's options, places resolved."""

    data: Path | None
    """Folder that holds a folder a public data set; none for protocols whose data is a package."""
    seeds: int
    """Number of runs; run n has seed n, from 0 on."""
    config: str
    """Name of the training configuration (`gnn.config.CONFIGS`)."""
    home: Path
    """Where tables are kept; a later run with the same home finds them again."""
    scratch: Path
    """A folder that is deleted after the run: exports, checkpoints."""
    baselines: str = "all"
    """`none`: the product's rows alone; `closed`: closed forms too; `all`: trained ones and ablations too."""

    def dataset(self, name: str) -> Path:
        """The folder of data set `name`.

        Raises:
            BenchmarkError: If there is none.
        """
        if self.data is None:
            raise BenchmarkError(f"no data: give --data FOLDER, or name it in {DATA_VARIABLE}")
        folder = self.data / name
        if not folder.is_dir():
            raise BenchmarkError(
                f"expected a folder {name} in {self.data}, found none: give --data FOLDER "
                f"(or {DATA_VARIABLE}) that holds it"
            )
        return folder


def options_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """A parser of all `Options`, and of `--print-only`."""
    parser = home_parser(description, prog=prog)
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get(DATA_VARIABLE),
        metavar="FOLDER",
        help=f"public data sets, a folder each (default: the environment's {DATA_VARIABLE})",
    )
    parser.add_argument("--seeds", type=_positive, default=1, help="runs, from seed 0 on (default 1)")
    add_config(parser, default="standard")
    parser.add_argument(
        "--baselines",
        choices=["none", "closed", "all"],
        default="all",
        help="fit no baselines, closed forms only, or all of them and the ablations (default all); "
        "with fewer than all the results are only printed",
    )
    parser.add_argument(
        "--print-only", action="store_true", help="leave results.md and the JSON file as they are"
    )
    return parser


def read_options(arguments: argparse.Namespace, *, home: Path, scratch: Path) -> Options:
    """The options of parsed `arguments`."""
    return Options(
        arguments.data, arguments.seeds, arguments.config, home, scratch, baselines=arguments.baselines
    )


def keeps_results(arguments: argparse.Namespace) -> bool:
    """Whether results.md and the JSON file are written: only with every row, and not with `--print-only`."""
    return arguments.baselines == "all" and not arguments.print_only


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, found {text}")
    return int(text)
