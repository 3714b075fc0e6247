from __future__ import annotations

from dataclasses import replace

import numpy as np

from gnn.scoring.catalogue import LEVELS, item_codes
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

SHOP = PlantedShop(
    items=[
        PlantedItem("apple", "Food > Fruit > Fresh"),
        PlantedItem("bread", "Food"),
        PlantedItem("candle", "Home > Light"),
        PlantedItem("dice"),
    ],
    baskets=[(["apple", "bread", "candle", "dice"], 1)],
)


def test_items_of_one_root_share_its_code_and_those_without_a_category_have_none() -> None:
    artifact = make_artifact(SHOP)
    names = artifact.categories.names
    catalogue = replace(artifact.catalogue, brand=np.array([7, -1, 7, -1], dtype=np.int32))

    codes = item_codes(catalogue, artifact.categories, np.array([0, 1, 2, 3], dtype=np.int32))

    found = {
        level: [names[code] if code >= 0 else None for code in row.tolist()]
        for level, row in zip(LEVELS[:3], codes, strict=False)
    }
    assert found == {
        "category": ["Fresh", "Food", "Light", None],
        "parent": ["Fruit", None, "Home", None],
        "root": ["Food", "Food", "Home", None],
    }
    assert codes[LEVELS.index("brand")].tolist() == [7, -1, 7, -1]


def test_a_shop_without_categories_has_codes_of_none() -> None:
    artifact = make_artifact(PlantedShop(items=[PlantedItem("dice")], baskets=[(["dice"], 1)]))

    codes = item_codes(artifact.catalogue, artifact.categories, np.array([0], dtype=np.int32))

    assert codes.tolist() == [[-1]] * 4
