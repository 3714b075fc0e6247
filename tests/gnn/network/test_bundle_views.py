from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from scipy.sparse import csr_matrix

from gnn.data.bundle_choices import BundleChoices
from gnn.network.bundle_graph import view_graph
from gnn.network.bundle_views import ThreeViews, propagate_both
from gnn.data.sparse import adjacency

CPU = torch.device("cpu")
Planted = tuple[BundleChoices, csr_matrix]


def make_views(choices: BundleChoices) -> ThreeViews:
    generator = torch.Generator().manual_seed(0)
    return ThreeViews(
        choices.num_users, choices.num_bundles, choices.bought.shape[1], dim=8, generator=generator
    )


def test_a_node_is_the_mean_of_itself_and_the_unit_of_what_it_receives() -> None:
    relation = adjacency(csr_matrix(np.array([[2.0, 0.0], [0.0, 0.0]], dtype=np.float32)), device=CPU)
    left, right = torch.tensor([[0.0, 2.0], [4.0, 0.0]]), torch.tensor([[3.0, 4.0], [1.0, 0.0]])

    users, items = propagate_both(left, right, relation, num_layers=1)

    # The first user receives 2 · (3, 4), of direction (.6, .8), the first item 2 · (0, 2), others nothing.
    torch.testing.assert_close(users, torch.tensor([[0.6 / 2, (2 + 0.8) / 2], [4 / 2, 0.0]]))
    torch.testing.assert_close(items, torch.tensor([[3 / 2, (4 + 1) / 2], [1 / 2, 0.0]]))


def test_vectors_are_of_unit_length(two_tastes: Planted) -> None:
    choices, _ = two_tastes

    users, bundles = make_views(choices)(view_graph(choices, device=CPU))

    torch.testing.assert_close(users.norm(dim=1), torch.ones(choices.num_users))
    torch.testing.assert_close(bundles.norm(dim=1), torch.ones(choices.num_bundles))


def test_a_bundle_that_nobody_chose_has_a_vector_from_its_items(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    chosen = choices.chosen.toarray()
    chosen[:, 4] = 0
    views = make_views(choices)
    with torch.no_grad():
        views.bundles[4] = 0

    _, bundles = views(view_graph(replace(choices, chosen=csr_matrix(chosen)), device=CPU))

    assert float(bundles[4].detach().norm()) > 0.99


def test_without_contents_choices_are_the_one_view(two_tastes: Planted) -> None:
    choices, _ = two_tastes
    nothing = csr_matrix(np.zeros(choices.contains.shape, dtype=np.float32))
    views = make_views(choices)

    users, bundles = views(view_graph(replace(choices, contains=nothing), device=CPU))

    (users.sum() + bundles.sum()).backward()
    assert views.items.grad is None
    assert views.users.grad is not None
