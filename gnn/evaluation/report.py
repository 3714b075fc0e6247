"""The evaluation of a model as one HTML page without external resources: tables, notes and SVG plots."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gnn.artifact.model import ArtifactInfo
from gnn.evaluation.calibration import calibration_sentence

_TEMPLATE = "report.html.jinja"
_SLICES = {
    "cross_category": "The hidden item has a category that no item of the cart has",
    "new_to_user": "The user never bought the hidden item before",
    "cold_item": "Nobody bought the hidden item before",
    "cold_user": "The user has no purchases, or is unknown",
}
_COLOUR, _OURS_COLOUR = "#9db4cf", "#d9722b"
_INCHES_PER_ROW = 0.32


def write_report(info: ArtifactInfo, page: Path) -> None:
    """Write `render_report` to the file `page`; its folder is made where it does not exist."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render_report(info), encoding="utf-8")


def render_report(info: ArtifactInfo) -> str:
    """The HTML page of the model that `info` describes; equal metrics give equal pages.

    It shows the metrics of `gnn.evaluation.measuring.measure_models` and, where they exist,
    `link_calibration` (`gnn.evaluation.calibration`) and `importances` (group of features → share).
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "figure": lambda value, form: form.format(value),
        "column": lambda rows, metric: {name: row[metric] for name, row in rows.items()},
    }
    return environment.get_template(_TEMPLATE).render(
        info=info,
        metrics=info.metrics,
        ours=info.metrics.get("ours", "served"),
        slices=_SLICES,
        bar_plot=bar_plot,
        interval_plot=interval_plot,
        reliability_diagram=reliability_diagram,
        calibration_sentence=calibration_sentence,
    )


def bar_plot(values: Mapping[str, float], *, title: str, ours: str = "") -> Markup:
    """A horizontal bar for each name, from the top in the given order, `ours` in a colour of its own."""
    figure, axes = _rows(len(values), title)
    colours = [_OURS_COLOUR if name == ours else _COLOUR for name in values]
    drawn = axes.barh(list(values), list(values.values()), color=colours)
    axes.bar_label(drawn, fmt="%.3f", padding=3)
    axes.margins(x=0.12)
    return _svg(figure)


def interval_plot(rows: Mapping[str, Mapping[str, float]], *, title: str) -> Markup:
    """For each name a point at `difference` and a line from `low` to `high`, against a line at 0."""
    figure, axes = _rows(len(rows), title)
    for name, row in rows.items():
        axes.plot([row["low"], row["high"]], [name, name], color=_OURS_COLOUR, linewidth=2)
        axes.plot([row["difference"]], [name], "o", color=_OURS_COLOUR)
    axes.axvline(0, color="#777", linewidth=1)
    axes.margins(y=0.08)
    axes.grid(axis="x", color="#e5e5e5")
    return _svg(figure)


def reliability_diagram(bins: Sequence[Mapping[str, float]], *, title: str) -> Markup:
    """`reliability_figure` as an `<svg>` element."""
    return _svg(reliability_figure(bins, title=title))


def reliability_figure(bins: Sequence[Mapping[str, float]], *, title: str) -> Figure:
    """Reliability diagram: `frequency` by `confidence`, a point for each bin, against the diagonal."""
    figure = Figure(figsize=(5.5, 5.5), layout="constrained")
    axes = figure.subplots()
    confidence, frequency = ([row[column] for row in bins] for column in ("confidence", "frequency"))
    axes.axline((0, 0), slope=1, color="#777", linewidth=1)
    axes.plot(confidence, frequency, "o-", color=_OURS_COLOUR, linewidth=1, markersize=5)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_xlabel("served probability")
    axes.set_ylabel("share of pairs bought together")
    axes.set_title(title, loc="left", fontsize=11, pad=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e5e5e5")
    return figure


def _rows(count: int, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, _INCHES_PER_ROW * count + 0.9), layout="constrained")
    axes = figure.subplots()
    axes.invert_yaxis()
    axes.set_axisbelow(True)
    axes.set_title(title, loc="left", fontsize=11, pad=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure, axes


def _svg(figure: Figure) -> Markup:
    drawn = io.StringIO()
    # Text stays text in the page's own font, so that it can be searched and selected.
    with mpl.rc_context({"svg.hashsalt": "bundlegraph", "svg.fonttype": "none"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    text = drawn.getvalue()
    return Markup(text[text.index("<svg") :])  # matplotlib escapes the names in it
