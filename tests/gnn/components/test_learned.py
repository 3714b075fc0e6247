from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from etl.tables import Tables
from gnn.components.context import FitContext, Learned, Tuning
from gnn.components.learned import (
    closed_form_links,
    fit_ease_weights,
    fit_encoder,
    fit_history_ease,
    fit_item_network,
    fit_ranked_items,
    fit_sequences,
    learn,
)
from gnn.config import SequenceConfig, TrainingConfig
from gnn.data.purchases import Purchases
from gnn.data.training_data import TrainingData, training_data
from gnn.network.training import no_progress
from gnn.scoring.sequences import SequenceGate
from tests.gnn.conftest import Line, MakeTables
from tests.gnn.planted_context import make_context


@pytest.fixture(scope="module")
def baskets(shop: Tables) -> FitContext:
    return make_context(shop)


def test_recent_baskets_are_counted_back_from_the_last_event(make_tables: MakeTables) -> None:
    # 0, 27.5, 28, 111.5 and 112 days before the last event; the window's end is not in it.
    days = ["04-21T12", "03-25T00", "03-24T12", "01-01T00", "2023-12-31T12"]
    moments = [day if len(day) > 8 else f"2024-{day}" for day in days]
    tables = make_tables(
        [("bread", f"{moment}:00:00Z", "ann", str(number)) for number, moment in enumerate(moments)]
    )

    ranked = fit_ranked_items(make_context(tables))

    assert ranked.item.tolist() == [0]
    assert ranked.baskets_4_weeks.tolist() == [2]
    assert ranked.baskets_16_weeks.tolist() == [4]


def test_the_network_of_a_closed_form_is_popularity_alone(baskets: FitContext) -> None:
    network = fit_item_network(baskets)

    assert not network.is_trained
    assert network.bias.tolist() == baskets.learned.links.bias.tolist()
    assert fit_encoder(baskets).embedding.size == 0


def test_the_network_keeps_its_tables_and_its_gate(sequence_context: FitContext) -> None:
    table = np.asfortranarray(np.arange(40, dtype=np.float32).reshape(20, 2))
    gate = SequenceGate(
        by_step=np.zeros((1, 3), np.float32),
        by_item=np.zeros((20, 1), np.float32),
        by_age=np.zeros(1, np.float32),
        power=np.ones(1, np.float32),
    )
    learned = sequence_context.learned
    links = replace(learned.links, source=table, target=-table, history=2 * table, gate=gate)

    network = fit_item_network(replace(sequence_context, learned=replace(learned, links=links)))

    assert network.is_trained
    assert network.gate is gate
    for found, expected in zip((network.source, network.target, network.history), (1, -1, 2), strict=True):
        assert np.array_equal(found, expected * table)
        assert found.dtype == np.float32
        assert found.flags.c_contiguous


@pytest.mark.parametrize("top_k", [1, 3])
def test_as_many_ease_weights_are_kept_as_the_tuning_says(baskets: FitContext, top_k: int) -> None:
    weights = fit_ease_weights(replace(baskets, tuning=Tuning(num_epochs=1, ease_top_k=top_k))).weights

    assert weights.lengths.tolist() == [top_k] * 20
    full = baskets.learned.ease.top(20).toarray()
    for item, best in enumerate(np.sort(-full, axis=1)[:, :top_k]):
        indices, values = weights.row(item)
        assert sorted(-values) == pytest.approx(best)
        assert indices.tolist() == sorted(indices.tolist())


def test_baskets_have_no_model_of_sequences(baskets: FitContext) -> None:
    assert not fit_sequences(baskets).is_fitted


def test_events_and_the_ends_of_histories_are_counted(sequence_context: FitContext) -> None:
    model = fit_sequences(sequence_context)

    assert model.is_fitted
    assert model.events.sum() == 3 * 200
    assert model.last_events[:10].tolist() == [0] * 10
    assert model.last_events.sum() == 200


def test_transitions_backward_are_those_forward_seen_from_the_follower(sequence_context: FitContext) -> None:
    model = fit_sequences(sequence_context)

    for item in range(10):
        followers, forward = model.near.row(item)
        sources, backward = model.back.row(item + 10)
        assert followers[forward.argmax()] == item + 10
        assert sources[backward.argmax()] == item
        assert backward.max() == forward.max()
    for rows in (model.near, model.back, model.wide):
        assert all((np.diff(rows.row(item)[0]) > 0).all() for item in range(20))


def learn_from(data: TrainingData, config: TrainingConfig, folder: Path, *, max_epochs: int = 1) -> Learned:
    return learn(
        data,
        config=config,
        validation=None,
        max_epochs=max_epochs,
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


def test_what_was_tuned_without_a_network_is_fitted_without_one(
    make_tables: MakeTables, tiny_config: TrainingConfig, tmp_path: Path
) -> None:
    # Before validation the shop was too small; now it is large enough, but no number of epochs was tuned.
    tables = pairs_shop(make_tables, num_baskets=200, num_items=10)
    data = training_data(tables, config=tiny_config, is_sequence=False)

    assert learn_from(data, tiny_config, tmp_path, max_epochs=0).kind == "closed_form"


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
    assert np.array_equal(histories.toarray(), fit_history_ease(data.ranked_purchases).top(20).toarray())
    assert histories.nnz > 0
    assert baskets.nnz == 0


def test_users_link_items_where_baskets_hold_one(sequence_context: FitContext) -> None:
    weights = fit_history_ease(sequence_context.data.ranked_purchases).top(20).toarray()

    followers = [int(np.argmax(weights[item])) for item in range(10)]
    assert followers == [item + 10 for item in range(10)]
