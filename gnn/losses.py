"""Losses: softmax over the catalogue, whole or sampled."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_EXCLUDED = -1e4


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
