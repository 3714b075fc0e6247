from __future__ import annotations

import pytest

from etl.sources.product_names import compose_title, format_size, spell_out, spell_out_department


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FLUID MILK WHITE ONLY", "Fluid Milk White Only"),
        ("FRZN SS PREMIUM ENTREES/DNRS/N", "Frozen Single Serve Premium Entrees/Dinners"),
        ("SFT DRNK 2 LITER BTL CARB INCL", "Soft Drink 2 Liter Bottle Carbonated"),
        ("CANDY BARS (SINGLES)(INCLUDING", "Candy Bars (Singles)"),
        ("BREAD:ITALIAN/FRENCH", "Bread: Italian/French"),
        ("POTATOES RUSSET (BULK&BAG)", "Potatoes Russet (Bulk & Bag)"),
        ("NON-CARB JCE(OVER 50% JCE)", "Non-Carbonated Juice (Over 50% Juice)"),
    ],
)
def test_register_names_are_spelled_out(name: str, expected: str) -> None:
    assert spell_out(name) == expected


def test_departments_have_names_a_shopper_knows() -> None:
    assert spell_out_department("MEAT-PCKGD") == "Packaged Meat"
    assert spell_out_department("GROCERY") == "Grocery"


@pytest.mark.parametrize(
    ("package_size", "department", "expected"),
    [
        ("1 GA", "GROCERY", "1 gal"),
        (".16 OZ", "GROCERY", "0.16 oz"),
        ("L      8 OZ", "GROCERY", "8 oz"),
        ("12 PK/12 OZ", "GROCERY", "12 pack × 12 oz"),
        ("QT", "GROCERY", "1 qt"),
        ("83.5 SQ FT", "GROCERY", "83.5 sq ft"),
        ("974246  PK", "DRUG GM", None),
        ("40 LB", "PRODUCE", None),
        ("48-54 CT", "PRODUCE", None),
        ("5 LB", "PRODUCE", "5 lb"),
        (None, "GROCERY", None),
    ],
)
def test_a_size_is_what_a_shopper_takes_home(package_size: str, department: str, expected: str) -> None:
    assert format_size(package_size, department) == expected


def test_a_title_names_product_brand_and_size() -> None:
    milk = compose_title(
        "FLUID MILK WHITE ONLY", "FLUID MILK PRODUCTS", "GROCERY", brand="Store Brand", size="1 gal"
    )
    beef = compose_title("LEAN", "BEEF", "MEAT", brand="Brand 2845", size=None)
    bare = compose_title(None, None, "FLORAL", brand="Brand 7", size=None)

    assert milk == "Fluid Milk White Only, Store Brand, 1 gal"
    assert beef == "Beef, Lean, Brand 2845"
    assert bare == "Floral, Brand 7"
