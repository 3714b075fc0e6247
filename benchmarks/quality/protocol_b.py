"""Protocol B: complete a basket of Complete Journey, strict and rolling, full ranking.

Strict: every history ends before week 46. Rolling: it ends with the local day before the basket. The models
are fitted once, to the data before week 46, and evaluated by the code that `bundlegraph train` runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from scipy.sparse import csr_matrix

from benchmarks.baselines.als import fit_als
from benchmarks.baselines.bpr import fit_bpr
from benchmarks.baselines.content_knn import fit_content_knn
from benchmarks.baselines.item_knn import fit_bm25_knn, fit_cosine_knn
from benchmarks.quality.holdouts import holdout_of, protocol_b_config
from benchmarks.quality.options import Options
from benchmarks.quality.report import Models, ProtocolReport, gather
from benchmarks.quality.rolling import with_rolling_histories
from etl.ingest import ingest
from gnn.components.holdout import Holdout
from gnn.components.tuning import evaluate_holdout
from gnn.data.content import item_documents
from gnn.evaluation.measuring import METRICS
from gnn.evaluation.metrics import Interval, ScoreQueries
from gnn.network.training import no_progress

Metrics = Mapping[str, Any]


def run(options: Options) -> ProtocolReport:
    """Every seed on the same queries."""
    tables = ingest("completejourney", options.home).tables
    strict: list[Metrics] = []
    rolling: list[Metrics] = []
    seconds = []
    for seed in range(options.seeds):
        started = time.perf_counter()
        config = protocol_b_config(options.config, seed=seed)
        holdout = holdout_of(tables, config, checkpoint=options.scratch / f"seed-{seed}.pt")
        has_closed_forms = not seed and options.baselines != "none"
        trained = _cart_baselines(holdout, seed) if options.baselines == "all" else {}
        strict.append(_evaluate(holdout, trained, has_closed_forms=has_closed_forms))
        seconds.append(time.perf_counter() - started)
        rolling.append(_evaluate(with_rolling_histories(holdout), trained, has_closed_forms=has_closed_forms))
    return ProtocolReport(
        protocol="B",
        title="completing a basket",
        measures=_measures(strict[0]["protocol"]),
        metrics=METRICS,
        ours="served",
        models=_test(strict),
        seeds=options.seeds,
        seconds=seconds,
        validation=gather([metrics["validation"] for metrics in strict]),
        slices=_slices(strict)
        | {"rolling": (strict[0]["protocol"]["num_test_queries"], _test(rolling))}
        | {f"rolling, {name}": part for name, part in _slices(rolling).items()},
        intervals={
            "ndcg@20": {model: Interval(**row) for model, row in strict[0]["served_minus"].items()},
            "ndcg@20, rolling": {model: Interval(**row) for model, row in rolling[0]["served_minus"].items()},
        },
        targets={"served/ndcg@20": 0.167, "rolling/served/ndcg@20": 0.177},
        notes=[
            *(
                f"{name}: {metrics[0]['leak_probe']['text']}"
                for name, metrics in (("Strict", strict), ("Rolling", rolling))
                if "leak_probe" in metrics[0]
            ),
            "Baselines that draw nothing are fitted in the run of seed 0 alone.",
        ],
    )


def _cart_baselines(holdout: Holdout, seed: int) -> dict[str, ScoreQueries]:
    """Baselines that complete a cart and know no user; those that draw nothing by seed 0 alone."""
    data = holdout.context.data
    baskets = csr_matrix(data.ranked_purchases.lines.sign())
    drawn: dict[str, ScoreQueries] = {
        "als": fit_als(baskets, seed=seed).score,
        "bpr": fit_bpr(baskets, seed=seed).score,
    }
    if seed:
        return drawn
    documents = item_documents(data.edges)
    return drawn | {
        "item_knn": fit_cosine_knn(baskets).score,
        "bm25_knn": fit_bm25_knn(baskets).score,
        "content_knn": fit_content_knn([documents[item] for item in data.ranked]).score,
    }


def _evaluate(holdout: Holdout, beside: Mapping[str, ScoreQueries], *, has_closed_forms: bool) -> Metrics:
    """Metrics of the product, `beside`, and closed forms, which read the histories of `holdout`."""
    closed_forms = holdout.task.baselines(holdout.context) if has_closed_forms else {}
    return evaluate_holdout(holdout, beside={**closed_forms, **beside}, progress=no_progress).metrics


def _test(runs: Sequence[Metrics]) -> Models:
    return gather([metrics["test"] for metrics in runs])


def _slices(runs: Sequence[Metrics]) -> dict[str, tuple[int, Models]]:
    return {
        name: (part["num_queries"], gather([metrics["slices"][name]["models"] for metrics in runs]))
        for name, part in runs[0]["slices"].items()
    }


def _measures(protocol: Mapping[str, object]) -> str:
    return (
        f"One item of a basket of at least four is hidden and ranked among {protocol['num_ranked']} items "
        f"without the cart's. Fitted to the data before {protocol['validation_from']}, where all histories "
        f"end (strict; rolling: where the basket's local day begins); {protocol['num_validation_queries']} "
        f"validation queries from then on, {protocol['num_test_queries']} test queries from "
        f"{protocol['test_from']}. Validation of `served` is out of fold."
    )
