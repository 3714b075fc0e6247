"""Latency of composing at two sizes of the catalogue, with and without constraints; time of an export.

Run `python -m benchmarks.composing_speed --home HOME` on a home with a model in service. The larger catalogue
is `benchmarks.grown_artifact`: its answers mean nothing. One thread, in process; wall-clock time and time of
the processor, which other jobs on the machine stretch less. `benchmarks.speed` measures over HTTP.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.grown_artifact import grown
from benchmarks.process import BUNDLEGRAPH, run_measured
from benchmarks.results import markdown_table, write_section
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest
from etl.pseudonyms import PseudonymKey, load_key
from gnn.artifact.model import ModelArtifact
from gnn.registry import load_promoted

WARM_UP, REQUESTS = 50, 1_000
#: Ranked items of the larger catalogue, at least.
LARGE = 100_000
EXPORTED = 10_000

Row = tuple[str, str, str]


def main() -> None:
    """Measure every row and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="a home with a model in service")
    home: Path = parser.parse_args().home
    artifact, key = load_promoted(home / "models"), load_key(home)
    times = -(-LARGE // len(artifact.ranked.item))
    rows = [
        *_latencies(artifact, key, target="≤ 20 ms"),
        *_latencies(grown(artifact, times, rng=np.random.default_rng(0)), key, target="≤ 40 ms"),
        _export(home),
    ]
    write_section(
        "Speed of composing",
        "python -m benchmarks.composing_speed --home HOME",
        markdown_table(["what", "target", "measured"], rows),
    )


def _latencies(artifact: ModelArtifact, key: PseudonymKey, *, target: str) -> Iterator[Row]:
    """`generate` around an anchor alone, and with every constraint that leaves something to compose."""
    size = f"{len(artifact.ranked.item):,} ranked items"
    recommender = Recommender(artifact, key)
    for name, is_constrained in (("an anchor", False), ("an anchor, every constraint", True)):
        measured = _measure(recommender, _requests(artifact, is_constrained=is_constrained))
        by_clock, by_processor = (
            f"{p50:.1f} / {p99:.1f} ms" for p50, p99 in np.percentile(measured, [50, 99], axis=0).T
        )
        what = f"generate, {name}, {size}: p50 / p99"
        yield what, f"p99 {target}", f"{by_clock} (of the processor {by_processor})"


def _requests(artifact: ModelArtifact, *, is_constrained: bool) -> list[GenerateRequest]:
    """Anchors drawn by popularity."""
    rng = np.random.default_rng(0)
    baskets = artifact.catalogue.baskets
    drawn = rng.choice(len(baskets), size=WARM_UP + REQUESTS, p=baskets / baskets.sum())
    anchors = [artifact.catalogue.item_ids[int(item)] for item in drawn]
    others = [artifact.catalogue.item_ids[int(item)] for item in rng.permutation(drawn)[:20]]
    root = artifact.categories.roots()[artifact.catalogue.category]
    sold = np.bincount(root, baskets, minlength=len(artifact.categories.category_ids))
    rarest = np.flatnonzero(artifact.categories.level == 0)
    rarest = rarest[np.argsort(sold[rarest], kind="stable")][:2]
    constraints = {
        "price_min": 2.0,
        "price_max": 25.0,
        "categories_exclude": [artifact.categories.category_ids[int(root)] for root in rarest],
        "items_exclude": others,
        "min_categories": 2,
        "min_link": 0.4,
    }
    body = {
        "size": {"min": 2, "max": 4},
        "constraints": constraints,
        "discount": {"share": 0.1},
        "weights": {"coherence": 1.0, "user_fit": 1.0, "breadth": 1.0, "margin": 1.0, "discount": 1.0},
    }
    return [
        GenerateRequest.model_validate({"anchors": [anchor], "n": 5} | (body if is_constrained else {}))
        for anchor in anchors
        # An anchor must not be excluded.
        if anchor not in others
    ]


def _measure(recommender: Recommender, requests: list[GenerateRequest]) -> NDArray[np.float64]:
    """Milliseconds by the clock and of the processor, [num_requests, 2], without the warm-up."""
    milliseconds = []
    with threadpool_limits(1, user_api="blas"):
        for request in requests:
            started, processor = time.perf_counter(), time.thread_time()
            recommender.generate(request)
            milliseconds.append((time.perf_counter() - started, time.thread_time() - processor))
    return 1_000 * np.array(milliseconds[WARM_UP:])


def _export(home: Path) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "bundles.csv")
        found = run_measured(
            [BUNDLEGRAPH, "export", "bundles", "-o", file, "-n", str(EXPORTED), "--home", str(home)]
        )
        with Path(file).open(encoding="utf-8") as lines:
            written = sum(1 for _ in lines) - 1
    return f"export of {written:,} bundles, a process a core", "≤ 60 s", f"{found.seconds:.0f} s"


if __name__ == "__main__":
    main()
