import pytest

from cli.export_figures import figures_of
from tests.planted_bundles import bundle


def test_the_figures_are_those_of_the_choice() -> None:
    figures = figures_of([bundle(["a", "b"], 0.9), bundle(["a", "c"], 0.8)], ["a", "b", "c", "d"])

    assert (figures.num_bundles, figures.num_items) == (2, 4)
    assert figures.coverage == 3 / 4
    assert figures.max_exposure == 2
    # Shown 0, 1, 1 and 2 times: (-3 · 0 - 1 · 1 + 1 · 1 + 3 · 2) / (4 · 4)
    assert figures.gini == pytest.approx(6 / 16)
