from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from scipy.sparse import csr_matrix

from gnn.components.substitutes.fitting import find_substitutes, variants
from gnn.data.purchases import Purchases, UserEvents
from gnn.scoring.catalogue import Catalogue
from gnn.scoring.containers import TextColumn
from gnn.scoring.substitutes import Kind, SubstitutePairs
from graph.edges import EdgeTables

#: item_id, title, category, brand
Item = tuple[str, str, str, str]
#: Items of a basket, and how many such baskets there are.
Basket = tuple[Sequence[str], int]


class PlantedShop:
    """Substitutes of a shop of `items`, `baskets` and `links` (item, item, kind)."""

    def __init__(
        self, items: Sequence[Item], baskets: Sequence[Basket], links: Sequence[tuple[str, str, str]] = ()
    ) -> None:
        self._index = {item_id: place for place, (item_id, *_) in enumerate(items)}
        rows = [sorted(self._index[item] for item in held) for held, times in baskets for _ in range(times)]
        found = find_substitutes(
            _edges(items, rows, self._index, links), _purchases(rows, len(items)), _catalogue(items)
        )
        self._pairs = SubstitutePairs(found)

    def kind(self, item: str, other: str) -> Kind | None:
        return self._pairs.kind(self._index[item], self._index[other])


def _purchases(rows: Sequence[Sequence[int]], num_items: int) -> Purchases:
    dense = np.zeros((len(rows), num_items), dtype=np.float32)
    for row, held in enumerate(rows):
        dense[row, held] = 1
    nobody = UserEvents(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0))
    counts = csr_matrix(np.zeros((0, num_items), dtype=np.float32))
    age = np.zeros(len(rows))
    return Purchases(
        csr_matrix(dense), np.full(len(rows), -1), age, counts, nobody, datetime(2026, 1, 1, tzinfo=UTC)
    )


def _catalogue(items: Sequence[Item]) -> Catalogue:
    num_items = len(items)
    return Catalogue(
        item_ids=TextColumn.of([item_id for item_id, *_ in items]),
        titles=TextColumn.of([title for _, title, _, _ in items]),
        category=_codes([category for _, _, category, _ in items]),
        brand=_codes([brand for *_, brand in items]),
        price=np.full(num_items, np.nan),
        cost=np.full(num_items, np.nan),
        in_stock=np.ones(num_items, dtype=np.bool_),
        baskets=np.zeros(num_items, dtype=np.int64),
    )


def _codes(names: Sequence[str]) -> np.ndarray:
    known = sorted({name for name in names if name})
    return np.array([known.index(name) if name else -1 for name in names], dtype=np.int32)


def _edges(
    items: Sequence[Item],
    rows: Sequence[Sequence[int]],
    index: dict[str, int],
    links: Sequence[tuple[str, str, str]],
) -> EdgeTables:
    together = Counter(pair for row in rows for pair in combinations(row, 2))
    counted = [(low, high, baskets, 0.5) for (low, high), baskets in together.items() if baskets >= 5]
    linked = [(index[item], index[other], kind) for item, other, kind in links]
    brands = sorted({brand for *_, brand in items if brand})
    return EdgeTables(
        nodes={
            "Item": pa.table({"item_id": list(index)}),
            "User": pa.table({"user_id": pa.array([], pa.string())}),
            "Brand": pa.table({"name": pa.array(brands, pa.string())}),
        },
        edges={
            ("Item", "CO_PURCHASED", "Item"): _table(counted, {"baskets": pa.int64(), "npmi": pa.float64()}),
            ("Item", "LINKED", "Item"): _table(linked, {"kind": pa.string()}),
            ("User", "VIEWED", "Item"): _table([], {}),
        },
        tables_version="planted",
    )


def _table(rows: Sequence[tuple[object, ...]], properties: dict[str, pa.DataType]) -> pa.Table:
    columns = {"source_index": pa.int64(), "target_index": pa.int64()} | properties
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pa.table(
        {name: pa.array(column, kind) for (name, kind), column in zip(columns.items(), values, strict=True)}
    )


YOGHURTS: list[Item] = [
    ("cherry", "Cherry yoghurt 150 g", "Dairy > Yoghurt", "Alpine"),
    ("plain", "Plain yoghurt 500 g", "Dairy > Yoghurt", "Alpine"),
    ("goat", "Goat yoghurt", "Dairy > Yoghurt", "Farm"),
]
OTHERS: list[Item] = [
    ("muesli", "Muesli", "Breakfast > Cereal", "Oats"),
    ("honey", "Honey", "Breakfast > Spreads", "Bee"),
    ("tea", "Green tea", "Drinks > Tea", "Leaf"),
    ("juice", "Apple juice", "Drinks > Juice", "Tree"),
    ("bread", "Rye bread", "Bakery > Bread", "Oven"),
    ("rolls", "Rolls", "Bakery > Rolls", "Oven"),
]


def test_flavours_of_a_brand_are_variants_however_often_they_are_bought_together() -> None:
    shop = PlantedShop([*YOGHURTS, *OTHERS], [(["cherry", "plain", "muesli"], 40), (["tea", "honey"], 40)])

    assert shop.kind("cherry", "plain") == "variant"
    assert shop.kind("cherry", "goat") == "substitute"
    assert shop.kind("cherry", "muesli") is None


def test_items_of_one_category_and_no_name_in_common_go_together() -> None:
    baking: list[Item] = [
        ("tin", "Cake tin 26 cm", "Kitchen > Baking", "Steel"),
        ("tin-24", "Cake tin 24 cm", "Kitchen > Baking", "Steel"),
        ("whisk", "Whisk", "Kitchen > Baking", "Steel"),
        ("paper", "Baking paper", "Kitchen > Baking", "Roll"),
        ("pin", "Rolling pin", "Kitchen > Baking", "Wood"),
    ]
    shop = PlantedShop(
        [*baking, *YOGHURTS, *OTHERS],
        [(["tin", "whisk", "paper"], 40), (["tea", "honey"], 40), (["cherry", "muesli"], 40)],
    )

    assert shop.kind("tin", "whisk") is None
    assert shop.kind("paper", "pin") is None
    assert shop.kind("tin", "tin-24") == "variant"


def test_a_pair_of_a_type_that_shares_no_word_and_is_bought_together_goes_together() -> None:
    radios: list[Item] = [
        ("radio", "CB radio", "Audio > Radios", "Cobra"),
        ("travel", "Travel radio", "Audio > Radios", "Kaito"),
        ("pocket", "Pocket radio", "Audio > Radios", "Kaito"),
        ("aerial", "Aerial with cable", "Audio > Radios", "Stik"),
    ]
    shop = PlantedShop(
        [*radios, *YOGHURTS, *OTHERS],
        [(["radio", "aerial"], 30), (["travel"], 30), (["pocket"], 30), (["tea", "honey"], 60)],
    )

    assert shop.kind("radio", "aerial") is None
    assert shop.kind("radio", "travel") == "substitute"
    assert shop.kind("aerial", "pocket") == "substitute"


def test_the_shop_s_own_links_overrule_baskets() -> None:
    radios: list[Item] = [
        ("radio", "CB radio", "Audio > Radios", "Cobra"),
        ("travel", "Travel radio", "Audio > Radios", "Kaito"),
        ("receiver", "Receiver", "Audio > Radios", "Stik"),
    ]
    shop = PlantedShop(
        [*radios, *YOGHURTS, *OTHERS],
        [(["radio", "receiver"], 30), (["travel"], 30), (["tea", "honey"], 60)],
        [("receiver", "radio", "alternative")],
    )

    assert shop.kind("radio", "receiver") == "substitute"


@pytest.mark.parametrize("category", ["Everything", ""])
def test_a_shop_of_one_category_or_none_has_items_that_go_together(category: str) -> None:
    items = [(item_id, title, category, brand) for item_id, title, _, brand in [*YOGHURTS, *OTHERS]]
    big = ("cherry-xl", "Cherry yoghurt 1 kg", category, "Alpine")

    shop = PlantedShop([*items, big], [(["cherry", "muesli"], 40), (["tea", "honey"], 40)])

    assert shop.kind("cherry", "muesli") is None
    assert shop.kind("tea", "juice") is None
    assert shop.kind("cherry", "cherry-xl") == "variant"


def test_a_shop_without_titles_categories_and_brands_has_no_substitutes() -> None:
    items = [(f"i{number}", f"Product {number}", "", "") for number in range(6)]

    shop = PlantedShop(items, [(["i0", "i1"], 20), (["i2", "i3"], 20)])

    assert [shop.kind("i0", other) for other in ("i1", "i2", "i5")] == [None, None, None]


def test_an_item_linked_as_an_alternative_is_a_substitute_unless_it_is_also_linked_otherwise() -> None:
    shop = PlantedShop(
        [*YOGHURTS, *OTHERS],
        [(["cherry", "muesli"], 40), (["tea", "honey"], 40)],
        [
            ("bread", "rolls", "alternative"),
            ("juice", "tea", "also viewed"),
            ("tea", "juice", "bought together"),
        ],
    )

    assert shop.kind("rolls", "bread") == "substitute"
    assert shop.kind("tea", "juice") is None


def test_variants_need_one_brand_and_one_type_or_the_same_words() -> None:
    tea, cup, nothing = frozenset({"tea"}), frozenset({"cup"}), frozenset[str]()
    product_type = np.array([0, 0, 0, -1, -1, -1, -1], dtype=np.int32)
    brand = np.array([1, 1, 2, 1, 1, -1, -1], dtype=np.int32)

    found = variants(product_type, brand, [tea, cup, tea, tea, tea, nothing, nothing])

    assert found[0] == found[1] >= 0
    assert found[3] == found[4] >= 0
    assert found[0] != found[3]
    assert found[[2, 5, 6]].tolist() == [-1, -1, -1]
