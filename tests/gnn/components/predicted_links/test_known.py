from __future__ import annotations

import numpy as np

from gnn.components.predicted_links.evidence import choose_kind, known_links
from tests.gnn.planted_links import edges_of

ITEMS = np.arange(4)
LINKS = known_links(
    edges_of(
        5,
        [
            (0, 1, "also"),
            (1, 0, "also"),
            (0, 4, "also"),
            (2, 1, "together"),
            (1, 2, "also"),
            (2, 3, "also"),
            (0, 3, "similar items"),
        ],
    )
)


def test_links_of_substitutes_are_left_out() -> None:
    assert LINKS.matrix()[0].indices.tolist() == [1, 4]
    assert len(LINKS.source) == 6


def test_pairs_are_undirected_and_among_the_given_items() -> None:
    assert LINKS.pairs("also", ITEMS).tolist() == [[0, 1], [1, 2], [2, 3]]
    assert LINKS.pairs("also", np.array([1, 2])).tolist() == [[1, 2]]


def test_a_hidden_pair_is_gone_in_every_kind_and_direction() -> None:
    left = LINKS.without(np.array([[1, 2], [0, 1]]))

    assert sorted(zip(left.source.tolist(), left.target.tolist(), strict=True)) == [(0, 4), (2, 3)]


def test_the_rarest_kind_with_enough_pairs_is_learned() -> None:
    assert choose_kind(LINKS, ITEMS, min_pairs=1) == "together"
    assert choose_kind(LINKS, ITEMS, min_pairs=2) == "also"
    assert choose_kind(LINKS, ITEMS, min_pairs=4) is None


def test_a_shop_without_links_has_no_kind_to_learn() -> None:
    nothing = known_links(edges_of(3, []))

    assert nothing.kinds == ()
    assert nothing.matrix().nnz == 0
    assert choose_kind(nothing, ITEMS, min_pairs=1) is None


def test_links_of_substitutes_alone_are_nothing_to_learn_from() -> None:
    assert choose_kind(known_links(edges_of(3, [(0, 1, "Substitute")])), ITEMS, min_pairs=1) is None
