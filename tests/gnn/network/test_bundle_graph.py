from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from gnn.data.bundle_choices import BundleChoices
from gnn.network.bundle_graph import hide_choices, symmetric, view_graph

CPU = torch.device("cpu")
Planted = tuple[BundleChoices, csr_matrix]


def test_a_choice_is_either_in_the_graph_or_hidden(two_tastes: Planted) -> None:
    chosen = two_tastes[0].chosen

    visible, hidden = hide_choices(chosen, share=0.5, rng=np.random.default_rng(0))

    np.testing.assert_array_equal((visible + hidden).toarray(), chosen.toarray())
    assert visible.multiply(hidden).nnz == 0
    assert hidden.nnz / chosen.nnz == pytest.approx(0.5, abs=0.1)


def test_an_edge_weighs_one_over_the_root_of_both_degrees() -> None:
    matrix = csr_matrix(np.array([[1, 1], [0, 1], [0, 0]], dtype=np.float32))

    normalised = symmetric(matrix).toarray()

    expected = [[1 / np.sqrt(2 * 1), 1 / np.sqrt(2 * 2)], [0, 1 / np.sqrt(1 * 2)], [0, 0]]
    np.testing.assert_allclose(normalised, expected, rtol=1e-6)


def test_edges_that_are_left_keep_the_sum_in_the_mean(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    whole = view_graph(choices, device=CPU).contains
    dropped = view_graph(choices, device=CPU, drop_share=0.4, rng=np.random.default_rng(0)).contains

    assert whole is not None and dropped is not None
    assert len(dropped.forward.values()) < len(whole.forward.values())
    total = float(whole.forward.values().sum())
    assert float(dropped.forward.values().sum()) == pytest.approx(total, rel=0.25)


def test_relations_that_a_shop_does_not_have_are_none(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    without_contents = replace(
        choices, contains=csr_matrix(np.zeros(choices.contains.shape, dtype=np.float32))
    )
    without_purchases = replace(choices, bought=csr_matrix(np.zeros(choices.bought.shape, dtype=np.float32)))

    graph = view_graph(without_contents, device=CPU)
    assert (graph.bought, graph.contains, graph.mean_contained) == (None, None, None)

    graph = view_graph(without_purchases, device=CPU)
    assert graph.bought is None
    assert graph.contains is not None
