from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.artifact.scorers import basket_stage, item_scorer
from gnn.components.co_basket import FEWEST_BASKETS, draw_carts, tune_co_basket
from gnn.data.queries import CompletionQueries
from gnn.scoring.basket_stage import BasketStage
from gnn.scoring.item_model import CoBasketTrees, Ensemble
from gnn.scoring.item_scorer import ItemQuery
from gnn.scoring.item_scores import CoBasketProbability
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

#: Twenty pairs of things that are always bought together, all equally often, and half of them cheap.
NUM_PAIRS = 20
SHOP = PlantedShop(
    items=[PlantedItem(f"{pair:02d}{side}", f"C{pair}", 1.0) for pair in range(NUM_PAIRS) for side in "ab"],
    baskets=[([f"{pair:02d}a", f"{pair:02d}b"], 30) for pair in range(NUM_PAIRS)],
    histories={"ann": {"00a": 3}},
)


@pytest.fixture(scope="module")
def stage() -> BasketStage:
    artifact = replace(make_artifact(SHOP), ensemble=Ensemble())
    return basket_stage(artifact, item_scorer(artifact))


def baskets_of_pairs(num_baskets: int) -> CompletionQueries:
    """Each basket holds one pair and an item of the next one; the first of the pair is hidden."""
    pair = np.arange(num_baskets) % NUM_PAIRS
    columns = np.stack([2 * pair + 1, (2 * pair + 2) % (2 * NUM_PAIRS)], axis=1).ravel()
    carts = csr_matrix(
        (np.ones(len(columns), dtype=np.float32), (np.repeat(np.arange(num_baskets), 2), columns)),
        (num_baskets, 2 * NUM_PAIRS),
    )
    ids = tuple(str(basket) for basket in range(num_baskets))
    return CompletionQueries(carts, np.zeros(num_baskets, dtype=np.int64), 2 * pair, ids)


def tune(stage: BasketStage, num_baskets: int) -> CoBasketTrees:
    ranked = np.arange(2 * NUM_PAIRS, dtype=np.int32)
    return tune_co_basket(stage, baskets_of_pairs(num_baskets), ranked, seed=0)


def test_carts_are_a_part_of_their_basket_and_leave_another_part() -> None:
    queries = baskets_of_pairs(400)

    carts, others = draw_carts(queries, rng=np.random.default_rng(0))

    whole = queries.carts.toarray()
    whole[np.arange(400), queries.hidden] = 1
    assert np.array_equal((carts + others).toarray(), whole)
    assert (carts.toarray()[np.arange(400), queries.hidden] == 1).all()
    sizes = carts.sum(axis=1)
    # Half of them are of one item; the cart of two can spare one.
    assert set(np.asarray(sizes).ravel().tolist()) == {1.0, 2.0}
    assert 160 < (sizes == 1).sum() < 240


@pytest.mark.parametrize("user_index", [0, None])
def test_what_is_bought_together_is_likely_and_what_is_not_is_not(
    stage: BasketStage, user_index: int | None
) -> None:
    probability = CoBasketProbability(stage, tune(stage, 600))

    found = probability.of(ItemQuery(cart=[0], user_index=user_index))

    assert ((found >= 0) & (found <= 1)).all()
    # 0 is always with 1, and in half of its baskets, those of the pair before, with 38 and 39, or with 2.
    assert found[1] > 0.5
    assert found[1] > found[3:38].max() * 5


@pytest.mark.parametrize("num_baskets", [0, FEWEST_BASKETS - 1])
def test_too_few_baskets_fit_no_trees(stage: BasketStage, num_baskets: int) -> None:
    assert len(tune(stage, num_baskets).trees) == 0


def test_the_same_seed_gives_the_same_trees(stage: BasketStage) -> None:
    assert np.array_equal(tune(stage, 300).trees, tune(stage, 300).trees)
