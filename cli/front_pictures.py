"""A Pareto front as a PNG or a self-contained HTML page, with plots and a table of the bundles."""

from __future__ import annotations

import io
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from bundles.compose.pareto.schemas import ParetoAnswer
    from bundles.present.answers import GeneratedBundle

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 70rem;
       margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .3rem .8rem; border-bottom: 1px solid #e5e5e5; text-align: right; vertical-align: top; }}
th:last-child, td:last-child {{ text-align: left; }}
svg {{ display: block; max-width: 100%; height: auto; margin: 1rem 0; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>No bundle is at least as good as another on every objective and better on one. {facts}</p>
{plot}
<div class="scroll"><table>
<tr>{head}</tr>
{rows}
</table></div>
</body>
</html>
"""
_PANEL_INCHES, _DOTS_PER_INCH = (5.2, 4.2), 110
_COLOUR, _LINE = "#d9722b", "#e5e5e5"


def write_picture(answer: ParetoAnswer, file: Path, *, currency: str | None) -> None:
    """Write the front of `answer`, which must not be empty: an HTML page for .html, else a PNG."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".html":
        file.write_text(render_page(answer, currency=currency), encoding="utf-8")
    else:
        _figure(answer).savefig(file, format="png", dpi=_DOTS_PER_INCH)


def render_page(answer: ParetoAnswer, *, currency: str | None) -> str:
    """The HTML page: the plot, and a table with one row for each bundle; ranks label the points."""
    drawn = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "bundlegraph", "svg.fonttype": "none"}):
        _figure(answer).savefig(drawn, format="svg", metadata={"Date": None})
    plot = drawn.getvalue()
    columns = ["rank", *answer.objectives, f"offer {currency or ''}".strip(), "items"]
    return _PAGE.format(
        title=f"{len(answer.bundles)} bundles of a front of {answer.num_points}",
        facts=escape(
            f"Model {answer.model_version}, {answer.generated_at}; hypervolume {answer.hypervolume:.4f} "
            f"from {answer.num_evaluations:,} evaluated sets."
        ),
        plot=plot[plot.index("<svg") :],
        head="".join(f"<th>{escape(column)}</th>" for column in columns),
        rows="\n".join(_row(bundle, answer) for bundle in answer.bundles),
    )


def _objectives_of(bundle: GeneratedBundle, answer: ParetoAnswer) -> list[float]:
    """The objectives of `bundle` in the order of `answer`; 0 for an unknown margin."""
    values = bundle.objectives.model_dump()
    return [values[name] or 0.0 for name in answer.objectives]


def _row(bundle: GeneratedBundle, answer: ParetoAnswer) -> str:
    offer = "" if bundle.price.offer is None else f"{bundle.price.offer:.2f}"
    cells = [str(bundle.rank), *(f"{value:.3f}" for value in _objectives_of(bundle, answer)), offer]
    items = "<br>".join(escape(item.title or item.item_id) for item in bundle.items)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}<td>{items}</td></tr>"


def _figure(answer: ParetoAnswer) -> Figure:
    """One panel for each other objective against the first."""
    points = [_objectives_of(bundle, answer) for bundle in answer.bundles]
    first, *others = answer.objectives
    width, height = _PANEL_INCHES
    figure = Figure(figsize=(width * len(others), height), layout="constrained")
    panels = figure.subplots(1, len(others), squeeze=False)[0]
    for place, (axes, name) in enumerate(zip(panels, others, strict=True), start=1):
        axes.plot([point[0] for point in points], [point[place] for point in points], "o", color=_COLOUR)
        for bundle, point in zip(answer.bundles, points, strict=True):
            at = (point[0], point[place])
            axes.annotate(str(bundle.rank), at, xytext=(4, 4), textcoords="offset points", fontsize=8)
        axes.set_xlabel(first)
        axes.set_ylabel(name)
        axes.set_axisbelow(True)
        axes.grid(color=_LINE)
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(0.08)
    figure.suptitle(
        f"{len(points)} of {answer.num_points} bundles of the front, hypervolume {answer.hypervolume:.3f}",
        fontsize=11,
    )
    return figure
