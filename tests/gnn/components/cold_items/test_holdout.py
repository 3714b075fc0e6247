from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.artifact.scorers import item_scorer
from gnn.components.cold_items.holdout import ColdHoldout, hold_out
from gnn.components.cold_items.unsold import find_neighbours
from gnn.data.content import Content
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

#: Two categories of four items; a basket holds two items of one category. Index 0 to 3 are of the first.
IDS = [f"{kind}-{number}" for kind in "ab" for number in range(4)]
SHOP = PlantedShop(
    items=[PlantedItem(name, f"kind {name[0]}") for name in IDS],
    baskets=[([a, b], 12) for a in IDS for b in IDS if a < b and a[0] == b[0]],
)
KIND = np.repeat([0, 1], 4).astype(np.int32)
CONTENT = Content(
    csr_matrix(np.eye(2, dtype=np.float32)[KIND]), np.zeros((8, 0), np.float32), np.stack([KIND] * 3), None
)
HELD_OUT, CART, HIDDEN = 1, 0, 2
#: The user has bought the held-out item, again and again.
EVENTS = (np.full(6, HELD_OUT), np.ones(6))


@pytest.fixture(scope="module")
def scorer() -> ItemScorer:
    return item_scorer(make_artifact(SHOP))


@pytest.fixture(scope="module")
def holdout(scorer: ItemScorer) -> ColdHoldout:
    """One query hides the held-out item, one hides another and has the held-out item in its cart."""
    queries = [ItemQuery(cart=[CART]), ItemQuery(cart=[CART, HELD_OUT], events=EVENTS)]
    return hold_out(
        scorer,
        find_neighbours(CONTENT, np.array([HELD_OUT])),
        [scorer.evidence(query) for query in queries],
        np.array([HELD_OUT, HIDDEN]),
        rng=np.random.default_rng(0),
    )


def test_a_query_has_the_index_of_its_hidden_item_where_it_is_held_out(holdout: ColdHoldout) -> None:
    assert holdout.hidden.tolist() == [0, -1]


def test_a_held_out_item_is_in_no_cart_no_history_and_no_score(
    scorer: ItemScorer, holdout: ColdHoldout
) -> None:
    scores = scorer.score([ItemQuery(cart=[CART])])[0]
    others = np.delete(scores, [CART, HELD_OUT])

    assert holdout.hidden_score[1] == scores[HIDDEN]
    assert holdout.rank[1] == 1 + (others > scores[HIDDEN]).sum()
    # τ = 1.
    assert holdout.log_mass[1, 1] == pytest.approx(np.log(np.exp(others).sum()), abs=1e-5)


def test_among_all_it_is_ranked_by_its_purchases_but_in_no_cart(
    scorer: ItemScorer, holdout: ColdHoldout
) -> None:
    scores = scorer.score([ItemQuery(cart=[CART], events=EVENTS)])[0]
    others = np.delete(scores, CART)

    assert scores[HELD_OUT] == others.max()
    assert holdout.rank_among_all[1] == 1 + (others > scores[HIDDEN]).sum()
    assert holdout.rank_among_all[1] > holdout.rank[1]
