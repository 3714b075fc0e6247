from __future__ import annotations

from math import exp, log

import pytest
import torch

from gnn.network import losses
from gnn.network.losses import draw_candidates, softmax_loss, vector_softmax_loss

NOTHING = torch.zeros(2, 0, dtype=torch.int64)


def test_the_loss_is_the_mean_of_minus_log_softmax() -> None:
    scores = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    hidden = torch.tensor([[0, 0, 1], [0, 2, 1]])

    loss = softmax_loss(scores, hidden, excluded=NOTHING).item()

    total = log(exp(1) + exp(2) + exp(3))
    assert loss == pytest.approx(((total - 1) + (total - 3) + log(3)) / 3)


def test_excluded_columns_are_no_candidates() -> None:
    scores = torch.tensor([[9.0, 2.0, 3.0]])
    hidden = torch.tensor([[0], [2]])

    loss = softmax_loss(scores, hidden, excluded=torch.tensor([[0], [0]])).item()

    assert loss == pytest.approx(log(exp(2) + exp(3)) - 3, abs=1e-5)


def test_candidates_are_the_hidden_items_and_draws_each_once() -> None:
    hidden = torch.tensor([7, 3, 7])

    candidates = draw_candidates(
        hidden, torch.ones(10), num_negatives=4, generator=torch.Generator().manual_seed(0)
    )

    items = candidates.items.tolist()
    assert items == sorted(set(items))
    assert {3, 7} <= set(items)
    assert len(items) <= 2 + 4
    assert candidates.log_expected.exp() == pytest.approx(torch.full((len(items),), 1 - 0.9**4))


def test_places_of_the_catalogue_are_found_among_the_candidates() -> None:
    candidates = draw_candidates(
        torch.tensor([2, 5]), torch.ones(6), num_negatives=1, generator=torch.Generator().manual_seed(0)
    )._replace(items=torch.tensor([2, 5]))

    places, is_candidate = candidates.find(torch.tensor([[0, 1, 1], [5, 3, 2]]))

    assert places.tolist() == [[0, 1], [1, 0]]
    assert is_candidate.tolist() == [True, False, True]


def test_the_correction_makes_the_sampled_sum_that_of_the_whole_catalogue() -> None:
    generator = torch.Generator().manual_seed(0)
    scores, popularity = torch.randn(50, generator=generator), torch.rand(50, generator=generator) + 0.1
    nobody = torch.zeros(0, dtype=torch.int64)

    sums = []
    for _ in range(2_000):
        candidates = draw_candidates(nobody, popularity, num_negatives=20, generator=generator)
        sums.append((scores[candidates.items] - candidates.log_expected).exp().sum().item())

    assert sum(sums) / len(sums) == pytest.approx(scores.exp().sum().item(), rel=0.03)


def test_the_loss_of_vectors_and_its_gradients_are_those_of_their_scores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(losses, "_BLOCK", 2)
    generator = torch.Generator().manual_seed(0)
    vectors, items = torch.randn(5, 3, generator=generator), torch.randn(7, 3, generator=generator)
    inputs = [
        vectors.requires_grad_(),
        items.requires_grad_(),
        torch.randn(7, generator=generator).requires_grad_(),
    ]
    targets = torch.tensor([6, 0, 0, 3, 1])

    loss = vector_softmax_loss(inputs[0], inputs[1], inputs[2], targets=targets)
    found = torch.autograd.grad(2 * loss, inputs)

    scores = inputs[0] @ inputs[1].T + inputs[2]
    same = softmax_loss(scores, torch.stack([torch.arange(5), targets]), excluded=NOTHING)
    assert loss.item() == pytest.approx(same.item(), rel=1e-6)
    for one, other in zip(found, torch.autograd.grad(2 * same, inputs), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
