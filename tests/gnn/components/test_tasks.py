from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from etl.tables import Tables
from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import first_stage, item_scorer
from gnn.components import fit_components
from gnn.components.assembly import SCORING, assemble
from gnn.components.context import FitContext, Tuning
from gnn.components.tasks import (
    ENOUGH_QUERIES,
    HIDDEN_A_BASKET,
    BasketCompletion,
    NextItem,
    hide_several,
    task_of,
)
from gnn.config import SequenceConfig, TrainingConfig
from gnn.data.queries import CompletionQueries, NextItemQueries, as_next_item, item_queries
from gnn.data.training_data import training_data
from gnn.evaluation.leak_probe import LEAK_PROBE
from gnn.evaluation.metrics import full_ranking, hit_rate_at_k
from gnn.network.task import LearnedLinks
from gnn.scoring.catalogue import Catalogue, Categories
from gnn.scoring.item_model import Ensemble
from gnn.scoring.sequence_stage import ScoredSequences, SequenceStage
from gnn.scoring.sequences import SequenceGate
from tests.gnn.conftest import Line, MakeTables
from tests.gnn.planted_context import make_context

CARTS = csr_matrix(np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]], dtype=np.float32))
QUERIES = CompletionQueries(CARTS, np.array([0, -1, 2]), np.array([4, 5, 3]), ("x", "y", "z"))
RANKED = np.arange(6, dtype=np.int32)


def with_codes(context: FitContext) -> FitContext:
    """`context` after the components that item codes are of."""
    fitted = fit_components(context, only=("catalogue", "categories"))
    return replace(context, fitted={Catalogue: fitted["catalogue"], Categories: fitted["categories"]})


@pytest.fixture(scope="module")
def baskets(shop: Tables) -> FitContext:
    return with_codes(make_context(shop))


def meals() -> CompletionQueries:
    """Three items of each of the five meals of `shop`; the fourth, the last one of its meal, is hidden."""
    carts = np.zeros((5, 20), dtype=np.float32)
    for meal in range(5):
        carts[meal, 4 * meal : 4 * meal + 3] = 1
    return CompletionQueries(csr_matrix(carts), np.full(5, -1), 4 * np.arange(5) + 3, ("",) * 5)


def test_the_task_follows_from_the_data(sequence_context: FitContext) -> None:
    data = sequence_context.data

    assert isinstance(task_of(is_sequence=data.is_sequence), NextItem)
    assert isinstance(task_of(is_sequence=False), BasketCompletion)


def test_sequences_have_epochs_and_ease_weights_of_their_own() -> None:
    config = TrainingConfig(
        max_epochs=8, ease_top_k=(50, 100), sequence=SequenceConfig(max_epochs=6, ease_top_k=200)
    )

    assert (BasketCompletion().max_epochs(config), NextItem().max_epochs(config)) == (8, 6)
    assert (BasketCompletion().top_k_choices(config), NextItem().top_k_choices(config)) == ((50, 100), (200,))


def basket_lines(sizes: list[int]) -> list[Line]:
    """Baskets of so many of ten items, a hundred a day."""
    return [
        (f"{(basket + step) % 10}", f"{date(2024, 1, 1) + timedelta(days=basket // 100)}T10:00:00Z", "", name)
        for basket, size in enumerate(sizes)
        for name in [str(basket)]
        for step in range(size)
    ]


@pytest.mark.parametrize(
    ("num_large", "num_queries"), [(ENOUGH_QUERIES, ENOUGH_QUERIES), (ENOUGH_QUERIES - 1, 300)]
)
def test_small_baskets_are_queries_only_where_there_are_few_large_ones(
    make_tables: MakeTables, tiny_config: TrainingConfig, num_large: int, num_queries: int
) -> None:
    sizes = [4] * num_large + [2] * (300 - num_large)
    tables = make_tables(basket_lines(sizes))
    data = training_data(tables, config=tiny_config, is_sequence=False)

    queries = BasketCompletion().queries(
        data, config=tiny_config, since=datetime(2024, 1, 1, tzinfo=UTC), until=None
    )

    assert len(queries) == num_queries


def test_which_baskets_are_queries_does_not_depend_on_the_seed(
    shop: Tables, tiny_config: TrainingConfig
) -> None:
    config = replace(tiny_config, max_queries=50)
    since = datetime(2026, 5, 1, tzinfo=UTC)
    data = training_data(shop, config=config, is_sequence=False, until=since)

    first, second = (
        BasketCompletion().queries(data, config=replace(config, seed=seed), since=since, until=None)
        for seed in (0, 1)
    )

    assert len(first) == 50
    assert first.basket_ids == second.basket_ids
    assert np.array_equal(first.hidden, second.hidden)


def test_a_user_has_one_query_in_a_window(sequence_context: FitContext) -> None:
    since = datetime(2024, 1, 2, tzinfo=UTC)

    queries = NextItem().queries(
        sequence_context.data, config=sequence_context.config, since=since, until=None
    )

    assert len(set(queries.users.tolist())) == len(queries)
    # A user whose second item is the first one again has a query for the third.
    assert set(queries.histories.lengths.tolist()) <= {1, 2}
    assert len(queries) == 200
    assert queries.carts[np.arange(200), queries.hidden].sum() == 0


def test_several_items_of_a_basket_are_hidden_to_learn_from() -> None:
    training = BasketCompletion().training_queries(QUERIES, RANKED, seed=0)

    assert training.num_validation == 3
    assert training.hidden[:3].tolist() == [4, 5, 3]
    assert training.group.tolist() == [0, 1, 2, 0, 0, 0]
    assert np.bincount(training.group).max() == HIDDEN_A_BASKET
    assert [sorted(query.cart) for query in training.queries[:3]] == [[0, 1, 2], [2], []]
    for query, hidden in zip(training.queries[3:], training.hidden[3:], strict=True):
        assert sorted([*query.cart, hidden]) == [0, 1, 2, 4]
        assert query.user_index == 0


def test_a_next_item_is_hidden_once_a_user(next_items: NextItemQueries) -> None:
    training = NextItem().training_queries(next_items, np.arange(20, dtype=np.int32), seed=0)

    assert training.num_validation == len(training.queries) == 400
    assert training.group.tolist() == list(range(400))
    assert training.hidden.tolist() == next_items.hidden.tolist()
    assert all(query.events is not None for query in training.queries)


def test_the_queries_themselves_come_first() -> None:
    queries, basket = hide_several(QUERIES, 4, rng=np.random.default_rng(0))

    assert basket[:3].tolist() == [0, 1, 2]
    assert np.array_equal(queries.carts[:3].toarray(), CARTS.toarray())
    assert queries.hidden[:3].tolist() == [4, 5, 3]


def test_other_items_of_the_basket_are_hidden_in_turn() -> None:
    queries, basket = hide_several(QUERIES, 3, rng=np.random.default_rng(0))

    # The first basket holds 0, 1, 2 and 4; the others have nothing to spare.
    assert basket.tolist() == [0, 1, 2, 0, 0]
    whole = queries.carts.toarray()
    whole[np.arange(len(queries)), queries.hidden] += 1
    assert (whole[3:] == [1, 1, 1, 0, 1, 0]).all()
    assert len({*queries.hidden[3:].tolist(), 4}) == 3
    assert queries.users.tolist() == [0, -1, 2, 0, 0]
    assert queries.basket_ids == ("x", "y", "z", "x", "x")


@pytest.mark.parametrize("count", [1, 2, 10])
def test_no_item_of_a_basket_is_hidden_twice(count: int) -> None:
    queries, basket = hide_several(QUERIES, count, rng=np.random.default_rng(1))

    pairs = list(zip(basket.tolist(), queries.hidden.tolist(), strict=True))

    assert len(set(pairs)) == len(pairs)
    assert np.bincount(basket).max() <= count


def test_closed_forms_complete_a_meal_and_popularity_does_not(baskets: FitContext) -> None:
    models = BasketCompletion().baselines(baskets)

    hits = {name: hit_rate_at_k(full_ranking(score, meals()), 1) for name, score in models.items()}
    can_complete = {
        "co_purchase",
        "ease",
        "ease_user_frequency",
        "ease_weighted",
        "ease_weighted_user_frequency",
    }
    assert set(models) == {LEAK_PROBE, "popularity", "user_frequency", *can_complete}
    assert {name for name, rate in hits.items() if rate == 1.0} == can_complete
    assert hits["popularity"] <= 1 / 5


def test_closed_forms_of_sequences_find_the_follower(
    sequence_context: FitContext, next_items: NextItemQueries
) -> None:
    models = NextItem().baselines(with_codes(sequence_context))
    queries = replace(next_items, users=next_items.users % 200)

    hits = {name: hit_rate_at_k(full_ranking(score, queries), 1) for name, score in models.items()}
    assert set(models) == {LEAK_PROBE, "popularity", "co_purchase", "ease", "ease_and_transitions"}
    # The order tells which of the two items of a history is the latest.
    assert hits["ease_and_transitions"] == 1.0
    assert 0.3 < hits["ease"] < 0.7
    assert hits["popularity"] < 0.3


def test_slices_of_baskets_and_of_sequences(
    baskets: FitContext, sequence_context: FitContext, next_items: NextItemQueries
) -> None:
    of_baskets = BasketCompletion().slices(meals(), baskets)
    of_sequences = NextItem().slices(next_items, with_codes(sequence_context))

    assert set(of_baskets) == {"cross_category", "new_to_user", "cold_item", "cold_user"}
    # Each item of a meal is of another aisle of another department, or of the same: chilled, fresh, cupboard.
    assert of_baskets["cross_category"].all()
    assert of_baskets["cold_user"].all()
    assert not of_baskets["cold_item"].any()
    # Items i and i + 10 are of different categories, and categories have none above them.
    assert set(of_sequences) == {"cross_category"}
    assert of_sequences["cross_category"].all()


def learned_links(links: LearnedLinks, *, gate: SequenceGate | None) -> LearnedLinks:
    """Links of random vectors, with weights on counts."""
    rng = np.random.default_rng(0)
    num_ranked = len(links.bias)
    source, target, history = rng.normal(size=(3, num_ranked, 4)).astype(np.float32)
    users = rng.normal(size=(len(links.users), 4)).astype(np.float32)
    return replace(
        links,
        source=source,
        target=target,
        history=history,
        users=users,
        gate=gate,
        count_weights=(0.7, -0.2),
    )


def artifact_with(context: FitContext, *, gate: SequenceGate | None) -> tuple[ModelArtifact, FitContext]:
    links = learned_links(context.learned.links, gate=gate)
    context = replace(context, learned=replace(context.learned, links=links))
    return assemble(context, only=SCORING), context


def test_the_network_alone_has_its_own_weights_on_counts(baskets: FitContext) -> None:
    artifact, context = artifact_with(replace(baskets, tuning=Tuning(num_epochs=1, ease_top_k=5)), gate=None)
    alone = Ensemble(gnn=1.0, ease=0.0, bought=0.7, known=-0.2, share=0.0, recency=0.0)
    queries = replace(meals(), users=np.arange(5))

    scores = BasketCompletion().network_score(artifact, context)(queries)

    expected = item_scorer(replace(artifact, ensemble=alone)).score(
        item_queries(queries, context.data.ranked)
    )
    assert scores == pytest.approx(expected, abs=1e-5)


def test_the_network_of_sequences_alone_is_a_part_of_the_first_stage(
    sequence_context: FitContext, next_items: NextItemQueries
) -> None:
    gate = SequenceGate(
        by_step=np.array([[0.0, -1.0]], np.float32),
        by_item=np.zeros((20, 1), np.float32),
        by_age=np.full(1, -0.5, np.float32),
        power=np.ones(1, np.float32),
    )
    artifact, context = artifact_with(sequence_context, gate=gate)
    stage = first_stage(artifact, item_scorer(artifact))
    assert isinstance(stage, SequenceStage)

    scores = NextItem().network_score(artifact, context)(next_items)

    scored = stage.score_queries(item_queries(next_items, context.data.ranked))
    assert isinstance(scored, ScoredSequences)
    assert scores == pytest.approx(scored.gnn, abs=1e-5)
    assert scores.std() > 0


def test_baskets_have_no_ordered_histories(next_items: NextItemQueries) -> None:
    assert as_next_item(next_items) is next_items
    with pytest.raises(TypeError, match="expected queries of ordered histories, found CompletionQueries"):
        as_next_item(QUERIES)
