from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.artifact.scorers import item_scorer
from gnn.components import fit_components
from gnn.components.cold_items.fitting import tune_cold_weights
from gnn.components.cold_items.unsold import default_weights, find_neighbours
from gnn.data.content import Content
from gnn.scoring.catalogue import ContentLinks
from gnn.scoring.cold_items import ColdItems, ColdSlate
from gnn.scoring.item_scorer import ItemQuery, ItemScorer
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact, planted_context

#: 10 categories of 5 items; a basket holds two items of one category.
KINDS, EACH = 10, 5
IDS = [f"{kind}-{number}" for kind in range(KINDS) for number in range(EACH)]
KNOWN = np.arange(len(IDS))
#: One more item in the first category and one in the last, and nobody bought them.
COLD = ["0-cold", "9-cold"]
SHOP = PlantedShop(
    items=[PlantedItem(name, f"kind {name[0]}") for name in IDS + COLD],
    baskets=[([a, b], 12) for a in IDS for b in IDS if a < b and a[0] == b[0]],
)
#: Item indices are in the order of ids: `0-cold` is the sixth.
ORDER = sorted(IDS + COLD)


def content_of(names: list[str]) -> Content:
    kind = np.array([int(name[0]) for name in names], dtype=np.int32)
    words = csr_matrix((np.ones(len(names), dtype=np.float32), (np.arange(len(names)), kind)))
    return Content(words, np.zeros((len(names), 0), dtype=np.float32), np.stack([kind] * 3), None)


@pytest.fixture(scope="module")
def scorer() -> ItemScorer:
    return item_scorer(make_artifact(SHOP))


def queries(num: int) -> tuple[list[ItemQuery], np.ndarray]:
    """Carts of one item, the next one of its category hidden (a ranked index)."""
    carted = np.arange(num) % len(IDS)
    hidden = carted // EACH * EACH + (carted + 1) % EACH
    return [ItemQuery(cart=[ORDER.index(IDS[place])]) for place in carted], hidden


def test_a_cold_item_ranks_high_for_carts_of_its_own_category(scorer: ItemScorer) -> None:
    carts, hidden = queries(400)
    weights = tune_cold_weights(
        scorer, content_of(IDS), carts, hidden, rng=np.random.default_rng(0), warm_tolerance=0.5
    )
    assert weights is not None
    items = np.array([ORDER.index(name) for name in COLD])
    slate = ColdSlate(find_neighbours(content_of(ORDER), items, item=items, weights=weights))

    evidence = scorer.evidence(ItemQuery(cart=[ORDER.index("0-0")]))
    scores = scorer.weigh(scorer.features([evidence])[0])
    first, last = slate.score(scores, evidence)

    others = [score for name, score in zip(IDS, scores, strict=True) if name[0] != "0"]
    assert np.isfinite([first, last]).all()
    assert first > last
    assert first > max(others)


def test_known_items_lose_no_more_to_cold_ones_than_is_allowed(scorer: ItemScorer) -> None:
    carts, hidden = queries(400)

    strict, loose = (
        tune_cold_weights(
            scorer, content_of(IDS), carts, hidden, rng=np.random.default_rng(0), warm_tolerance=tolerance
        )
        for tolerance in (0.0, 0.5)
    )

    assert strict is not None
    assert loose is not None
    assert strict[:-1].tolist() == loose[:-1].tolist()
    assert strict[-1] < loose[-1]


def test_cold_items_may_cost_as_much_as_known_ones_did_and_a_hundredth_where_that_is_less(
    scorer: ItemScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    carts, hidden = queries(400)
    # Every user keeps buying the item after the hidden one, which therefore precedes it while it is known.
    loyal = [
        replace(
            query, events=(np.full(6, ORDER.index(IDS[item // EACH * EACH + (item + 1) % EACH])), np.ones(6))
        )
        for query, item in zip(carts, hidden.tolist(), strict=True)
    ]

    def intercept(tolerance: float | None) -> float:
        weights = tune_cold_weights(
            scorer, content_of(IDS), loyal, hidden, rng=np.random.default_rng(0), warm_tolerance=tolerance
        )
        assert weights is not None
        return float(weights[-1])

    assert intercept(0.01) < intercept(None) < intercept(0.9)

    monkeypatch.setattr("gnn.components.cold_items.fitting.MIN_ROOM", 0.9)
    assert intercept(None) == intercept(0.9)


def test_equal_seeds_give_equal_weights(scorer: ItemScorer) -> None:
    carts, hidden = queries(400)

    first, again = (
        tune_cold_weights(scorer, content_of(IDS), carts, hidden, rng=np.random.default_rng(3))
        for _ in range(2)
    )

    assert first is not None
    assert again is not None
    assert first.tolist() == again.tolist()
    assert np.isfinite(first).all()


@pytest.mark.parametrize("num", [0, 50])
def test_nothing_is_fitted_to_too_few_queries(scorer: ItemScorer, num: int) -> None:
    carts, hidden = queries(num)

    assert tune_cold_weights(scorer, content_of(IDS), carts, hidden, rng=np.random.default_rng(0)) is None


def fit(weights: np.ndarray) -> tuple[ColdItems, ContentLinks]:
    context = planted_context(SHOP)
    context = replace(context, tuning=replace(context.tuning, cold_weights=weights))
    found = fit_components(context, only=("catalogue", "content_links", "cold_items"))
    cold, links = found["cold_items"], found["content_links"]
    assert isinstance(cold, ColdItems)
    assert isinstance(links, ContentLinks)
    return cold, links


def test_unsold_items_have_neighbours_and_links_of_their_own_category() -> None:
    cold, links = fit(default_weights(1))

    assert cold.item.tolist() == cold.place.tolist() == [ORDER.index(name) for name in COLD]
    assert [{ORDER[place][0] for place in row} for row in cold.neighbour[0].tolist()] == [{"0"}, {"9"}]
    for name in COLD:
        others, lifts = links.lift.row(ORDER.index(name))
        assert {ORDER[item] for item in others.tolist()} == {item for item in IDS if item[0] == name[0]}
        assert (lifts > 1).all()


def test_without_tuned_weights_there_are_no_cold_items_but_links() -> None:
    cold, links = fit(np.zeros(0, dtype=np.float32))

    assert len(cold.item) == 0
    assert len(links.lift.indices) > 0
