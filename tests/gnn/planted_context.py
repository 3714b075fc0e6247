"""Contexts for fitters: real tables, and what was learned from them without training a network."""

from __future__ import annotations

from dataclasses import replace

from etl.tables import Tables
from gnn.components.context import FitContext, Learned, Tuning
from gnn.components.learned import closed_form_links, fit_basket_ease, fit_history_ease
from gnn.config import STANDARD, TrainingConfig
from gnn.data.training_data import training_data
from gnn.network.task import LearnedLinks

#: The default of `make_context`.
CPU_CONFIG = replace(STANDARD, device="cpu")


def make_context(
    tables: Tables,
    *,
    config: TrainingConfig = CPU_CONFIG,
    tuning: Tuning | None = None,
    links: LearnedLinks | None = None,
    is_sequence: bool = False,
) -> FitContext:
    """The context of all of `tables`; `links` are popularity alone where they are not given."""
    data = training_data(tables, config=config, is_sequence=is_sequence)
    purchases = data.ranked_purchases
    ease = fit_history_ease(purchases) if is_sequence else fit_basket_ease(purchases, config)
    learned = Learned(closed_form_links(purchases) if links is None else links, ease)
    return FitContext(data, learned, tuning or Tuning(num_epochs=1, ease_top_k=50), config)
