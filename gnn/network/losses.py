"""Losses: softmax over the catalogue, whole or sampled."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

_EXCLUDED = -1e4

#: Rows of scores that are held at once: 12 MB of 12,000 items, which a processor's cache holds.
_BLOCK = 256


def softmax_loss(scores: Tensor, hidden: tuple[Tensor, Tensor], *, excluded: tuple[Tensor, Tensor]) -> Tensor:
    """Mean over hidden items i of −log(exp s(q, i) / Σ_j exp s(q, j)), j over all columns but the excluded.

    Args:
        scores: [B, num_candidates].
        hidden: Rows and columns of the items to be found; a row may have several, each a term of its own.
        excluded: Rows and columns that are no candidates: what the cart holds. `scores` change there.
    """
    # Added in place, for scores are large: no copy forward, and none backward either.
    penalty = scores.new_full(excluded[0].shape, _EXCLUDED)
    candidates = scores.index_put_(excluded, penalty, accumulate=True)
    return -candidates.log_softmax(dim=1)[hidden].mean()


def vector_softmax_loss(vectors: Tensor, target: Tensor, bias: Tensor, *, hidden: Tensor) -> Tensor:
    """Mean over queries of −log(exp s(q, i) / Σ_j exp s(q, j)), s(q, j) = q · target_j + bias_j.

    The same as `softmax_loss` of the scores, without ever holding them: a third of the time, a hundredth of
    the memory. The gradient is found on the way, block by block.

    Args:
        vectors: The queries, [B, d].
        target: [num_candidates, d].
        bias: [num_candidates].
        hidden: The column that each query asks for, [B].
    """
    loss: Tensor = _VectorSoftmax.apply(vectors, target, bias, hidden)
    return loss


class Candidates(NamedTuple):
    """The columns of a sampled softmax."""

    items: Tensor
    """Ranked indices, ascending, [num_candidates]."""
    log_expected: Tensor
    """Log of the probability that each is drawn: what its score is lowered by, [num_candidates]."""

    def places(self, rows: Tensor, items: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Places of the catalogue among the candidates: rows, columns, and which of them are there."""
        columns = torch.searchsorted(self.items, items).clamp(max=len(self.items) - 1)
        is_candidate = self.items[columns] == items
        return rows[is_candidate], columns[is_candidate], is_candidate


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
    def forward(ctx: Any, vectors: Tensor, target: Tensor, bias: Tensor, hidden: Tensor) -> Tensor:
        by_vector, by_target = torch.empty_like(vectors), torch.zeros_like(target)
        by_bias, loss = torch.zeros_like(bias), vectors.new_zeros(())
        for start in range(0, len(vectors), _BLOCK):
            part = slice(start, start + _BLOCK)
            scores = torch.addmm(bias, vectors[part], target.T)  # [block, num_candidates]
            places = torch.arange(len(scores), device=scores.device), hidden[part]
            log_total = scores.logsumexp(dim=1)
            loss += (log_total - scores[places]).sum()
            error = scores.sub_(log_total[:, None]).exp_()
            error[places] -= 1
            by_vector[part] = error @ target
            by_target += error.T @ vectors[part]
            by_bias += error.sum(dim=0)
        ctx.save_for_backward(by_vector, by_target, by_bias)
        ctx.num_queries = max(len(vectors), 1)
        mean: Tensor = loss / ctx.num_queries
        return mean

    @staticmethod
    @torch.amp.custom_bwd(device_type="cuda")  # type: ignore[untyped-decorator]  # torch
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        by_vector, by_target, by_bias = (
            found * (gradients[0] / ctx.num_queries) for found in ctx.saved_tensors
        )
        return by_vector, by_target, by_bias, None
