"""The evaluation of a model as one HTML page that loads nothing: tables, slices, intervals and plots."""

from __future__ import annotations

import io
from collections.abc import Mapping
from html import escape
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from gnn.artifact import ArtifactInfo
from gnn.evaluation.tables import METRICS

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Evaluation of {version}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
th, td {{ padding: .25rem .75rem; border-bottom: 1px solid #ddd; text-align: right; }}
th:first-child, td:first-child {{ text-align: left; }}
svg {{ max-width: 100%; height: auto; }}
</style>
</head>
<body>
<h1>Evaluation of {version}</h1>
{body}
</body>
</html>
"""

_NOTE = (
    "One item of each basket is hidden and ranked among all items that the model ranks, but the cart's (full "
    "ranking). HR@K: share of baskets whose hidden item is among the first K. NDCG@K: mean of "
    "1 / log₂(1 + rank) within the first K. MRR: mean of 1 / rank. Histories end where validation begins; "
    "weights were chosen on validation, test was read once."
)


def write_report(info: ArtifactInfo, page: Path) -> None:
    """Write `render_report` to the file `page`, and its folder where there is none."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render_report(info), encoding="utf-8")


def render_report(info: ArtifactInfo) -> str:
    """The page for the model that `info` describes; where nothing was measured, it says why."""
    parts = [f"<p>{escape(_summary(info))}</p>"]
    parts += [f"<p><strong>{escape(warning)}</strong></p>" for warning in info.warnings]
    test = _tables(info.metrics.get("test"))
    if not test:
        return _page(info, [*parts, "<p>Nothing was measured.</p>"])
    protocol = _mapping(info.metrics.get("protocol"))
    parts += [
        f"<p>{escape(_NOTE)}</p>",
        _table("Protocol", ["", "value"], [[name, str(value)] for name, value in protocol.items()]),
        _metrics_table("Test", test),
        _bars({name: values["ndcg@20"] for name, values in test.items()}, "NDCG@20 on test"),
        _metrics_table("Validation", _tables(info.metrics.get("validation"))),
    ]
    for name, values in _mapping(info.metrics.get("slices")).items():
        part = _mapping(values)
        title = f"{name.replace('_', ' ')}: {part['num_queries']} test queries"
        rows = _tables(part["models"])
        parts += [
            _metrics_table(title.capitalize(), rows),
            _bars({model: row["hr@20"] for model, row in rows.items()}, f"HR@20, {title}"),
        ]
    intervals = _tables(info.metrics.get("blend_minus"))
    parts += [_intervals_table(intervals), _interval_plot(intervals)]
    return _page(info, parts)


def _summary(info: ArtifactInfo) -> str:
    return (
        f"Made {info.created_at}, kind {info.kind}, of tables {info.tables_version}, "
        f"with events up to {info.as_of}."
    )


def _page(info: ArtifactInfo, parts: list[str]) -> str:
    return _PAGE.format(version=escape(info.model_version), body="\n".join(parts))


def _metrics_table(title: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    cells = [[name, *(f"{row[metric]:.4f}" for metric in METRICS)] for name, row in rows.items()]
    return _table(title, ["model", *METRICS], cells)


def _intervals_table(intervals: Mapping[str, Mapping[str, float]]) -> str:
    cells = [
        [name, *(f"{row[column]:+.4f}" for column in ("difference", "low", "high"))]
        for name, row in intervals.items()
    ]
    title = "NDCG@20 on test: blend minus each other model, paired bootstrap"
    return _table(title, ["model", "difference", "95 % from", "to"], cells)


def _table(title: str, columns: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<h2>{escape(title)}</h2>\n<table>\n<tr>{head}</tr>\n{body}</table>"


def _bars(values: Mapping[str, float], title: str) -> str:
    figure = Figure(figsize=(8, 0.4 * len(values) + 1), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(list(values), list(values.values()), color="#4c78a8")
    axes.bar_label(bars, fmt="%.3f", padding=3)
    axes.invert_yaxis()
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    return _svg(figure)


def _interval_plot(intervals: Mapping[str, Mapping[str, float]]) -> str:
    figure = Figure(figsize=(8, 0.4 * len(intervals) + 1), layout="constrained")
    axes = figure.subplots()
    for name, row in intervals.items():
        axes.plot([row["low"], row["high"]], [name, name], color="#4c78a8")
        axes.plot([row["difference"]], [name], "o", color="#4c78a8")
    axes.axvline(0, color="#999", linewidth=1)
    axes.invert_yaxis()
    axes.set_title("NDCG@20 of the blend minus that of each model, 95 % interval")
    axes.spines[["top", "right"]].set_visible(False)
    return _svg(figure)


def _svg(figure: Figure) -> str:
    """The figure as an `<svg>` element, the same bytes for the same figure."""
    drawn = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "bundlegraph", "svg.fonttype": "none"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    text = drawn.getvalue()
    return text[text.index("<svg") :]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _tables(value: object) -> Mapping[str, Mapping[str, float]]:
    """A table of an artifact's metrics: a row of numbers a model."""
    return {name: row for name, row in _mapping(value).items() if isinstance(row, Mapping)}
