"""A Pareto front as a PNG or a self-contained HTML page, with plots and a table of the bundles."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from bundles.compose.pareto.schemas import ParetoAnswer
    from bundles.present.answers import GeneratedBundle

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
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("front.html.jinja").render(
        title=f"{len(answer.bundles)} bundles of a front of {answer.num_points}",
        answer=answer,
        currency=currency or "",
        plot=Markup(plot[plot.index("<svg") :]),
        rows=[(bundle, _objectives_of(bundle, answer)) for bundle in answer.bundles],
    )


def _objectives_of(bundle: GeneratedBundle, answer: ParetoAnswer) -> list[float]:
    """The objectives of `bundle` in the order of `answer`; 0 for an unknown margin."""
    values = bundle.objectives.model_dump()
    return [values[name] or 0.0 for name in answer.objectives]


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
