"""Protocol G: compose a bundle around one item of a real basket of Complete Journey, weeks after training.

The model is protocol B's, fitted to the data before week 46. A basket of four catalogue items or more gives
an anchor, drawn as protocol B draws its hidden item; a bundle of three or four items, one size after the
other, is composed around it for the basket's user. The metrics are the share of added items that the basket
held, and the departments that the bundle spans. All choices are made on validation. The product's co-basket
probabilities are fitted there too, so validation flatters the product: compare on test.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.composition.anchored import (
    METRICS,
    AnchoredBaskets,
    Compose,
    anchored_baskets,
    bundle_values,
    is_cross_department,
    means_of,
)
from benchmarks.composition.greedy import at_once, greedily
from benchmarks.composition.mining import fit_lift_pairs, fit_rules
from benchmarks.composition.ours import Ours
from benchmarks.quality.holdouts import holdout_of, protocol_b_config
from benchmarks.quality.options import Options
from benchmarks.quality.report import Models, ProtocolReport, gather, ours_minus
from bundles.request.schemas import Constraints, Weights
from etl.ingest import ingest
from etl.pseudonyms import load_key
from gnn.components.assembly import tuned
from gnn.components.substitutes.fitting import find_substitutes
from gnn.components.tuning import choose, served_models
from gnn.evaluation.metrics import ScoreQueries
from gnn.scoring.catalogue import LEVELS, item_codes

NUM_BASKETS = 2_000

OURS = "composed"
#: By weights chosen on validation; by default weights for an anonymous visitor.
TUNED, ANONYMOUS = "composed, weights of validation", "composed, user unknown"
#: Without the rule that no baseline follows: real baskets hold two yoghurts, a bundle should not.
WITH_SUBSTITUTES = "composed, substitutes allowed"

#: Baselines that see the anchor alone, the bar for `ANONYMOUS`; `OURS` has to beat those that know users too.
BLIND = (
    "popularity",
    "FP-growth rules",
    "top-lift pairs",
    "co-purchase cosine, greedy",
    "EASE, greedy",
)
AWARE = ("user frequency", "EASE + user frequency, greedy")
#: Row → closed form (`gnn.components.tasks`) that is composed greedily.
_GREEDY = {
    "popularity": "popularity",
    "co-purchase cosine, greedy": "co_purchase",
    "EASE, greedy": "ease",
    "user frequency": "user_frequency",
    "EASE + user frequency, greedy": "ease_user_frequency",
}

#: Tried on validation: how many baskets hold a pair, which share of baskets holds an itemset.
MIN_PAIR_BASKETS = (5, 20, 50, 100)
MIN_SUPPORTS = (0.002, 0.001, 0.0005)

#: Weights of coherence, user_fit and breadth that are tried on the first so many validation baskets.
WEIGHTS = ((1.0, 0.5, 0.3), (1.0, 1.0, 0.1), (0.3, 1.0, 0.1), (0.1, 1.0, 0.1), (0.0, 1.0, 0.0))
NUM_TRIED = 500

_AIM = 1.25

Values = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Shop:
    """The models to compose by, and the baskets to compose."""

    ours: Ours
    rankings: Mapping[str, Compose]
    """The product's item ranking by each stage, not composed."""
    closed_forms: Mapping[str, ScoreQueries]
    """Baselines of the item ranking by name; empty where they are left out."""
    past: csr_matrix
    """1 where a basket of the past holds a ranked item, [num_baskets, num_ranked]."""
    validation: AnchoredBaskets
    test: AnchoredBaskets
    root: NDArray[np.int32]
    """Level-0 category of each ranked item, -1 for none."""


def run(options: Options) -> ProtocolReport:
    """Every seed of the model on the same baskets."""
    tests, validations, slices, seconds = [], [], [], []
    values: Mapping[str, Values] = {}
    notes: list[str] = []
    is_cross = np.zeros(0, dtype=np.bool_)
    for seed in range(options.seeds):
        started = time.perf_counter()
        shop = fit_shop(options, seed=seed)
        models, notes = composers(shop, has_mining=options.baselines == "all")
        is_cross = is_cross_department(shop.test, shop.root)
        found = {name: composed_values(compose, shop.test, shop.root) for name, compose in models.items()}
        values = values or found
        tests.append({name: means_of(each) for name, each in found.items()})
        slices.append({name: means_of(each, is_cross) for name, each in found.items()})
        validations.append(
            {
                name: means_of(composed_values(compose, shop.validation, shop.root))
                for name, compose in models.items()
            }
        )
        seconds.append(time.perf_counter() - started)
    measured = gather(tests)
    return ProtocolReport(
        protocol="G",
        title="composing around an anchor",
        measures=_measures(len(values[OURS]["hit share"])),
        metrics=METRICS,
        ours=OURS,
        models=measured,
        seeds=options.seeds,
        seconds=seconds,
        validation=gather(validations),
        slices={
            "no other item of the basket is of the anchor's department": (int(is_cross.sum()), gather(slices))
        },
        intervals={
            metric: ours_minus({name: of[metric] for name, of in values.items()}, ours=OURS)
            for metric in ("hit share", "departments")
        },
        targets=targets_of(measured, validations[0]),
        notes=[*notes, *ratios(measured)],
    )


def fit_shop(options: Options, *, seed: int) -> Shop:
    """Protocol B's model, tuned on validation, and its queries as baskets to compose."""
    tables = ingest("completejourney", options.home).tables
    config = protocol_b_config(options.config, seed=seed)
    holdout = holdout_of(tables, config, checkpoint=options.scratch / f"seed-{seed}.pt")
    context, data = holdout.context, holdout.context.data
    artifact = tuned(holdout.artifact, context, choose(holdout).tuning)
    artifact = replace(artifact, substitutes=find_substitutes(data.edges, data.purchases, artifact.catalogue))
    scores = served_models(holdout, artifact)
    return Shop(
        ours=Ours(artifact, load_key(options.home)),
        rankings={
            f"our {name}, not composed": at_once(scores[name])
            for name in ("ensemble", "served")
            if name in scores
        },
        closed_forms={} if options.baselines == "none" else holdout.task.baselines(context),
        past=csr_matrix(data.ranked_purchases.lines.sign()),
        validation=anchored_baskets(holdout.validation[:NUM_BASKETS]),
        test=anchored_baskets(holdout.test[:NUM_BASKETS]),
        root=item_codes(artifact.catalogue, artifact.categories, data.ranked)[LEVELS.index("root")],
    )


def composers(shop: Shop, *, has_mining: bool = True) -> tuple[dict[str, Compose], list[str]]:
    """The composer of every row of the tables, and a sentence about each choice made on validation."""
    tried: dict[str, dict[str, Compose]] = {}
    if has_mining:
        tried = {
            "FP-growth rules": {
                f"support {share}": greedily(fit_rules(shop.past, min_support=share).score)
                for share in MIN_SUPPORTS
            },
            "top-lift pairs": {
                f"{least} baskets": greedily(fit_lift_pairs(shop.past, min_baskets=least).score)
                for least in MIN_PAIR_BASKETS
            },
        }
    tried[TUNED] = {
        f"{coherence} coherence, {fit} user_fit, {breadth} breadth": shop.ours.compose(
            weights=Weights(coherence=coherence, user_fit=fit, breadth=breadth)
        )
        for coherence, fit, breadth in WEIGHTS
    }
    chosen = {name: chosen_on_validation(choices, shop) for name, choices in tried.items()}
    models = {
        **{row: greedily(shop.closed_forms[name]) for row, name in _GREEDY.items() if shop.closed_forms},
        **{name: compose for name, (compose, _) in chosen.items()},
        **shop.rankings,
        ANONYMOUS: shop.ours.compose(knows_user=False),
        WITH_SUBSTITUTES: shop.ours.compose(constraints=Constraints(substitutes=True)),
        OURS: shop.ours.compose(),
    }
    return models, [f"{name}: {note}." for name, (_, note) in chosen.items()]


def composed_values(
    compose: Compose, baskets: AnchoredBaskets, root: NDArray[np.int32]
) -> dict[str, NDArray[np.float64]]:
    """`METRICS` of each basket's bundle."""
    return bundle_values(compose(baskets), baskets, root=root)


def targets_of(models: Models, validation: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The aim times the hit share of the baseline that is best on validation, at its breadth."""
    targets = {}
    for row, names in ((ANONYMOUS, BLIND), (OURS, (*BLIND, *AWARE))):
        others = [name for name in names if name in models]
        if not others:
            continue
        best = max(others, key=lambda name: validation[name]["hit share"])
        targets[f"{row}/hit share"] = _AIM * float(np.mean(models[best]["hit share"]))
        targets[f"{row}/departments"] = float(np.mean(models[best]["departments"]))
    return targets


def ratios(models: Models) -> list[str]:
    """The composer's hit share over that of the best baseline of each kind on test, in sentences."""
    ours = float(np.mean(models[OURS]["hit share"]))
    sentences = []
    for names, known in ((BLIND, "see the anchor alone"), (AWARE, "know the user")):
        others = [name for name in names if name in models]
        if not others:
            continue
        best = max(others, key=lambda name: np.mean(models[name]["hit share"]))
        times = ours / max(float(np.mean(models[best]["hit share"])), 1e-9)
        sentences.append(
            f"Of baselines that {known} the best is {best}: {OURS} has {times:.2f} times its hits."
        )
    return sentences


def chosen_on_validation(choices: Mapping[str, Compose], shop: Shop) -> tuple[Compose, str]:
    """The one of the greatest hit share on some validation baskets, and a sentence about all."""
    baskets = shop.validation[:NUM_TRIED]
    shares = {
        name: means_of(composed_values(compose, baskets, shop.root))["hit share"]
        for name, compose in choices.items()
    }
    best = max(shares, key=shares.__getitem__)
    tried = ", ".join(f"{name} {share:.4f}" for name, share in shares.items())
    return choices[best], f"{best} (hit share on {len(baskets)} validation baskets: {tried})"


def _measures(num_baskets: int) -> str:
    return (
        f"From one item of each of {num_baskets} test baskets (protocol B's, of at least four catalogue "
        "items) and its user, a bundle of 3 or of 4 items, one size after the other. Hit share: added "
        "items that were in that basket, of all added; cross hit share: those of them in another department "
        f"than the anchor's. The aim is {_AIM} times the hit share of the best baseline at no fewer "
        "departments: for the composer that does not know the user, of those that do not either."
    )
