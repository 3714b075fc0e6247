"""The command: run protocol D, G or the ablations of the composer, print and keep the results."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.commands import running
from benchmarks.composition import ablations, protocol_d, protocol_g
from benchmarks.quality.markdown import markdown
from benchmarks.quality.options import Options, keeps_results, options_parser, read_options
from benchmarks.results import write_section

_PROTOCOLS = {"D": protocol_d.run, "G": protocol_g.run}
_ABLATIONS = "ABLATIONS"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line names; exit code 2 and one line where it cannot run."""
    parser = options_parser(
        "python -m benchmarks.composition", "How good composed bundles are, beside baselines."
    )
    parser.add_argument("what", choices=[*_PROTOCOLS, _ABLATIONS], type=str.upper)
    parsed = parser.parse_args(arguments)
    with running(parser, parsed.home) as (home, scratch):
        options = read_options(parsed, home=home, scratch=scratch)
        title, lines = _section(parsed.what, options, keeps_figures=keeps_results(parsed))
    sys.stdout.write("\n".join(lines) + "\n")
    if keeps_results(parsed):
        command = f"{parser.prog} {parsed.what} --seeds {parsed.seeds} --config {parsed.config}"
        write_section(title, command, lines)


def _section(what: str, options: Options, *, keeps_figures: bool) -> tuple[str, list[str]]:
    """Title and lines of the section; protocols also keep their figures in JSON."""
    if what == _ABLATIONS:
        return "Composition: ablations", ablations.run(options)
    report = _PROTOCOLS[what](options)
    if keeps_figures:
        report.json_file.write_text(report.to_json(), encoding="utf-8")
    return f"Composition: protocol {report.protocol}, {report.title}", list(markdown(report))


if __name__ == "__main__":
    main()
