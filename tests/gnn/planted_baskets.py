"""Six items in four kinds of baskets, and one user with a history."""

from __future__ import annotations

from gnn.scoring.basket_stage import BASKET_FEATURES
from tests.artifact_factory import PlantedItem, PlantedShop

NAMES = [name for names in BASKET_FEATURES.values() for name in names]
APPLE, BREAD, CREAM, DATES, EGGS, FIGS = range(6)
SHOP = PlantedShop(
    items=[
        PlantedItem("apple", "Food > Fruit", 1.0),
        PlantedItem("bread", "Food > Bakery", 2.0),
        PlantedItem("cream", "Food > Dairy", 3.0),
        PlantedItem("dates", "Food > Fruit", 4.0),
        PlantedItem("eggs", "Food > Dairy", None),
        PlantedItem("figs", "Food > Fruit", 6.0),
    ],
    baskets=[
        (["apple", "bread"], 40),
        (["cream", "dates"], 30),
        (["apple", "cream"], 12),
        (["eggs", "figs"], 20),
    ],
    histories={"ann": {"bread": 3, "dates": 1}},
)
