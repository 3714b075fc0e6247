"""One small grocery shop whose answers are known, for the tests of `bundles` and `api`."""

from __future__ import annotations

from tests.artifact_factory import PlantedItem, PlantedPromotion, PlantedShop

#: Bought together in 40 baskets and never apart.
TOGETHER = ("pasta", "sauce")
NUM_TOGETHER = 40
#: All baskets of the shop.
NUM_BASKETS = NUM_TOGETHER + 60 + 30 + 50 + 20

GROCERY = PlantedShop(
    items=[
        PlantedItem("pasta", "Grocery > Pasta", 1.5, "Spaghetti 500 g", cost=1.0),
        PlantedItem("penne", "Grocery > Pasta", 1.6, "Penne 500 g", cost=1.0),
        PlantedItem("sauce", "Grocery > Sauce", 2.5, "Tomato Sauce", cost=1.0),
        PlantedItem("milk", "Dairy > Milk", 1.0, "Whole Milk 1 l", cost=0.5),
        PlantedItem("butter", "Dairy > Butter", 3.0, "Salted Butter", cost=2.0),
        PlantedItem("cheese", "Dairy > Cheese", 4.0, "Parmesan", cost=3.0),
        PlantedItem("bread", "Bakery > Bread", 2.0, "Loaf of Bread", cost=1.0),
        PlantedItem("rolls", "Bakery > Rolls", 0.1, "Bread Rolls", cost=0.05),
        PlantedItem("soap/ü", "Home > Soap", 5.0, "Crème Soap"),
        PlantedItem("wine", "Drinks > Wine", 12.0, "Red Wine", cost=6.0, in_stock=False),
        PlantedItem("unpriced", "Drinks > Water", None, "Spring Water"),
        PlantedItem("cold", "Grocery > Pasta", 1.8, "New Pasta", cost=1.2),
        PlantedItem("bare"),
    ],
    baskets=[
        (["pasta", "sauce"], NUM_TOGETHER),
        (["milk", "bread", "butter"], 60),
        (["milk", "cheese", "rolls", "soap/ü"], 30),
        (["bread", "wine", "unpriced"], 50),
        (["penne", "cheese"], 20),
    ],
    histories={"718": {"milk": 7, "bread": 2}, "9": {"soap/ü": 1}},
    category_links={
        "Grocery > Pasta": {
            "Grocery > Sauce": (5.0, 40),
            "Dairy > Cheese": (1.5, 20),
            "Home > Soap": (0.7, 0),
        },
        "Grocery > Sauce": {"Grocery > Pasta": (5.0, 40), "Dairy > Cheese": (2.5, 0)},
        "Home > Soap": {"Grocery > Pasta": (0.7, 0)},
    },
    promotions=[
        PlantedPromotion(
            "over", {"cheese": 0.1, "butter": None}, starts_at=1_400_000_000, ends_at=1_500_000_000
        ),
        PlantedPromotion("running", {"cheese": 0.25, "milk": 0.5, "rolls": 0.5}),
        PlantedPromotion("coming", {"milk": 0.5}, starts_at=2**32, ends_at=2**33),
    ],
)

#: Nothing was ever bought: only the catalogue is known.
UNSOLD = PlantedShop(items=GROCERY.items, kind="closed_form")
