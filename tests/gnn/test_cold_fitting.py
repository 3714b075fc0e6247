from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.cold_extension import choose_cold, with_cold_items
from gnn.cold_fitting import fit_cold_weights
from gnn.cold_items import ColdScorer
from gnn.cold_siblings import default_weights
from gnn.content import Content
from gnn.scorer import ItemQuery, ItemScorer
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

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
    return ItemScorer(make_artifact(SHOP))


def queries(num: int) -> tuple[list[ItemQuery], np.ndarray]:
    """Carts of one item, the next one of its category hidden (a ranked index)."""
    carted = np.arange(num) % len(IDS)
    hidden = carted // EACH * EACH + (carted + 1) % EACH
    return [ItemQuery(cart=[ORDER.index(IDS[place])]) for place in carted], hidden


def test_a_cold_item_is_found_by_carts_of_its_own_category_among_known_items(scorer: ItemScorer) -> None:
    asked, hidden = queries(400)
    weights = fit_cold_weights(scorer, content_of(IDS), asked, hidden, rng=np.random.default_rng(0))
    artifact = make_artifact(SHOP)
    items = np.array([ORDER.index(name) for name in COLD])
    model, cold = with_cold_items(artifact.model, content_of(ORDER), items, weights=weights)
    extended = ItemScorer(replace(artifact, model=model))

    evidence = extended.evidence(ItemQuery(cart=[ORDER.index("0-0")]))
    scores = extended.weigh(extended.features_of([evidence])[0])
    scores[cold.place] = ColdScorer(cold).score(
        scores, cart=evidence.items, bought=evidence.history.item, counts=evidence.history.count
    )

    first, last = scores[cold.place]
    others = [scores[place] for place, name in enumerate(ORDER) if name[0] not in "0" and name not in COLD]
    assert np.isfinite(scores).all()
    assert first > last
    assert first > max(others)


def test_the_same_draws_give_the_same_weights(scorer: ItemScorer) -> None:
    asked, hidden = queries(400)

    first, again = (
        fit_cold_weights(scorer, content_of(IDS), asked, hidden, rng=np.random.default_rng(3))
        for _ in range(2)
    )

    assert first.tolist() == again.tolist()
    assert np.isfinite(first).all()


def test_too_few_queries_leave_a_cold_item_the_mean_of_its_siblings(scorer: ItemScorer) -> None:
    asked, hidden = queries(50)

    weights = fit_cold_weights(scorer, content_of(IDS), asked, hidden, rng=np.random.default_rng(0))

    assert weights.tolist() == default_weights(1).tolist() == [1.0, *[0.0] * 9]


def test_no_query_at_all_leaves_the_default_weights(scorer: ItemScorer) -> None:
    none = np.zeros(0, dtype=np.int64)

    weights = fit_cold_weights(scorer, content_of(IDS), [], none, rng=np.random.default_rng(0))

    assert weights.tolist() == default_weights(1).tolist()


def test_cold_items_get_vectors_bias_and_links_of_their_siblings() -> None:
    artifact = make_artifact(SHOP)
    items = np.array([ORDER.index(name) for name in COLD])

    model, cold = with_cold_items(artifact.model, content_of(ORDER), items, weights=default_weights(1))

    kin = [place for place, name in enumerate(ORDER) if name[0] == "0" and name not in COLD]
    assert model.ranked.tolist() == list(range(len(ORDER)))
    assert model.ranked[cold.place].tolist() == items.tolist()
    assert model.target[items[0]] == pytest.approx(model.target[kin].mean(axis=0), abs=1e-6)
    assert model.bias[items[0]] == pytest.approx(model.bias[kin].mean())
    linked = model.ease_item[model.ease_indptr[items[0]] : model.ease_indptr[items[0] + 1]]
    assert set(linked.tolist()) <= {*kin, int(items[0])}
    assert len(linked) > 0
    assert model.baskets_4_weeks[items].tolist() == [0, 0]


def test_content_of_other_items_is_refused() -> None:
    with pytest.raises(ValueError, match="expected content of 52 items, found that of 50"):
        with_cold_items(
            make_artifact(SHOP).model,
            content_of(IDS),
            np.array([ORDER.index(name) for name in COLD]),
            weights=default_weights(1),
        )


def test_unsold_items_on_offer_are_cold_those_of_the_best_selling_categories_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gnn.cold_extension.LEAST_COLD", 2)
    baskets = np.array([50, 9, 0, 0, 0, 0, 3, 0])
    category = np.array([0, 1, 1, 0, 0, -1, 0, 0])
    is_offered = np.array([True, True, True, True, False, True, True, True])

    cold = choose_cold(baskets, category, np.array([0, 1]), is_offered=is_offered)

    # 4 is not on offer, 6 was sold; 3 and 7 are of category 0, whose item is in 50 baskets.
    assert cold.tolist() == [3, 7]


def test_a_catalogue_of_sold_items_has_none_that_is_cold() -> None:
    cold = choose_cold(np.array([4, 5]), np.array([-1, -1]), np.array([0]), is_offered=np.ones(2, np.bool_))

    assert cold.tolist() == []
