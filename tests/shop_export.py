"""A made-up shop's export, as shops have them: foreign column names, semicolons, local times, 1 % dirt."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

#: Products that one meal needs: what the shop's customers buy together.
MEALS = [
    ["Spaghetti 500 g", "Tomato Passata 680 g", "Parmesan 200 g", "Basil Pot"],
    ["Corn Tortillas", "Black Beans 400 g", "Avocado", "Lime"],
    ["Basmati Rice 1 kg", "Coconut Milk 400 ml", "Red Curry Paste", "Thai Basil"],
    ["Rolled Oats 1 kg", "Blueberries 250 g", "Maple Syrup 250 ml", "Whole Milk 1 l"],
    ["Sourdough Loaf", "Salted Butter 250 g", "Raspberry Jam", "Free Range Eggs 10"],
]
AISLES = ["Cupboard > Dry Goods", "Cupboard > Jars", "Chilled > Dairy", "Fresh > Produce"]
NUM_ORDERS, NUM_CUSTOMERS = 1_500, 120

MAPPING = """\
timezone = "Europe/London"
currency = "GBP"

[interactions]
file = "orders.csv"
delimiter = ";"
[interactions.columns]
item_id = "StockCode"
timestamp = "InvoiceDate"
user_id = "CustomerID"
basket_id = "InvoiceNo"
quantity = "Quantity"
unit_price = "UnitPrice"
event = "Kind"
[interactions.events]
order = "purchase"

[items]
file = "products.csv"
delimiter = ";"
[items.columns]
item_id = "Code"
title = "Name"
category = "Aisle"
brand = "Maker"
price = "RRP"
cost = "Cost"

[promotions]
file = "campaigns.csv"
delimiter = ";"

[promotion_items]
file = "campaign_items.csv"
delimiter = ";"

[users]
file = "customers.csv"
delimiter = ";"
[users.columns]
user_id = "Customer"
"""


def product_code(meal: int, part: int) -> str:
    """The shop's code of a product: leading zeros included."""
    return f"00{meal}{part}"


def write_shop_export(folder: Path, *, dirt: float = 0.01, seed: int = 0) -> int:
    """Write five CSVs and `mapping.toml` to `folder`; return the number of dirty rows."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    products = [
        [
            product_code(m, p),
            title,
            AISLES[p],
            f"Maker {m % 3}",
            f"{1 + 0.5 * m + p:.2f}",
            f"{0.6 + 0.3 * m:.2f}",
        ]
        for m, meal in enumerate(MEALS)
        for p, title in enumerate(meal)
    ]
    _write(folder / "products.csv", ["Code", "Name", "Aisle", "Maker", "RRP", "Cost"], products)
    customers = [[f"C{number:04}", "London" if number % 2 else "Leeds"] for number in range(NUM_CUSTOMERS)]
    _write(folder / "customers.csv", ["Customer", "City"], customers)

    _write(
        folder / "campaigns.csv",
        ["promotion_id", "name", "starts_at", "ends_at"],
        [["spring", "Spring Offers", "2026-03-01", "2026-03-31"]],
    )
    _write(
        folder / "campaign_items.csv",
        ["promotion_id", "item_id", "discount"],
        [["spring", product_code(meal, 1), "0.2"] for meal in range(len(MEALS))],
    )

    lines: list[list[str]] = []
    started = datetime(2026, 1, 5, 9)
    for order in range(NUM_ORDERS):
        at = started + timedelta(hours=2.5 * order)
        customer = int(rng.integers(NUM_CUSTOMERS))
        favourite = customer % len(MEALS)
        meal = favourite if rng.random() < 0.6 else int(rng.integers(len(MEALS)))
        parts = [(meal, part) for part in range(4) if rng.random() < 0.85]
        parts += [(int(rng.integers(len(MEALS))), int(rng.integers(4)))]
        for m, p in dict.fromkeys(parts):
            lines.append(
                [f"I{order:06}", f"C{customer:04}", product_code(m, p), f"{at:%Y-%m-%d %H:%M:%S}", "order",
                 str(int(rng.integers(1, 4))), f"{1 + 0.5 * m + p:.2f}"]
            )  # fmt: skip
    dirty = rng.choice(len(lines), size=round(dirt * len(lines)), replace=False)
    for number, position in enumerate(dirty):
        column, value = [(3, "yesterday"), (5, "two"), (2, ""), (4, "refund?")][number % 4]
        lines[position][column] = value
    columns = ["InvoiceNo", "CustomerID", "StockCode", "InvoiceDate", "Kind", "Quantity", "UnitPrice"]
    _write(folder / "orders.csv", columns, lines)
    return len(dirty)


def _write(file: Path, columns: list[str], rows: list[list[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, delimiter=";")
        writer.writerow(columns)
        writer.writerows(rows)
