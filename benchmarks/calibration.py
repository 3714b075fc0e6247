"""Whether a link's probability is how often it is so: `python -m benchmarks.calibration [--home FOLDER]`.

Complete Journey: learned from what is before week 46, calibrated on the validation baskets, measured on the
test baskets of protocol B: cart items with the hidden item of their basket, and as often with that of another
basket. It also writes the picture `docs/img/link_calibration.png`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.commands import add_config, home_parser, running
from benchmarks.quality.trials import trial_of
from benchmarks.results import markdown_table, write_section
from etl.ingest import ingest
from etl.sources.completejourney import WEEK_46, WEEK_49
from gnn.components.choosing import starting_weights
from gnn.components.link_evaluation import judge_links
from gnn.components.links import draw_pairs, fit_links, mean_links
from gnn.components.trial import Trial
from gnn.config import CONFIGS, TrainingConfig
from gnn.evaluation.calibration import calibration_metrics, calibration_sentence
from gnn.evaluation.report import reliability_figure
from gnn.scoring.weights import ServedWeights

PICTURE = Path(__file__).parents[1] / "docs" / "img" / "link_calibration.png"

Metrics = Mapping[str, Any]


def main() -> None:
    """Fit, calibrate, measure; write the section and the picture."""
    parser = home_parser(__doc__)
    add_config(parser, default="standard")
    asked = parser.parse_args()
    config = replace(CONFIGS[asked.config], validation_from=WEEK_46, test_from=WEEK_49)
    with running(parser, asked.home) as (home, scratch):
        tables = ingest("completejourney", home).tables
        trial = trial_of(tables, config, checkpoint=scratch / "trial.pt")
    weights = link_weights(trial, config)
    measured = judge_links(trial.at_cut.model, weights, trial.test, rng=np.random.default_rng(config.seed))
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure = reliability_figure(measured["bins"], title="Links on test, as served")  # type: ignore[arg-type]  # as measured
    figure.savefig(PICTURE, dpi=150, metadata={"Software": None})
    body = [
        f"{calibration_sentence(measured)}.",
        "",
        *markdown_table(["served", "from one basket", "pairs"], bin_rows(measured)),
        "",
        "By kind of pair, calibrated on all of them:",
        "",
        *markdown_table(["pair", "pairs", "from one basket", "ECE", "Brier"], slices(trial, weights, config)),
        "",
        "![Served probability and how often it was so](../docs/img/link_calibration.png)",
    ]
    write_section("Calibration of links", f"python -m benchmarks.calibration --config {config.name}", body)


def link_weights(trial: Trial, config: TrainingConfig) -> ServedWeights:
    """What the links of `trial` are served by, fitted on its validation queries."""
    rng = np.random.default_rng(config.seed)
    link, calibration = fit_links(trial.at_cut.model, trial.validation, rng=rng)
    return replace(starting_weights(trial.model, config), link=link, link_calibration=calibration)


def bin_rows(measured: Metrics) -> list[tuple[str, str, str]]:
    """The reliability table as rows of text."""
    return [
        (f"{row['confidence']:.3f}", f"{row['frequency']:.3f}", f"{row['pairs']:,}")
        for row in measured["bins"]
    ]


def slices(trial: Trial, weights: ServedWeights, config: TrainingConfig) -> list[tuple[str, ...]]:
    """The same measures on the test pairs of one product type, one department, and two of them."""
    pairs = draw_pairs(trial.test, rng=np.random.default_rng(config.seed))
    probabilities = weights.link_calibration.probabilities(
        mean_links(trial.at_cut.model, weights.link, pairs)
    )
    rows: list[tuple[str, ...]] = []
    for name, is_in in _kinds(trial, pairs.asking, pairs.asked).items():
        found: Metrics = calibration_metrics(
            probabilities[is_in], pairs.is_pair[is_in], pairs.query[is_in], rng=np.random.default_rng(0)
        )
        if found:
            share = f"{pairs.is_pair[is_in].mean():.3f}"
            rows.append(
                (name, f"{found['num_pairs']:,}", share, f"{found['ece']:.4f}", f"{found['brier']:.4f}")
            )
    return rows


def _kinds(trial: Trial, first: NDArray[np.int64], second: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
    artifact = trial.at_cut
    leaf = artifact.catalogue.category[artifact.model.ranked]
    root = np.append(artifact.categories.roots(), -1)[leaf]
    of_one_type, of_one_root = leaf[first] == leaf[second], root[first] == root[second]
    return {
        "of one product type": of_one_type,
        "of one department": of_one_root & ~of_one_type,
        "of two departments": ~of_one_root,
    }


if __name__ == "__main__":
    main()
