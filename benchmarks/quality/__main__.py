"""The command: run one protocol, print its tables, keep them in JSON and in results.md."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.commands import running
from benchmarks.quality.markdown import markdown
from benchmarks.quality.options import Options, options_parser
from benchmarks.quality.report import ProtocolReport
from benchmarks.results import write_section

_ROOM = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the protocol that the command line names; exit code 2 and one line where it cannot run."""
    parser = options_parser("python -m benchmarks.quality", "Ranking quality, every model in one run.")
    parser.add_argument("protocol", choices=protocols(), type=str.upper)
    asked = parser.parse_args(arguments)
    module = importlib.import_module(f"benchmarks.quality.protocol_{asked.protocol.lower()}")
    with running(parser, asked.home) as (home, scratch):
        report: ProtocolReport = module.run(Options(asked.data, asked.seeds, asked.config, home, scratch))
    lines = list(markdown(report))
    sys.stdout.write("\n".join(lines) + "\n")
    if asked.print_only:
        return
    report.json_file.write_text(report.to_json(), encoding="utf-8")
    command = f"{parser.prog} {asked.protocol} --seeds {asked.seeds} --config {asked.config}"
    write_section(f"Quality: protocol {report.protocol}, {report.title}", command, lines)


def protocols() -> list[str]:
    """Letters of the protocols that have a module here, ascending."""
    return sorted(module.stem.removeprefix("protocol_").upper() for module in _ROOM.glob("protocol_?.py"))


if __name__ == "__main__":
    main()
