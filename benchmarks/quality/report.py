"""The tables, targets and costs of one protocol's run, to be printed and kept in JSON and results.md."""

from __future__ import annotations

import json
import resource
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.results import commit, machine
from gnn.evaluation.metrics import Interval, paired_interval

#: metric → its value in each run; a closed form that draws nothing may have one value alone.
Values = Mapping[str, Sequence[float]]
#: model → its values, in the order of the rows.
Models = Mapping[str, Values]

#: The folder of `quality_a.json`, `quality_b.json`, …
JSON_FOLDER = Path(__file__).parents[1]


@dataclass(frozen=True)
class ProtocolReport:
    """The tables of one protocol; every model on the same queries."""

    protocol: str
    """Its letter."""
    title: str
    """Completes "protocol A, …"."""
    measures: str
    """The task, the ranked items and the masked ones, in a few sentences."""
    metrics: Sequence[str]
    """Columns, in order."""
    ours: str
    """The row of the model that the product serves."""
    models: Models
    """On test."""
    seeds: int
    seconds: Sequence[float]
    """Of each run, baselines included."""
    validation: Models = field(default_factory=dict)
    slices: Mapping[str, tuple[int, Models]] = field(default_factory=dict)
    """Slice of test → the number of its queries, and the same rows on these."""
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    """metric → baseline → `ours` minus it, paired over the queries of one run."""
    targets: Mapping[str, float] = field(default_factory=dict)
    """`model/metric`, or `slice/model/metric`, → the mean to be reached."""
    ablations: Models = field(default_factory=dict)
    """The part left out → the metrics without it, on validation."""
    notes: Sequence[str] = ()
    """Sentences below the tables: choices made on validation, the result of the leak probe."""
    peak_gib: float = field(default_factory=lambda: peak_gib())

    def values(self, path: str) -> Sequence[float]:
        """The values that a target's `model/metric` or `slice/model/metric` names.

        Raises:
            KeyError: If there are none.
        """
        *slice_name, model, metric = path.split("/")
        models = self.slices[slice_name[0]][1] if slice_name else self.models
        return models[model][metric]

    def to_json(self) -> str:
        """The report as indented JSON, with commit and machine."""
        return (
            json.dumps(
                {"commit": commit(), "machine": machine()} | asdict(self), indent=2, ensure_ascii=False
            )
            + "\n"
        )

    @property
    def json_file(self) -> Path:
        """The file of its figures."""
        return JSON_FOLDER / f"quality_{self.protocol.lower()}.json"


def peak_gib() -> float:
    """Largest resident memory of this process so far (Linux counts it in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def gather(runs: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, list[float]]]:
    """Values of each run by model and metric; a model that draws nothing may be in the first run alone."""
    return {
        model: {metric: [run[model][metric] for run in runs if model in run] for metric in row}
        for model, row in runs[0].items()
    }


def ours_minus(values: Mapping[str, NDArray[np.float64]], *, ours: str) -> dict[str, Interval]:
    """Interval of `ours` minus each other model; `values` are by query, [num_queries] a model."""
    return {
        model: paired_interval(values[ours], theirs, rng=np.random.default_rng(0))
        for model, theirs in values.items()
        if model != ours
    }
