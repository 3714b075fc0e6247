"""A new component takes one class, one field, one fitter and one line of the map."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.files import load_as, save_artifact
from gnn.artifact.model import ModelArtifact
from gnn.components import FITTERS, fit_components
from gnn.components.context import FitContext, Fitter
from gnn.scoring.catalogue import Catalogue
from tests.artifact_factory import (
    PlantedItem,
    PlantedShop,
    assert_same_columns,
    make_artifact,
    planted_context,
)

SHOP = PlantedShop(
    items=[PlantedItem("apple", price=1.0), PlantedItem("bread", price=3.0), PlantedItem("cream")],
    baskets=[(["apple", "bread"], 20), (["cream"], 12)],
)


@dataclass(frozen=True)
class Cheapness:
    """A toy component: cheap items first."""

    negative_price: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    """[num_items]; the mean where an item has no price."""
    mean: float = 0.0

    def score(self, items: NDArray[np.integer]) -> NDArray[np.float32]:
        """Scores of item indices."""
        return np.asarray(self.negative_price[items])


@dataclass(frozen=True)
class ToyArtifact(ModelArtifact):
    """A model with one component more."""

    cheapness: Cheapness = Cheapness()


def fit_cheapness(context: FitContext) -> Cheapness:
    price = context.component(Catalogue).price
    if not np.isfinite(price).any():
        return Cheapness()
    mean = float(np.nanmean(price))
    return Cheapness(-np.where(np.isnan(price), mean, price).astype(np.float32), mean)


TOY_FITTERS: dict[str, Fitter] = {**FITTERS, "cheapness": fit_cheapness}


def test_a_new_component_is_trained_saved_loaded_and_scored(tmp_path: Path) -> None:
    info = make_artifact(SHOP).info

    trained = ToyArtifact(info, **fit_components(planted_context(SHOP), fitters=TOY_FITTERS))
    loaded = load_as(save_artifact(trained, tmp_path), ToyArtifact)

    assert_same_columns(loaded, trained)
    # Apple, bread, and cream at the mean of both.
    assert loaded.cheapness.score(np.arange(3)).tolist() == [-1, -3, -(1 + 3) / 2]
    assert loaded.cheapness.mean == 2.0


def test_it_is_empty_where_the_data_have_nothing_for_it(tmp_path: Path) -> None:
    shop = replace(SHOP, items=[replace(item, price=None) for item in SHOP.items])

    fitted = fit_components(planted_context(shop), only=("catalogue", "cheapness"), fitters=TOY_FITTERS)
    saved = save_artifact(ToyArtifact(make_artifact(shop).info, **fitted), tmp_path)

    assert_same_columns(load_as(saved, ToyArtifact).cheapness, Cheapness())
