"""Calibration of link probabilities: `python -m benchmarks.calibration [--home FOLDER]`.

Complete Journey: fitted to the data before week 46, calibrated on the validation baskets, measured on the
test baskets of protocol B: cart items with the hidden item of their basket, and as often with that of another
basket. It also writes the picture `docs/img/link_calibration.png`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.commands import add_config, home_parser, running
from benchmarks.quality.holdouts import holdout_of, protocol_b_config
from benchmarks.results import markdown_table, write_section
from etl.ingest import ingest
from gnn.artifact.model import ModelArtifact
from gnn.components.holdout import Holdout
from gnn.components.links import draw_pairs, fit_link_probability, link_metrics, mean_links
from gnn.evaluation.calibration import calibration_metrics, calibration_sentence
from gnn.evaluation.report import reliability_figure
from gnn.scoring.item_model import LinkProbability

PICTURE = Path(__file__).parents[1] / "docs" / "img" / "link_calibration.png"

Metrics = Mapping[str, Any]


def main() -> None:
    """Fit, calibrate, measure; write the section and the picture."""
    parser = home_parser(__doc__)
    add_config(parser, default="standard")
    arguments = parser.parse_args()
    config = protocol_b_config(arguments.config)
    with running(parser, arguments.home) as (home, scratch):
        tables = ingest("completejourney", home).tables
        holdout = holdout_of(tables, config, checkpoint=scratch / "holdout.pt")
    network, ease = holdout.artifact.network, holdout.artifact.ease
    link = fit_link_probability(network, ease, holdout.validation, rng=np.random.default_rng(config.seed))
    measured: Metrics = link_metrics(
        network, ease, link, holdout.test, rng=np.random.default_rng(config.seed)
    )
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure = reliability_figure(measured["bins"], title="Links on test, as served")
    figure.savefig(PICTURE, dpi=150, metadata={"Software": None})
    body = [
        f"{calibration_sentence(measured)}.",
        "",
        *markdown_table(["served", "from one basket", "pairs"], bin_rows(measured)),
        "",
        "By kind of pair, calibrated on all of them:",
        "",
        *markdown_table(["pair", "pairs", "from one basket", "ECE", "Brier"], slice_rows(holdout, link)),
        "",
        "![Served probability and how often it was so](../docs/img/link_calibration.png)",
    ]
    write_section("Calibration of links", f"python -m benchmarks.calibration --config {config.name}", body)


def bin_rows(measured: Metrics) -> list[tuple[str, str, str]]:
    """The reliability table as rows of text."""
    return [
        (f"{row['confidence']:.3f}", f"{row['frequency']:.3f}", f"{row['pairs']:,}")
        for row in measured["bins"]
    ]


def slice_rows(holdout: Holdout, link: LinkProbability) -> list[tuple[str, ...]]:
    """The same measures on the test pairs of one product type, one department, and two of them."""
    artifact = holdout.artifact
    pairs = draw_pairs(holdout.test, rng=np.random.default_rng(holdout.context.config.seed))
    probabilities = link.calibrate(mean_links(artifact.network, artifact.ease, link, pairs))
    rows: list[tuple[str, ...]] = []
    for name, is_in in _kinds(artifact, pairs.source, pairs.target).items():
        found: Metrics = calibration_metrics(
            probabilities[is_in], pairs.is_pair[is_in], pairs.query[is_in], rng=np.random.default_rng(0)
        )
        if found:
            share = f"{pairs.is_pair[is_in].mean():.3f}"
            rows.append(
                (name, f"{found['num_pairs']:,}", share, f"{found['ece']:.4f}", f"{found['brier']:.4f}")
            )
    return rows


def _kinds(
    artifact: ModelArtifact, first: NDArray[np.int64], second: NDArray[np.int64]
) -> dict[str, NDArray[np.bool_]]:
    leaf = artifact.catalogue.category[artifact.ranked.item]
    root = np.append(artifact.categories.roots(), -1)[leaf]
    of_one_type, of_one_root = leaf[first] == leaf[second], root[first] == root[second]
    return {
        "of one product type": of_one_type,
        "of one department": of_one_root & ~of_one_type,
        "of two departments": ~of_one_root,
    }


if __name__ == "__main__":
    main()
