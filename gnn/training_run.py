"""One training run: parameters, optimiser, generators, and the best parameters so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gnn.batches import Batch, hide_items, query_batch
from gnn.checkpoint import Checkpoint
from gnn.config import TrainingConfig
from gnn.evaluation.metrics import full_ranking, ndcg_at_k
from gnn.evaluation.queries import CompletionQueries
from gnn.heads import LinkModel
from gnn.losses import draw_candidates, softmax_loss
from gnn.purchases import Purchases


@dataclass(frozen=True)
class LearnedLinks:
    """What training found, as arrays; the scales of the head are folded into the tables."""

    source: NDArray[np.float32]
    """[num_ranked, d], as are `target` and `history`."""
    target: NDArray[np.float32]
    history: NDArray[np.float32]
    bias: NDArray[np.float32]
    """[num_ranked]"""
    users: NDArray[np.float32]
    """[num_users, d]"""
    count_weights: tuple[float, float]
    """Of log(1 + count) and of [count > 0]."""
    num_epochs: int
    """Epochs after which it was best."""
    seconds: float


class TrainingRun:
    """Parameters, optimiser and generator of one run, and the best parameters so far."""

    def __init__(
        self, model: LinkModel, purchases: Purchases, config: TrainingConfig, device: torch.device
    ) -> None:
        self._model = model
        self._purchases = purchases
        self._config = config
        self._device = device
        self._rng = np.random.default_rng(config.seed)
        self._optimiser = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
        # Half a pseudo-count keeps items that are in no basket drawable.
        self._popularity = torch.from_numpy(purchases.item_baskets + 0.5).to(device)
        self._best = _copy(model)
        self._best_epoch = 0
        self._best_ndcg = -1.0
        self.last_ndcg = float("nan")
        self.epoch = 0
        self.seconds = 0.0

    @property
    def is_stale(self) -> bool:
        """True when validation has not been better for `patience` epochs."""
        return self.epoch - self._best_epoch >= self._config.patience

    def train_epoch(self, report: Callable[[int, int], None]) -> float:
        """One pass over all baskets that have a ranked item; mean loss of its steps."""
        sizes = np.diff(self._purchases.lines.indptr)
        baskets = self._rng.permutation(np.flatnonzero(sizes))
        starts = range(0, len(baskets), self._config.batch_size)
        generator = torch.Generator(device=self._device).manual_seed(int(self._rng.integers(2**62)))
        remaining = 1 - 0.9 * self.epoch / max(self._config.max_epochs, 1)
        for group in self._optimiser.param_groups:
            group["lr"] = self._config.learning_rate * remaining
        self._model.train()
        total = 0.0
        for step, start in enumerate(starts, start=1):
            batch = hide_items(
                self._purchases,
                baskets[start : start + self._config.batch_size],
                hidden_share=self._config.hidden_share,
                rng=self._rng,
                device=self._device,
            )
            loss = self._loss(batch, generator)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch
            self._optimiser.step()
            total += loss.item()
            report(step, len(starts))
        self.epoch += 1
        return total / max(len(starts), 1)

    @torch.inference_mode()
    def judge(self, validation: CompletionQueries | None) -> None:
        """Keep the parameters where they are the best on `validation`, or where there is none to judge by."""
        if validation is not None:
            self._model.eval()
            tables = self._model.encoder()

            def score(queries: CompletionQueries) -> NDArray[np.float32]:
                batch = query_batch(self._purchases, queries, device=self._device)
                scores: NDArray[np.float32] = self._model.head(tables, batch).cpu().numpy()
                return scores

            self.last_ndcg = ndcg_at_k(full_ranking(score, validation), 20)
        if validation is None or self.last_ndcg > self._best_ndcg:
            self._best, self._best_epoch, self._best_ndcg = _copy(self._model), self.epoch, self.last_ndcg

    def checkpoint(self, key: str) -> Checkpoint:
        """This run as it stands."""
        return Checkpoint(
            key=key,
            epoch=self.epoch,
            model=_copy(self._model),
            optimiser=self._optimiser.state_dict(),
            best_model=self._best,
            best_epoch=self._best_epoch,
            best_ndcg=self._best_ndcg,
            torch_state=torch.get_rng_state(),
            numpy_state=self._rng.bit_generator.state,  # type: ignore[arg-type]  # a dict for PCG64
            seconds=self.seconds,
        )

    def restore(self, found: Checkpoint) -> None:
        """Go on from `found`."""
        self._model.load_state_dict(found.model)
        self._optimiser.load_state_dict(found.optimiser)
        self._rng.bit_generator.state = found.numpy_state
        torch.set_rng_state(found.torch_state)
        self._best, self._best_epoch, self._best_ndcg = found.best_model, found.best_epoch, found.best_ndcg
        self.epoch, self.seconds = found.epoch, found.seconds

    @torch.inference_mode()
    def best_links(self) -> LearnedLinks:
        """The best parameters, ready for `gnn.scorer`."""
        self._model.load_state_dict(self._best)
        self._model.eval()
        head, tables = self._model.head, self._model.encoder()
        by_log, by_known = head.count_weight.tolist()
        return LearnedLinks(
            source=(head.scale[0] * tables.source).cpu().numpy(),
            target=tables.target.contiguous().cpu().numpy(),
            history=(head.scale[1] * tables.history).cpu().numpy(),
            bias=head.bias.cpu().numpy(),
            users=head.users.weight[:-1].cpu().numpy(),
            count_weights=(by_log, by_known),
            num_epochs=self._best_epoch,
            seconds=self.seconds,
        )

    def _loss(self, batch: Batch, generator: torch.Generator) -> torch.Tensor:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            tables = self._model.encoder()
            if len(self._popularity) <= self._config.full_softmax_items:
                scores = self._model.head(tables, batch)
                return softmax_loss(scores, batch.hidden, excluded=batch.cart_places)
            candidates = draw_candidates(
                batch.hidden[1],
                self._popularity,
                num_negatives=self._config.num_negatives,
                generator=generator,
            )
            scores = self._model.head(tables, batch, candidates) - candidates.log_expected
            hidden, excluded = (
                candidates.places(*places)[:2] for places in (batch.hidden, batch.cart_places)
            )
            return softmax_loss(scores, hidden, excluded=excluded)


def _copy(model: LinkModel) -> dict[str, torch.Tensor]:
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
