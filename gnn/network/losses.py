"""Losses: softmax over the catalogue, whole or sampled."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

_EXCLUDED = -1e4

#: Rows of scores that are held at once: 12 MB of 12,000 items, which a processor's cache holds.
_BLOCK = 256


def softmax_loss(scores: Tensor, edge_label_index: Tensor, *, excluded: Tensor) -> Tensor:
    """Mean over hidden items i of −log(exp s(q, i) / Σ_j exp s(q, j)), j over all columns but the excluded.

    Args:
        scores: [B, num_candidates]. They are changed in the places of `excluded`.
        edge_label_index: Rows and columns of the hidden items, [2, num_hidden]; a row may have several, each
            a term of its own.
        excluded: Rows and columns that are no candidates, [2, num_excluded]: what the cart holds.
    """
    # Added in place, for scores are large: no copy forward, and none backward either.
    penalty = scores.new_full(excluded.shape[1:], _EXCLUDED)
    candidates = scores.index_put_(tuple(excluded), penalty, accumulate=True)
    return -candidates.log_softmax(dim=1)[tuple(edge_label_index)].mean()


def vector_softmax_loss(vectors: Tensor, items: Tensor, bias: Tensor, *, targets: Tensor) -> Tensor:
    """Mean over queries of −log(exp s(q, i) / Σ_j exp s(q, j)), s(q, j) = q · items_j + bias_j.

    The same as `softmax_loss` of the scores, but the scores are never held at once: a third of the time, a
    hundredth of the memory. The forward pass computes the gradient too, block by block.

    Args:
        vectors: The queries, [B, d].
        items: Vectors of the candidates, [num_candidates, d].
        bias: [num_candidates].
        targets: The candidate i of each query, [B].
    """
    loss: Tensor = _VectorSoftmax.apply(vectors, items, bias, targets)
    return loss


class Candidates(NamedTuple):
    """The columns of a sampled softmax."""

    items: Tensor
    """Ranked indices, ascending, [num_candidates]."""
    log_expected: Tensor
    """Log of the probability that each is drawn, to be subtracted from its score, [num_candidates]."""

    def find(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Map rows and ranked items, [2, E], to rows and columns of the candidates.

        Returns:
            The places whose item is a candidate, [2, E'], and which of `places` those are, [E].
        """
        rows, items = places
        columns = torch.searchsorted(self.items, items).clamp(max=len(self.items) - 1)
        is_candidate = self.items[columns] == items
        return torch.stack([rows, columns])[:, is_candidate], is_candidate


def draw_candidates(
    hidden_items: Tensor, popularity: Tensor, *, num_negatives: int, generator: torch.Generator
) -> Candidates:
    """The batch's hidden items and `num_negatives` draws by `popularity` (all positive, [num_ranked]).

    logQ correction for shared negatives (Bengio & Senécal 2008; Yi et al. 2019, equation 3): a candidate's
    score is lowered by log(1 − (1 − p)^n), else popular items, drawn more often, would be pushed down.
    """
    share = popularity / popularity.sum()
    drawn = torch.multinomial(share, num_negatives, replacement=True, generator=generator)
    items: Tensor = torch.unique(torch.cat([hidden_items, drawn]))
    expected = -torch.expm1(num_negatives * torch.log1p(-share[items].double()))
    return Candidates(items, expected.clamp(min=1e-12).log().float())


class _VectorSoftmax(torch.autograd.Function):
    @staticmethod
    @torch.amp.custom_fwd(device_type="cuda", cast_inputs=torch.float32)  # type: ignore[untyped-decorator]  # torch
    def forward(ctx: Any, vectors: Tensor, items: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
        by_vector, by_item = torch.empty_like(vectors), torch.zeros_like(items)
        by_bias, loss = torch.zeros_like(bias), vectors.new_zeros(())
        for start in range(0, len(vectors), _BLOCK):
            part = slice(start, start + _BLOCK)
            scores = torch.addmm(bias, vectors[part], items.T)  # [block, num_candidates]
            places = torch.arange(len(scores), device=scores.device), targets[part]
            log_total = scores.logsumexp(dim=1)
            loss += (log_total - scores[places]).sum()
            error = scores.sub_(log_total[:, None]).exp_()
            error[places] -= 1
            by_vector[part] = error @ items
            by_item += error.T @ vectors[part]
            by_bias += error.sum(dim=0)
        ctx.save_for_backward(by_vector, by_item, by_bias)
        ctx.num_queries = max(len(vectors), 1)
        mean: Tensor = loss / ctx.num_queries
        return mean

    @staticmethod
    @torch.amp.custom_bwd(device_type="cuda")  # type: ignore[untyped-decorator]  # torch
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        by_vector, by_item, by_bias = (
            found * (gradients[0] / ctx.num_queries) for found in ctx.saved_tensors
        )
        return by_vector, by_item, by_bias, None
