"""The command: run one protocol, print its tables, keep them in JSON and in results.md."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.commands import running
from benchmarks.quality.markdown import markdown
from benchmarks.quality.options import keeps_results, options_parser, read_options
from benchmarks.quality.report import ProtocolReport
from benchmarks.results import write_section

_FOLDER = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the protocol that the command line names; exit code 2 and one line where it cannot run."""
    parser = options_parser("python -m benchmarks.quality", "Ranking quality, every model in one run.")
    parser.add_argument("protocol", choices=protocols(), type=str.upper)
    parsed = parser.parse_args(arguments)
    module = importlib.import_module(f"benchmarks.quality.protocol_{parsed.protocol.lower()}")
    with running(parser, parsed.home) as (home, scratch):
        report: ProtocolReport = module.run(read_options(parsed, home=home, scratch=scratch))
    lines = list(markdown(report))
    sys.stdout.write("\n".join(lines) + "\n")
    if keeps_results(parsed):
        report.json_file.write_text(report.to_json(), encoding="utf-8")
        command = f"{parser.prog} {parsed.protocol} --seeds {parsed.seeds} --config {parsed.config}"
        write_section(f"Quality: protocol {report.protocol}, {report.title}", command, lines)


def protocols() -> list[str]:
    """Letters of the protocols that have a module here, ascending."""
    return sorted(module.stem.removeprefix("protocol_").upper() for module in _FOLDER.glob("protocol_?.py"))


if __name__ == "__main__":
    main()
