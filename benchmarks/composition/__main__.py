"""The command: run protocol D, G or the ablations of the composer, print and keep what was found."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.commands import running
from benchmarks.composition import ablations, protocol_d, protocol_g
from benchmarks.quality.markdown import markdown
from benchmarks.quality.options import Options, options_parser
from benchmarks.results import write_section

_PROTOCOLS = {"D": protocol_d.run, "G": protocol_g.run}
_ABLATIONS = "ABLATIONS"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line names; exit code 2 and one line where it cannot run."""
    parser = options_parser(
        "python -m benchmarks.composition", "How good composed bundles are, beside baselines."
    )
    parser.add_argument("what", choices=[*_PROTOCOLS, _ABLATIONS], type=str.upper)
    asked = parser.parse_args(arguments)
    with running(parser, asked.home) as (home, scratch):
        options = Options(asked.data, asked.seeds, asked.config, home, scratch)
        title, lines = _measured(asked.what, options, keeps_figures=not asked.print_only)
    sys.stdout.write("\n".join(lines) + "\n")
    if not asked.print_only:
        command = f"{parser.prog} {asked.what} --seeds {asked.seeds} --config {asked.config}"
        write_section(title, command, lines)


def _measured(what: str, options: Options, *, keeps_figures: bool) -> tuple[str, list[str]]:
    """Title and lines of the section."""
    if what == _ABLATIONS:
        return "Composition: ablations", ablations.run(options)
    report = _PROTOCOLS[what](options)
    if keeps_figures:
        report.json_file.write_text(report.to_json(), encoding="utf-8")
    return f"Composition: protocol {report.protocol}, {report.title}", list(markdown(report))


if __name__ == "__main__":
    main()
