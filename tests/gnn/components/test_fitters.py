"""Components are fitted in the order of `FITTERS`, each after those that it reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gnn.components import FITTERS, fit_components
from gnn.components.context import FitContext, Tuning
from gnn.scoring.catalogue import Catalogue, Categories
from gnn.scoring.item_model import EaseWeights


@pytest.fixture(scope="module")
def components(sequence_context: FitContext) -> dict[str, Any]:
    return fit_components(sequence_context)


def test_no_two_components_are_of_one_class(components: dict[str, Any]) -> None:
    # Fitters ask for another component by its class.
    assert len({type(component) for component in components.values()}) == len(FITTERS)


def test_some_components_are_those_of_all(sequence_context: FitContext, components: dict[str, Any]) -> None:
    tuning = Tuning(num_epochs=1, ease_top_k=1)

    some = fit_components(replace(sequence_context, tuning=tuning), only=("ease", "categories"))

    assert list(some) == ["categories", "ease"]
    assert some["categories"].parent.tolist() == components["categories"].parent.tolist()
    assert some["ease"].weights.lengths.max() == 1


def test_a_fitter_reads_components_that_were_fitted_before_it(sequence_context: FitContext) -> None:
    def read_catalogue(context: FitContext) -> object:
        return context.component(Catalogue).titles

    fitters = {"catalogue": FITTERS["catalogue"], "titles": read_catalogue}

    found = fit_components(sequence_context, fitters=fitters)

    assert found["titles"] is found["catalogue"].titles
    with pytest.raises(KeyError):
        fit_components(sequence_context, fitters=dict(reversed(fitters.items())))


def test_the_context_itself_is_not_changed(sequence_context: FitContext) -> None:
    fit_components(sequence_context, only=("catalogue",))

    assert len(sequence_context.fitted) == 0


def test_progress_counts_the_components(sequence_context: FitContext) -> None:
    seen: list[tuple[str, int, int]] = []
    context = replace(sequence_context, progress=lambda *step: seen.append(step))
    fitters = {"a": lambda _: Categories(), "b": lambda _: EaseWeights(), "c": lambda _: Catalogue()}

    fit_components(context, only=("a", "c"), fitters=fitters)

    assert seen == [("components", 0, 3), ("components", 2, 3), ("components", 3, 3)]
