"""Ablations of the composer: one objective or stage changed at a time, on protocol G's validation.

A stage is taken away by patching its constant, or its measure, for the time of one run: the product needs no
switches that nobody else would use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from unittest import mock

import numpy as np
from numpy.typing import NDArray

import bundles.compose.objectives
from benchmarks.composition.anchored import METRICS, AnchoredBaskets, bundle_values, means_of
from benchmarks.composition.gap import gap_table
from benchmarks.composition.protocol_g import Shop, fit_shop
from benchmarks.quality.options import Options
from benchmarks.results import markdown_table
from bundles.compose.objectives import ObjectiveValues, SetTotals
from bundles.request.schemas import Constraints, Weights

NUM_BASKETS = 1_000

#: Bundles of an answer whose variety is measured.
NUM_BUNDLES = 5


@dataclass(frozen=True)
class Ablation:
    """The changes of one run."""

    weights: Mapping[str, float] = field(default_factory=dict)
    """Of the request."""
    constraints: Constraints = field(default_factory=Constraints)
    """Of the request."""
    constants: Mapping[str, object] = field(default_factory=dict)
    """Dotted name → value."""


def _mean_alone(totals: SetTotals, *, weights: Weights, max_size: int) -> ObjectiveValues:
    """Coherence is the mean link."""
    mean = totals.link_sum / np.maximum(totals.size * (totals.size - 1) / 2, 1)
    changed = replace(totals, weakest_link=mean)
    return _as_measured(changed, totals, weights=weights, max_size=max_size)


def _weakest_alone(totals: SetTotals, *, weights: Weights, max_size: int) -> ObjectiveValues:
    """Coherence is the weakest link."""
    num_pairs = totals.size * (totals.size - 1) / 2
    weakest = np.where(np.isfinite(totals.weakest_link), totals.weakest_link, 0.0)
    changed = replace(totals, link_sum=weakest * num_pairs)
    return _as_measured(changed, totals, weights=weights, max_size=max_size)


def _as_measured(
    changed: SetTotals, totals: SetTotals, *, weights: Weights, max_size: int
) -> ObjectiveValues:
    values = bundles.compose.objectives.compute_objectives(changed, weights=weights, max_size=max_size)
    weakest = bundles.compose.objectives.compute_objectives(
        totals, weights=weights, max_size=max_size
    ).weakest_link
    return replace(values, weakest_link=weakest)


_MEASURES = ("bundles.compose.beam.compute_objectives", "bundles.compose.sets.compute_objectives")
_SOURCES = {
    "scores for the visitor": "NUM_BY_SCORE",
    "links of the anchor": "NUM_BY_LINK",
    "co-purchases of the anchor": "NUM_COUNTED",
    "popularity": "NUM_POPULAR",
}

ABLATIONS: Mapping[str, Ablation] = {
    "as it is": Ablation(),
    **{f"without {name}": Ablation({name: 0.0}) for name in ("coherence", "user_fit", "breadth")},
    "coherence: mean link alone": Ablation(constants=dict.fromkeys(_MEASURES, _mean_alone)),
    "coherence: weakest link alone": Ablation(constants=dict.fromkeys(_MEASURES, _weakest_alone)),
    "substitutes allowed": Ablation(constraints=Constraints(substitutes=True)),
    "greedy, no beam": Ablation(constants={"bundles.compose.beam.BEAM_WIDTH": 1}),
    **{
        f"no candidates from {source}": Ablation(constants={f"bundles.compose.candidates.{name}": 0})
        for source, name in _SOURCES.items()
    },
}


def run(options: Options) -> list[str]:
    """The lines of the section."""
    shop = fit_shop(options, seed=0)
    baskets = shop.validation[:NUM_BASKETS]
    rows = [
        [name, *(f"{row[metric]:.4f}" for metric in METRICS)] for name, row in ablated(shop, baskets).items()
    ]
    varied = [[f"{diversity}", *row] for diversity, row in variety(shop, baskets).items()]
    return [
        f"Config `{options.config}`, seed 0, {len(baskets)} validation baskets of protocol G, user known.",
        "",
        *markdown_table(["composer", *METRICS], rows),
        "",
        f"**Diversity: {NUM_BUNDLES} bundles for each basket**",
        "",
        *markdown_table(["diversity", "hit share", "any hit in any of them", "distinct items"], varied),
        "",
        *gap_table(shop.ours, baskets),
    ]


def ablated(shop: Shop, baskets: AnchoredBaskets) -> dict[str, dict[str, float]]:
    """Means of each ablation."""
    found = {}
    for name, ablation in ABLATIONS.items():
        weights = Weights(**(Weights().model_dump() | dict(ablation.weights)))
        with changed(ablation.constants):
            added = shop.ours.compose(weights=weights, constraints=ablation.constraints)(baskets)
        found[name] = means_of(bundle_values(added, baskets, root=shop.root))
    return found


@contextmanager
def changed(constants: Mapping[str, object]) -> Iterator[None]:
    """Patch the `constants` (dotted name → value) within the block.

    Raises:
        AttributeError: If there is no such constant.
    """
    with ExitStack() as stack:
        for name, value in constants.items():
            stack.enter_context(mock.patch(name, value))
        yield


def variety(shop: Shop, baskets: AnchoredBaskets) -> dict[float, list[str]]:
    """Several bundles a basket: mean hit share, whether any of them has a hit, distinct added items."""
    rows = {}
    for diversity in (0.0, 0.3, 0.6):
        every = shop.ours.compose_several(baskets, count=NUM_BUNDLES, diversity=diversity)
        values = [bundle_values(added, baskets, root=shop.root) for added in every]
        share = np.mean([each["hit share"].mean() for each in values])
        any_hit = np.max([each["any hit"] for each in values], axis=0).mean()
        rows[diversity] = [
            f"{share:.4f}",
            f"{any_hit:.4f}",
            f"{_distinct(np.concatenate(list(every), axis=1)):.2f}",
        ]
    return rows


def _distinct(added: NDArray[np.int64]) -> float:
    return float(np.mean([len(set(row[row >= 0].tolist())) for row in added]))
