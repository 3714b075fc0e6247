from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnn.scoring.containers import Csr
from gnn.scoring.substitutes import SubstitutePairs, Substitutes

PLAIN_YOGHURT, CHERRY_YOGHURT, CAKE_TIN, BAKING_PAPER, WHISK, PENNE, SHELLS, ODD = range(8)


def planted() -> SubstitutePairs:
    """Two yoghurts are variants; tin, paper and whisk are one type, but paper and tin are complements.

    Penne and shells are of no type, and replace each other.
    """
    return SubstitutePairs(
        Substitutes(
            variant=np.array([0, 0, -1, -1, -1, -1, -1, -1], dtype=np.int32),
            product_type=np.array([7, 7, 3, 3, 3, -1, -1, -1], dtype=np.int32),
            score=Csr(
                indptr=np.array([0, 0, 0, 1, 2, 2, 3, 4, 4]),
                indices=np.array([BAKING_PAPER, CAKE_TIN, SHELLS, PENNE], dtype=np.int32),
                values=np.array([0.0, 0.0, 0.8, 0.8], dtype=np.float32),
            ),
        )
    )


def test_variants_types_and_listed_pairs_are_substitutes() -> None:
    found = planted().among(np.arange(8))

    pairs = {(int(a), int(b)) for a, b in zip(*np.nonzero(np.triu(found)), strict=True)}
    assert pairs == {
        (PLAIN_YOGHURT, CHERRY_YOGHURT),
        (CAKE_TIN, WHISK),
        (BAKING_PAPER, WHISK),
        (PENNE, SHELLS),
    }
    assert (found == found.T).all()
    assert not found.diagonal().any()


def test_a_kind_is_how_one_item_replaces_another() -> None:
    pairs = planted()

    assert pairs.kind(CHERRY_YOGHURT, PLAIN_YOGHURT) == "variant"
    assert pairs.kind(SHELLS, PENNE) == "substitute"
    assert pairs.kind(WHISK, CAKE_TIN) == "substitute"
    assert pairs.kind(CAKE_TIN, BAKING_PAPER) is None
    assert pairs.kind(ODD, ODD) is None


def test_all_items_that_replace_an_item_are_found() -> None:
    assert planted().of(WHISK).tolist() == [CAKE_TIN, BAKING_PAPER]
    assert planted().of(ODD).tolist() == []


@given(
    rows=st.lists(st.integers(0, 7), unique=True, max_size=8),
    columns=st.lists(st.integers(0, 7), unique=True, max_size=8),
)
def test_a_rectangle_is_a_part_of_the_square(rows: list[int], columns: list[int]) -> None:
    everything = planted().among(np.arange(8))

    part = planted().between(np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64))

    assert part.tolist() == everything[rows][:, columns].tolist()


@pytest.mark.parametrize("num_items", [0, 3])
def test_without_substitutes_nothing_replaces_anything(num_items: int) -> None:
    assert not SubstitutePairs(Substitutes()).among(np.arange(num_items)).any()
