"""What components are fitted to: the data before a moment, what was learned from them, and the tuning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from gnn.components.category_prior import CategoryPrior
from gnn.components.cold_items.unsold import UnsoldItems, read_unsold_items
from gnn.components.ease import Ease
from gnn.config import TrainingConfig
from gnn.data.training_data import TrainingData
from gnn.network.task import LearnedLinks
from gnn.network.training import Progress, no_progress
from gnn.scoring.catalogue import Catalogue, Categories, item_codes
from gnn.scoring.item_model import CoBasketTrees, Ensemble, LinkProbability, Reranker

Component = TypeVar("Component")


@dataclass(frozen=True)
class Learned:
    """What the network and EASE learned from the same data; several components are made of them."""

    links: LearnedLinks
    """Of the network; popularity alone where there was too little to train on."""
    ease: Ease
    """Over baskets; over histories where the data are sequences."""

    @property
    def kind(self) -> str:
        """`gnn` or `closed_form`."""
        return "gnn" if self.links.target.shape[1] else "closed_form"


@dataclass(frozen=True)
class BundleTuning:
    """What validation chose for the ranking of the shop's own bundles."""

    num_epochs: tuple[int, ...]
    """Epochs of each network."""
    ease_weight: float = 1.0
    gnn_weight: float = 1.0


@dataclass(frozen=True)
class Tuning:
    """What validation chose; the defaults serve where there is nothing to choose by."""

    num_epochs: int
    """Epochs of the network's final fit."""
    ease_top_k: int
    """EASE weights that are kept a row."""
    ensemble: Ensemble = Ensemble()
    link_probability: LinkProbability = LinkProbability()
    reranker: Reranker = Reranker()
    co_basket: CoBasketTrees = CoBasketTrees()
    category_prior: CategoryPrior | None = None
    """Of links between categories; none where too few were bought together to fit it."""
    cold_weights: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    """`ColdItems.weights`; of length 0 where the past does not show where cold items should rank."""
    bundle_ranking: BundleTuning | None = None
    """None where no new choices of bundles follow the split."""


@dataclass(frozen=True)
class FitContext:
    """Everything that a fitter may read."""

    data: TrainingData
    learned: Learned
    tuning: Tuning
    config: TrainingConfig
    text_cache: Path | None = None
    """File of encoded texts; none where texts are not read."""
    progress: Progress = no_progress

    fitted: Mapping[type, object] = field(default_factory=dict)
    """Components fitted before, by class (`gnn.components.fit_components`)."""

    def component(self, kind: type[Component]) -> Component:
        """The component of a class that is fitted before this one.

        Raises:
            KeyError: If it is not: the order of `gnn.components.FITTERS` is wrong.
        """
        return cast("Component", self.fitted[kind])

    @cached_property
    def unsold(self) -> UnsoldItems | None:
        """Items that nobody bought and their content, read once for the components that need them."""
        return read_unsold_items(self.data, self.component(Catalogue), text_cache=self.text_cache)

    @cached_property
    def codes(self) -> NDArray[np.int32]:
        """Category and brand codes of the ranked items (`item_codes`), [4, num_ranked]."""
        return item_codes(self.component(Catalogue), self.component(Categories), self.data.ranked)


class Fitter(Protocol):
    """Fits one component: a frozen dataclass of `gnn.scoring`, empty where the data have nothing for it."""

    def __call__(self, context: FitContext) -> object:
        """The component of `context`."""
