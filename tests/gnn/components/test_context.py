from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gnn.components.context import FitContext
from gnn.components.shop import fit_catalogue, fit_categories
from gnn.scoring.catalogue import Catalogue, Categories, item_codes


def test_vectors_make_a_gnn_and_none_a_closed_form(sequence_context: FitContext) -> None:
    learned = sequence_context.learned
    vectors = np.zeros((20, 4), dtype=np.float32)

    assert learned.kind == "closed_form"
    assert replace(learned, links=replace(learned.links, target=vectors)).kind == "gnn"


def test_a_component_that_is_not_fitted_yet_is_not_found(sequence_context: FitContext) -> None:
    catalogue = fit_catalogue(sequence_context)
    context = replace(sequence_context, fitted={Catalogue: catalogue})

    assert context.component(Catalogue) is catalogue
    with pytest.raises(KeyError):
        context.component(Categories)


def test_codes_are_those_of_the_ranked_items(sequence_context: FitContext) -> None:
    catalogue, categories = fit_catalogue(sequence_context), fit_categories(sequence_context)
    context = replace(sequence_context, fitted={Catalogue: catalogue, Categories: categories})

    assert np.array_equal(context.codes, item_codes(catalogue, categories, context.data.ranked))
    # Item 0 has no brand; items i and i + 10 share theirs.
    brand = context.codes[3]
    assert brand[0] == -1
    assert np.array_equal(brand[1:10], brand[11:])
