"""Settings of a training run, and the named sets of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date


@dataclass(frozen=True)
class SequenceConfig:
    """Settings of a model of ordered histories, where they differ from `TrainingConfig`."""

    is_ordered: bool = True
    """False leaves the order and age of a history out, for comparison."""
    embedding_dim: int = 64
    """Length of an item's vectors; a multiple of `num_heads`."""
    num_heads: int = 4
    """Attention heads; each has a share of the vector and forgets at a speed of its own."""
    max_steps: int = 50
    """Events of a history in training. When serving, older events weigh as much as the oldest of these."""
    num_neighbours: int = 10
    """Strongest transitions that an item receives from, each way."""
    ease_top_k: int = 200
    """EASE weights that are kept a row: histories are long, so few are enough."""
    relations: tuple[str, ...] = ()
    """Relations of `gnn.data.hetero_data.ITEM_RELATIONS` that items receive along, besides transitions."""
    dropout: float = 0.4
    """Share of a history's vector that is dropped in training."""
    event_dropout: float = 0.2
    """Share of a history's events that are dropped in training."""
    targets_a_step: int = 4_096
    """Items to predict in one step, about."""
    learning_rate: float = 6e-3
    """Of Adam, at the first epoch; falls linearly to a tenth at the last."""
    max_epochs: int = 6
    """Passes over the histories, at most."""


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a training run. A setting that is None follows from the data."""

    name: str = "standard"
    """Which named set this is."""
    seed: int = 0
    """Seed of all random draws in training. The choice of queries does not depend on it."""
    device: str = "auto"
    """`auto` takes a GPU where there is one; else as PyTorch names it: `cpu`, `cuda:1`."""

    validation_from: date | None = None
    """First local day of validation; the model is fitted to the days before. None: by `holdout_share`."""
    test_from: date | None = None
    """First local day of test."""
    holdout_share: float = 0.1
    """Share of the latest baskets in test, and as many before them in validation, where no days are given."""
    max_queries: int = 4_000
    """Queries drawn from each of validation and test."""
    min_basket_items: int = 4
    """Fewest ranked items in a query's basket; lowered to 2 where that leaves under 200 queries."""
    min_item_baskets: int | None = None
    """Fewest baskets that a ranked item is in."""

    embedding_dim: int = 128
    """Length of an item's vectors."""
    num_layers: int = 1
    """Propagation depth along item–item relations."""
    relations: tuple[str, ...] = ("co_purchase",)
    """Relations of `gnn.data.hetero_data.ITEM_RELATIONS` that items receive along."""
    num_neighbours: int = 30
    """Strongest neighbours of each relation that an item receives from."""
    hidden_share: float = 0.2
    """Share of each training basket that is to be predicted from the rest."""
    dropout: float = 0.2
    """Share of a query's vector that is dropped in training."""
    batch_size: int = 512
    """Baskets a step."""
    learning_rate: float = 2e-3
    """Of Adam, at the first epoch; falls linearly to a tenth at the last."""
    max_epochs: int = 8
    """Passes over the baskets, at most."""
    patience: int = 2
    """Epochs without a better validation NDCG@20 that end training."""
    full_softmax_items: int = 50_000
    """Ranked items up to which the loss is over the whole catalogue; above, it is sampled."""
    num_negatives: int = 8_192
    """Draws a step where the loss is sampled."""

    ease_ridge: float = 0.6
    """λ of the EASE of the ensemble, as a multiple of the mean diagonal of its Gram matrix."""
    ease_size_power: float = 0.5
    """A basket weighs size^−this in it."""
    ease_half_life_weeks: float = 20.0
    """Age at which a basket weighs half as much in it."""
    ease_top_k: tuple[int, ...] = (50, 100, 200, 400)
    """Weights a row that may be kept; validation chooses."""

    shortlist_size: int = 200
    """Best items of the first stage that the second stage reorders."""

    reads_texts: bool = True
    """Titles, descriptions and category names are encoded where the extra `text` is installed, for items that
    nobody bought; else their words count alone."""
    warm_tolerance: float | None = 0.01
    """Share of their NDCG@20 that known items may lose to those that nobody bought yet; none: as much as the
    same items cost them when they were known, for a shop whose unsold items are launches."""
    sequence: SequenceConfig = field(default_factory=SequenceConfig)
    """Where the data are sequences: what differs from the fields above."""

    def to_json(self) -> dict[str, object]:
        """As it is stored with the model: lists for tuples, days as text."""
        values: dict[str, object] = json.loads(json.dumps(asdict(self), default=date.isoformat))
        return values


STANDARD = TrainingConfig()

#: Lighter: for a first look and for `bundlegraph demo`.
DEMO = TrainingConfig(
    name="demo",
    embedding_dim=64,
    batch_size=1024,
    learning_rate=4e-3,
    max_epochs=4,
    max_queries=2_000,
    reads_texts=False,
)

CONFIGS = {config.name: config for config in (STANDARD, DEMO)}
