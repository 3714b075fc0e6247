from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from etl.tables import Tables
from gnn.components.context import FitContext, Learned
from gnn.components.learned import closed_form_links, fit_history_ease, learn
from gnn.config import SequenceConfig, TrainingConfig
from gnn.data.purchases import Purchases
from gnn.data.training_data import TrainingData, training_data
from gnn.network.training import no_progress
from tests.gnn.conftest import Line, MakeTables


def learn_from(data: TrainingData, config: TrainingConfig, folder: Path) -> Learned:
    return learn(
        data,
        config=config,
        validation=None,
        max_epochs=1,
        checkpoint=folder / "run.pt",
        progress=no_progress,
    )


def pairs_shop(make_tables: MakeTables, *, num_baskets: int, num_items: int) -> Tables:
    """Each basket holds two neighbours of `num_items` items in a ring."""
    lines: list[Line] = [
        (f"{(basket + step) % num_items:02}", f"2024-01-{1 + basket % 28:02}T10:00:00Z", "", str(basket))
        for basket in range(num_baskets)
        for step in range(2)
    ]
    return make_tables(lines)


@pytest.mark.parametrize(
    ("num_baskets", "num_items", "kind"),
    [(199, 10, "closed_form"), (200, 9, "closed_form"), (200, 10, "gnn")],
)
def test_a_network_is_trained_from_200_baskets_and_10_items_on(
    make_tables: MakeTables,
    tiny_config: TrainingConfig,
    tmp_path: Path,
    num_baskets: int,
    num_items: int,
    kind: str,
) -> None:
    tables = pairs_shop(make_tables, num_baskets=num_baskets, num_items=num_items)
    data = training_data(tables, config=tiny_config, is_sequence=False)

    learned = learn_from(data, tiny_config, tmp_path)

    assert learned.kind == kind
    assert learned.links.target.shape == (num_items, tiny_config.embedding_dim if kind == "gnn" else 0)


def test_without_a_network_the_bias_is_popularity(shop_purchases: Purchases) -> None:
    links = closed_form_links(shop_purchases)

    baskets = shop_purchases.item_baskets + 1
    assert links.bias == pytest.approx(np.log(baskets / baskets.sum()))
    assert links.users.shape == (shop_purchases.counts.shape[0], 0)


def test_ease_is_fitted_to_baskets_or_histories_as_the_data_ask(
    sequence_context: FitContext, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    data = sequence_context.data
    config = replace(tiny_config, sequence=SequenceConfig(embedding_dim=8, max_epochs=1))

    histories = learn_from(data, config, tmp_path).ease.top(20)
    baskets = learn_from(replace(data, is_sequence=False), config, tmp_path).ease.top(20)

    # Baskets of one item link nothing.
    assert (histories != fit_history_ease(data.ranked_purchases).top(20)).nnz == 0
    assert histories.nnz > 0
    assert baskets.nnz == 0


def test_users_link_items_where_baskets_hold_one(sequence_context: FitContext) -> None:
    weights = fit_history_ease(sequence_context.data.ranked_purchases).top(20).toarray()

    followers = [int(np.argmax(weights[item])) for item in range(10)]
    assert followers == [item + 10 for item in range(10)]
