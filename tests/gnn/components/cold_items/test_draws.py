from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.components.cold_items.draws import Draw, draw_queries
from gnn.components.cold_items.siblings import cold_items
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
TAKEN_OUT, CART, HIDDEN = 1, 0, 2
#: The user has bought what is taken out, again and again.
EVENTS = (np.full(6, TAKEN_OUT), np.ones(6))


@pytest.fixture(scope="module")
def scorer() -> ItemScorer:
    return ItemScorer(make_artifact(SHOP))


@pytest.fixture(scope="module")
def draw(scorer: ItemScorer) -> Draw:
    """One query hides what is taken out, one hides another and has it in its cart."""
    queries = [ItemQuery(cart=[CART]), ItemQuery(cart=[CART, TAKEN_OUT], events=EVENTS)]
    return draw_queries(
        scorer,
        cold_items(CONTENT, np.array([TAKEN_OUT])),
        [scorer.evidence(query) for query in queries],
        np.array([TAKEN_OUT, HIDDEN]),
        rng=np.random.default_rng(0),
    )


def test_a_query_says_whether_it_hides_what_was_taken_out(draw: Draw) -> None:
    assert draw.hidden.tolist() == [0, -1]


def test_what_was_taken_out_is_in_no_cart_no_history_and_no_score(scorer: ItemScorer, draw: Draw) -> None:
    scores = scorer.score([ItemQuery(cart=[CART])])[0]
    others = np.delete(scores, [CART, TAKEN_OUT])

    assert draw.hidden_score[1] == scores[HIDDEN]
    assert draw.rank[1] == 1 + (others > scores[HIDDEN]).sum()
    # τ = 1.
    assert draw.log_mass[1, 1] == pytest.approx(np.log(np.exp(others).sum()), abs=1e-5)


def test_among_all_it_stands_by_what_its_buyers_say_but_in_no_cart(scorer: ItemScorer, draw: Draw) -> None:
    scores = scorer.score([ItemQuery(cart=[CART], events=EVENTS)])[0]
    others = np.delete(scores, CART)

    assert scores[TAKEN_OUT] == others.max()
    assert draw.rank_among_all[1] == 1 + (others > scores[HIDDEN]).sum()
    assert draw.rank_among_all[1] > draw.rank[1]
