"""The evaluation of a model as one HTML page that loads nothing: tables, slices, intervals and plots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from gnn.artifact.model import ArtifactInfo
from gnn.evaluation.calibration import calibration_sentence
from gnn.evaluation.plots import bars, intervals, reliability

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Evaluation of {version}</title>
<style>
:root {{ color-scheme: light; }}
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 60rem;
       margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.6rem; }}
h2 {{ font-size: 1.2rem; margin: 2.5rem 0 .5rem; border-top: 1px solid #ddd; padding-top: 1.5rem; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .2rem .8rem; border-bottom: 1px solid #e5e5e5; text-align: right; }}
th {{ font-weight: 600; white-space: nowrap; border-bottom-color: #999; }}
th:first-child, td:first-child {{ text-align: left; padding-left: 0; }}
.text th, .text td {{ text-align: left; }}
tr.ours td {{ font-weight: 600; background: #fdf1e7; }}
.warning {{ background: #fff4d6; border-left: 4px solid #d9a400; padding: .5rem .8rem; }}
.note {{ color: #555; }}
svg {{ display: block; max-width: 100%; height: auto; margin: 1rem 0; }}
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
_SLICES = {
    "cross_category": "hidden item of a category that the cart has nothing of",
    "new_to_user": "hidden item that its customer had not bought before",
    "cold_item": "hidden item that nobody had bought before",
    "cold_user": "customer without purchases, or unknown",
}
_EXPOSURE_NOTE = (
    "Coverage: share of all ranked items that any basket is shown among its first 20. Popularity: mean share "
    "of baskets that hold what is shown. Gini: 0 where every item is shown equally often, near 1 where few "
    "items take all places."
)

_Rows = Mapping[str, Mapping[str, float]]


def write_report(info: ArtifactInfo, page: Path) -> None:
    """Write `render_report` to the file `page`, and its folder where there is none."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render_report(info), encoding="utf-8")


def render_report(info: ArtifactInfo) -> str:
    """The page for the model that `info` describes; where nothing was measured, it says why.

    Of the model's metrics it shows what `gnn.evaluation.measuring.measure` gives, and where they are there
    `link_calibration` (`gnn.components.link_evaluation`), `ablations` (what was left out → a row of metrics) and
    `importances` (group of features → its share).
    """
    parts = [_paragraph(_summary(info))]
    parts += [_paragraph(warning, style="warning") for warning in info.warnings]
    if _rows(info.metrics, "test"):
        parts += _measured(info.metrics)
    else:
        parts.append("<p>Nothing was measured.</p>")
    return _PAGE.format(version=escape(info.model_version), body="\n".join(parts))


def _summary(info: ArtifactInfo) -> str:
    return (
        f"Made {info.created_at}, kind {info.kind}, of tables {info.tables_version}, "
        f"with events up to {info.as_of}."
    )


def _measured(metrics: Mapping[str, object]) -> Iterator[str]:
    test = _rows(metrics, "test")
    ours = str(metrics.get("ours", "blend"))
    yield _paragraph(_NOTE, style="note")
    yield _metrics_table("Test", test, ours=ours)
    yield bars(_column(test, "ndcg@20"), title="NDCG@20 on test", ours=ours)
    yield from _ahead(_rows(metrics, "served_minus"), ours=ours)
    verdict = _mapping(metrics.get("leak_probe"))
    if verdict:
        yield _paragraph(f"Leak probe: {verdict['text']}.", style="warning" if verdict["leaks"] else "note")
    for name, values in _mapping(metrics.get("slices")).items():
        yield from _slice(name, _mapping(values), ours=ours)
    yield from _exposure(_rows(metrics, "exposure"), ours=ours)
    yield from _calibration(_mapping(metrics.get("link_calibration")))
    yield from _parts_of_the_model(metrics)
    yield _metrics_table("Validation", _rows(metrics, "validation"), ours=ours)
    protocol = _mapping(metrics.get("protocol"))
    rows = [[name.replace("_", " "), str(value)] for name, value in protocol.items()]
    yield _table("Protocol", ["", "value"], rows, style="text")


def _ahead(rows: _Rows, *, ours: str) -> Iterator[str]:
    """How far ours is ahead of each other model, and how sure that is."""
    cells = [
        [name, *(f"{row[column]:+.4f}" for column in ("difference", "low", "high"))]
        for name, row in rows.items()
    ]
    title = f"NDCG@20 on test: {ours} minus each other model, paired bootstrap"
    yield _table(title, ["model", "difference", "95 % from", "to"], cells)
    if rows:
        yield intervals(rows, title=f"NDCG@20 of {ours} minus that of each model, 95 % interval")


def _slice(name: str, values: Mapping[str, object], *, ours: str) -> Iterator[str]:
    title = name.replace("_", " ").capitalize()
    rows = _rows(values, "models")
    yield _metrics_table(f"{title}: {values['num_queries']} test queries", rows, ours=ours)
    if name in _SLICES:
        yield _paragraph(f"{_SLICES[name].capitalize()}.", style="note")
    yield bars(_column(rows, "ndcg@20"), title=f"NDCG@20, {title.lower()}", ours=ours)


def _exposure(rows: _Rows, *, ours: str) -> Iterator[str]:
    if not rows:
        return
    yield _metrics_table("What is shown, right or wrong", rows, ours=ours)
    yield _paragraph(_EXPOSURE_NOTE, style="note")


def _calibration(measured: Mapping[str, object]) -> Iterator[str]:
    """Whether the probability of a link is how often it is so."""
    if not measured:
        return
    bins = [row for row in _sequence(measured["bins"]) if isinstance(row, Mapping)]
    rows = [[f"{row['confidence']:.3f}", f"{row['frequency']:.3f}", f"{row['pairs']:,}"] for row in bins]
    yield _table("Probability of a link", ["served", "bought together", "pairs"], rows)
    yield _paragraph(f"{calibration_sentence(measured)}.", style="note")
    yield reliability(bins, title="Links: served probability and how often it was so, on test")


def _parts_of_the_model(metrics: Mapping[str, object]) -> Iterator[str]:
    """What each part contributes, as far as it was measured."""
    ablations = _rows(metrics, "ablations")
    if ablations:
        yield _metrics_table("Ablations: what remains without a part, on validation", ablations, ours="")
    importances = {
        name: float(value)
        for name, value in _mapping(metrics.get("importances")).items()
        if isinstance(value, int | float)
    }
    if importances:
        yield _table(
            "Groups of features", ["group", "share"], [[k, f"{v:.3f}"] for k, v in importances.items()]
        )
        yield bars(importances, title="Share of what the ranker gains by each group of features")


def _metrics_table(title: str, rows: _Rows, *, ours: str) -> str:
    """A row a model, a column a metric of the first row."""
    columns = list(next(iter(rows.values()), {}))
    cells = [[name, *(f"{row[metric]:.4f}" for metric in columns)] for name, row in rows.items()]
    return _table(title, ["model", *columns], cells, ours=ours)


def _table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    ours: str = "",
    style: str = "figures",
) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        ('<tr class="ours">' if row[0] == ours else "<tr>")
        + "".join(f"<td>{escape(cell)}</td>" for cell in row)
        + "</tr>\n"
        for row in rows
    )
    table = f'<div class="scroll"><table class="{style}">\n<tr>{head}</tr>\n{body}</table></div>'
    return f"<h2>{escape(title)}</h2>\n{table}"


def _paragraph(text: str, *, style: str = "") -> str:
    return f'<p class="{style}">{escape(text)}</p>' if style else f"<p>{escape(text)}</p>"


def _column(rows: _Rows, metric: str) -> dict[str, float]:
    return {name: row[metric] for name, row in rows.items()}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) else ()


def _rows(metrics: Mapping[str, object], name: str) -> _Rows:
    """A table of an artifact's metrics: a row of numbers a model."""
    return {model: row for model, row in _mapping(metrics.get(name)).items() if isinstance(row, Mapping)}
