"""Speed and memory of whole commands and of the service on Complete Journey, beside their targets.

Run `python -m benchmarks.speed [--home DIR] [--neo4j]`; `--neo4j` starts a local server for the Neo4j load.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import httpx2
import numpy as np
import psutil

from benchmarks.process import BUNDLEGRAPH, Measured, run_measured
from benchmarks.results import markdown_table, write_section
from etl.sources.completejourney import WEEK_46, WEEK_49
from gnn.artifact.model import ModelArtifact
from gnn.registry import load_promoted

PORT = 18_473
WARM_UP, REQUESTS = 50, 1_000

Row = tuple[str, str, str]


def main() -> None:
    """Measure every row and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="keep the state here (default: a temporary folder)")
    parser.add_argument("--neo4j", action="store_true", help="measure the Neo4j load too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = arguments.home or Path(temporary) / "home"
        rows = [*measure_pipeline(home, with_neo4j=arguments.neo4j), *measure_service(home)]
        demo = run_measured([BUNDLEGRAPH, "demo", "--home", str(Path(temporary) / "demo")])
        rows.append(("`bundlegraph demo`, after the install", "≤ 6 min", f"{demo.seconds / 60:.1f} min"))
    write_section(
        "Speed and memory",
        "python -m benchmarks.speed --neo4j",
        markdown_table(["what", "target", "measured"], rows),
    )


def measure_pipeline(home: Path, *, with_neo4j: bool) -> Iterator[Row]:
    """Ingest, load and train, each a whole command."""
    place = ["--home", str(home)]
    ingest = run_measured([BUNDLEGRAPH, "ingest", "completejourney", *place])
    yield "ingest with co-purchases", "≤ 40 s, ≤ 4 GiB", _seconds_and_gib(ingest)
    embedded = ["--store", f"ladybug:{home / 'graph.lbug'}"]
    load = run_measured([BUNDLEGRAPH, "load", *place, *embedded])
    yield "load, embedded", "≤ 60 s", _seconds_and_gib(load)
    if with_neo4j:
        with _neo4j(home) as uri:
            load = run_measured([BUNDLEGRAPH, "load", *place, "--store", uri])
            yield "load, Neo4j (empty database)", "≤ 4 min", _seconds_and_gib(load)
            load = run_measured([BUNDLEGRAPH, "load", *place, "--store", uri])
            yield "load, Neo4j (nothing new)", "", _seconds_and_gib(load)
    days = ["--validation-from", WEEK_46.isoformat(), "--test-from", WEEK_49.isoformat()]
    train = run_measured([BUNDLEGRAPH, "train", *days, *place, *embedded])
    yield "train, whole command (measure and final fit)", "≤ 8 GiB", _seconds_and_gib(train)
    run = cast("dict[str, float]", load_promoted(home / "models").info.config["run"])
    yield "train, fitted and tuned (its best validation within)", "≤ 10 min", f"{run['tuned_s']:.0f} s"


def measure_service(home: Path) -> Iterator[Row]:
    """Start, memory and latency of the service, one client on loopback."""
    bodies = _requests(load_promoted(home / "models"))
    started = time.perf_counter()
    server = subprocess.Popen(
        [BUNDLEGRAPH, "serve", "--port", str(PORT), "--home", str(home)], stderr=subprocess.DEVNULL
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{PORT}") as client:
            _wait_until_ready(client)
            yield "`serve` answers `readyz` after", "≤ 2 s", f"{time.perf_counter() - started:.2f} s"
            milliseconds = np.array([_generate(client, body) for body in bodies])[WARM_UP:]
        resident = psutil.Process(server.pid).memory_info().rss / 2**20
        yield "`serve`, resident after the requests", "≤ 500 MiB", f"{resident:.0f} MiB"
        p50, p99 = np.percentile(milliseconds, [50, 99])
        yield "`bundles/generate`, p50 / p99", "≤ 10 / ≤ 30 ms", f"{p50:.1f} / {p99:.1f} ms"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _requests(artifact: ModelArtifact) -> list[dict[str, object]]:
    """Anchors drawn by popularity; half of the requests have sizes and constraints as a shop front sends."""
    rng = np.random.default_rng(0)
    baskets = artifact.catalogue.baskets
    drawn = rng.choice(len(baskets), size=WARM_UP + REQUESTS, p=baskets / baskets.sum())
    bodies: list[dict[str, object]] = []
    for index in drawn:
        body: dict[str, object] = {"anchors": [artifact.catalogue.item_ids[int(index)]], "n": 5}
        if rng.random() < 0.5:
            body["size"] = {"min": 2, "max": 4}
            body["constraints"] = {"price_max": 20.0, "min_categories": 2}
        bodies.append(body)
    return bodies


def _generate(client: httpx2.Client, body: dict[str, object]) -> float:
    started = time.perf_counter()
    response = client.post("/v1/bundles/generate", json=body)
    elapsed_ms = 1_000 * (time.perf_counter() - started)
    response.raise_for_status()
    return elapsed_ms


def _wait_until_ready(client: httpx2.Client) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if client.get("/readyz").status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.01)
    raise RuntimeError("the service was not ready within 60 s")


@contextmanager
def _neo4j(home: Path) -> Iterator[str]:
    subprocess.run([BUNDLEGRAPH, "neo4j", "up", "--home", str(home)], check=True)
    try:
        status = subprocess.run(
            [BUNDLEGRAPH, "neo4j", "status", "--json", "--home", str(home)],
            check=True,
            capture_output=True,
            text=True,
        )
        yield json.loads(status.stdout)["uri"]
    finally:
        subprocess.run([BUNDLEGRAPH, "neo4j", "down", "--home", str(home)], check=True)


def _seconds_and_gib(measured: Measured) -> str:
    return f"{measured.seconds:.1f} s, {measured.peak_mib / 1024:.2f} GiB"


if __name__ == "__main__":
    main()
