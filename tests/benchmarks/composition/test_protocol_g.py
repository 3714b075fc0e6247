from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from benchmarks.composition.ablations import ABLATIONS, ablated, variety
from benchmarks.composition.anchored import METRICS, AnchoredBaskets, means_of
from benchmarks.composition.ours import Ours
from benchmarks.composition.protocol_g import (
    ANONYMOUS,
    AWARE,
    BLIND,
    OURS,
    TUNED,
    Shop,
    composed_values,
    composers,
    ratios,
    targets_of,
)
from gnn.components.tasks import BasketCompletion
from gnn.scoring.catalogue import LEVELS, Catalogue, Categories, item_codes
from tests.artifact_factory import KEY, make_artifact, planted_context
from tests.planted_shop import GROCERY

ARTIFACT = make_artifact(GROCERY)
RANKED = ARTIFACT.ranked.item
ITEMS = [ARTIFACT.catalogue.item_ids[int(item)] for item in RANKED]


def rows_of(baskets: list[list[str]]) -> csr_matrix:
    lines = np.zeros((len(baskets), len(ITEMS)), dtype=np.float32)
    for row, items in enumerate(baskets):
        lines[row, [ITEMS.index(item) for item in items if item in ITEMS]] = 1
    return csr_matrix(lines)


@pytest.fixture
def shop() -> Shop:
    """Two anonymous baskets of kinds that the shop sold before."""
    context = replace(
        planted_context(GROCERY),
        fitted={Catalogue: ARTIFACT.catalogue, Categories: ARTIFACT.categories},
    )
    others = rows_of([["bread", "butter"], ["sauce"]])
    anchors = np.array([ITEMS.index("milk"), ITEMS.index("pasta")])
    baskets = AnchoredBaskets(anchors, np.array([-1, -1]), others, np.array([2, 2]))
    return Shop(
        ours=Ours(ARTIFACT, KEY),
        rankings={},
        closed_forms=BasketCompletion().baselines(context),
        past=csr_matrix(context.data.ranked_purchases.lines.sign()),
        validation=baskets,
        test=baskets,
        root=item_codes(ARTIFACT.catalogue, ARTIFACT.categories, RANKED)[LEVELS.index("root")],
    )


def test_every_row_of_the_targets_is_composed_and_choices_are_noted(shop: Shop) -> None:
    models, notes = composers(shop)

    assert {OURS, ANONYMOUS, TUNED, *BLIND, *AWARE} <= models.keys()
    shares = {
        name: means_of(composed_values(compose, shop.test, shop.root))["hit share"]
        for name, compose in models.items()
    }
    # Milk is bought with bread and butter, pasta with sauce; one of pasta's two can be no hit.
    assert shares["EASE, greedy"] == shares["FP-growth rules"] == (2 / 2 + 1 / 2) / 2
    assert shares["user frequency"] < shares["EASE, greedy"]
    assert [note.split(":")[0] for note in notes] == ["FP-growth rules", "top-lift pairs", TUNED]


def test_without_baselines_the_product_is_composed_alone(shop: Shop) -> None:
    models, notes = composers(replace(shop, closed_forms={}), has_mining=False)

    assert not models.keys() & {*BLIND, *AWARE}
    assert {OURS, ANONYMOUS, TUNED} <= models.keys()
    assert len(notes) == 1
    rows = {name: {"hit share": [0.1], "departments": [1.0]} for name in models}
    assert targets_of(rows, {}) == {}
    assert ratios(rows) == []


def test_a_target_is_the_aim_times_the_best_baseline_of_validation() -> None:
    validation = {name: {"hit share": 0.1} for name in (*BLIND, *AWARE)}
    validation["EASE, greedy"] = {"hit share": 0.2}
    validation["user frequency"] = {"hit share": 0.3}
    test = {name: {"hit share": [0.08, 0.12], "departments": [2.0, 3.0]} for name in validation}

    found = targets_of(test, validation)

    assert found[f"{ANONYMOUS}/hit share"] == pytest.approx(1.25 * 0.1)
    assert found[f"{OURS}/departments"] == pytest.approx(2.5)


def test_the_composer_is_held_to_both_kinds_of_baselines() -> None:
    shares = dict.fromkeys((*BLIND, *AWARE), 0.1) | {"EASE, greedy": 0.2, "user frequency": 0.4}

    blind, aware = ratios({name: {"hit share": [share]} for name, share in (shares | {OURS: 0.5}).items()})

    assert "EASE, greedy: composed has 2.50 times" in blind
    assert "user frequency: composed has 1.25 times" in aware


def test_each_ablation_and_each_diversity_is_measured(shop: Shop) -> None:
    rows = ablated(shop, shop.validation)

    assert rows.keys() == ABLATIONS.keys()
    assert all(row.keys() == set(METRICS) for row in rows.values())
    varied = variety(shop, shop.validation)
    assert float(varied[0.6][2]) >= float(varied[0.0][2])
