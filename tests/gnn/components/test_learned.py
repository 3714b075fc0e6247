from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from etl.tables import Tables
from gnn.components.context import FitContext, Tuning
from gnn.components.learned import (
    fit_ease_weights,
    fit_encoder,
    fit_item_network,
    fit_ranked_items,
    fit_sequences,
)
from gnn.scoring.sequences import SequenceGate
from tests.gnn.conftest import MakeTables
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
    table = np.asfortranarray(np.arange(40, dtype=np.float64).reshape(20, 2))
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
