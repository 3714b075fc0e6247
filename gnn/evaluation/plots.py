"""Plots of a report, as `<svg>` elements: the same bytes for the same values."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_COLOUR, _OURS_COLOUR = "#9db4cf", "#d9722b"
_INCHES_A_ROW = 0.32


def bars(values: Mapping[str, float], *, title: str, ours: str = "", form: str = "%.3f") -> str:
    """A horizontal bar a name, in the given order from the top, `ours` in a colour of its own."""
    figure, axes = _rows(len(values), title)
    colours = [_OURS_COLOUR if name == ours else _COLOUR for name in values]
    drawn = axes.barh(list(values), list(values.values()), color=colours)
    axes.bar_label(drawn, fmt=form, padding=3)
    axes.margins(x=0.12)
    return _svg(figure)


def intervals(rows: Mapping[str, Mapping[str, float]], *, title: str) -> str:
    """A `difference` with its line from `low` to `high` a name, against a line at 0."""
    figure, axes = _rows(len(rows), title)
    for name, row in rows.items():
        axes.plot([row["low"], row["high"]], [name, name], color=_OURS_COLOUR, linewidth=2)
        axes.plot([row["difference"]], [name], "o", color=_OURS_COLOUR)
    axes.axvline(0, color="#777", linewidth=1)
    axes.margins(y=0.08)
    axes.grid(axis="x", color="#e5e5e5")
    return _svg(figure)


def reliability(bins: Sequence[Mapping[str, float]], *, title: str) -> str:
    """`frequency` by `confidence`, a point a bin, against the line on which both are equal."""
    return _svg(reliability_figure(bins, title=title))


def reliability_figure(bins: Sequence[Mapping[str, float]], *, title: str) -> Figure:
    """The same as a figure that any format can be written of."""
    figure = Figure(figsize=(5.5, 5.5), layout="constrained")
    axes = figure.subplots()
    said, so = ([of[column] for of in bins] for column in ("confidence", "frequency"))
    axes.axline((0, 0), slope=1, color="#777", linewidth=1)
    axes.plot(said, so, "o-", color=_OURS_COLOUR, linewidth=1, markersize=5)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_xlabel("probability that is served")
    axes.set_ylabel("share of pairs bought together")
    axes.set_title(title, loc="left", fontsize=11, pad=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e5e5e5")
    return figure


def _rows(count: int, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, _INCHES_A_ROW * count + 0.9), layout="constrained")
    axes = figure.subplots()
    axes.invert_yaxis()
    axes.set_axisbelow(True)
    axes.set_title(title, loc="left", fontsize=11, pad=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure, axes


def _svg(figure: Figure) -> str:
    drawn = io.StringIO()
    # Text stays text, in the page's own font: it can be searched and read aloud.
    with mpl.rc_context({"svg.hashsalt": "bundlegraph", "svg.fonttype": "none"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    text = drawn.getvalue()
    return text[text.index("<svg") :]
