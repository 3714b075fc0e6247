"""Readable product names from the abbreviations of cash registers, e.g. `FRZN SS PREMIUM ENTREES/DNRS/N`."""

from __future__ import annotations

import re

_DEPARTMENTS = {
    "CHARITABLE CONT": "Charitable Contributions",
    "CNTRL/STORE SUP": "Store Supplies",
    "DRUG GM": "Drugstore & General",
    "ELECT &PLUMBING": "Electrical & Plumbing",
    "GM MERCH EXP": "General Merchandise",
    "MEAT-PCKGD": "Packaged Meat",
    "PROD-WHS SALES": "Warehouse Sales",
    "SEAFOOD-PCKGD": "Packaged Seafood",
}

#: Abbreviated or misspelled words.
_WORDS = {
    "BG": "Bag", "BKD": "Baked", "BKNGWARES": "Bakingwares", "BN": "Bean", "BR": "Bread", "BRD": "Bread",
    "BRKFST": "Breakfast", "BTL": "Bottle", "BTR": "Butter", "CAR": "Carbonated", "CARB": "Carbonated",
    "CATFD": "Cat Food", "CHIX": "Chicken", "CHOC": "Chocolate", "CHOCOCLATE": "Chocolate",
    "CKYS": "Cookies", "CLEANG": "Cleaning", "CND": "Canned", "CNDY": "Candy", "COOKNG": "Cooking",
    "CRBNTD": "Carbonated", "CRKR": "Crackers", "CRMD": "Creamed", "CRYSTL": "Crystal", "DEOD": "Deodorant",
    "DNR": "Dinner", "DNRS": "Dinners", "DOGFD": "Dog Food", "DPS": "Dips", "DRNK": "Drink",
    "DRNKING": "Drinking", "DRNKNG": "Drinking", "DRNKS": "Drinks", "DRSNG": "Dressing", "DSH": "Dishes",
    "EXCP": "Except", "FD": "Food", "FDS": "Foods", "FEM": "Feminine", "FLVR": "Flavor", "FLVRD": "Flavored",
    "FRD": "Fried", "FRZ": "Frozen", "FRZN": "Frozen", "GDS": "Goods", "GRND": "Ground", "HYGN": "Hygiene",
    "INCL": "Including", "IQF": "Frozen", "IWS": "Wrapped", "JCE": "Juice", "JUI": "Juice", "LIQ": "Liquid",
    "LIQS": "Liquids", "LNCHMT": "Lunchmeat", "MACH": "Machine", "MICROWAVABLE": "Microwaveable",
    "MLK": "Milk", "MLT": "Multi", "MNERAL": "Mineral", "MNRL": "Mineral", "MX": "Mix", "MXS": "Mixes",
    "MIXS": "Mixes", "PCKGD": "Packaged", "PICKLD": "Pickled", "PK": "Pack", "PKG": "Package",
    "PKGD": "Packaged", "PKLD": "Pickled", "PLSTC": "Plastic", "PNT": "Peanut", "PREM": "Premium",
    "PREP": "Prepared", "PRPCK": "Prepacked", "PWDR": "Powder", "PWDRS": "Powders",
    "REFIGERATED": "Refrigerated", "REFRGRATD": "Refrigerated", "REFRIG": "Refrigerated",
    "RTS": "Ready to Serve", "SALD": "Salad", "SAUS": "Sausage", "SAUCESSALSAPICANTEE": "Sauces",
    "SFT": "Soft", "SGL": "Single", "SHERBTS": "Sherbets", "SNDWCH": "Sandwich", "SNGL": "Single",
    "SNKS": "Snacks", "SPECILATY": "Specialty", "SPLY": "Supplies", "SPRD": "Spread", "SRV": "Serve",
    "SS": "Single Serve", "STK": "Stick", "SUP": "Super", "SUPP": "Supplies", "SUPPPLIES": "Supplies",
    "SV": "Serve", "SW": "Sweet", "SWEETNERS": "Sweeteners", "TORT": "Tortilla", "TRSH": "Trash",
    "VEG": "Vegetable", "VEND": "Vending", "WATE": "Water", "WAT": "Water", "WHL": "Whole",
    "WHLSM": "Wholesome", "WT": "Weight", "WTR": "Water", "BEERALEMALT": "Beer, Ale & Malt",
}  # fmt: skip

_SPACED = {":": ": ", "&": " & ", "(": " ("}

_UNITS = {
    "OZ": "oz", "FZ": "fl oz", "LB": "lb", "GA": "gal", "GAL": "gal", "QT": "qt", "PT": "pt", "DZ": "dozen",
    "CT": "ct", "PK": "pack", "ML": "ml", "L": "l", "LTR": "l", "IN": "in", "SQ FT": "sq ft", "FT": "ft",
    "G": "g",
}  # fmt: skip
_SIZE = re.compile(rf"(\d*\.?\d+)\s*({'|'.join(sorted(_UNITS, key=len, reverse=True))})\b")

#: A larger number is an article number in the wrong column.
_LARGEST = 10_000

#: Product types that mean nothing without their category.
_QUALITIES = {
    "BLENDS", "BONE-IN", "BONELESS", "CHOICE", "ECONOMY", "ECONOMY - MEAT", "ENHANCED", "EXTRA LEAN",
    "GARDEN PLUS", "GOURMET", "LEAN", "LINKS - RAW", "MAINSTREAM", "MISCELLANEOUS", "OTHER", "PARTS",
    "PATTIES", "PREMIUM", "PREMIUM - MEAT", "PREMIUM PINTS", "PRIMAL", "REGULAR", "REGULAR GARDEN",
    "SMOKED/COOKED", "SPECIALTY", "STICKS/ENROBED", "SUPER PREMIUM", "SUPER PREMIUM PINTS", "TRADITIONAL",
    "VALUE", "VARIETY", "WHOLE",
}  # fmt: skip


def spell_out_department(name: str) -> str:
    """The readable name of a department."""
    return _DEPARTMENTS.get(name, spell_out(name))


def spell_out(name: str) -> str:
    """`name` in title case with abbreviations spelled out, and without a last word that was cut off."""
    # Registers cut names at 30 characters: an unclosed bracket or a single letter at the end is a remainder.
    whole = re.sub(r"\s*\([^)]*$", "", name)
    whole = re.sub(r"([\s/-]+([A-Z]|OR|AND|INCL|INCLUDI|EXCP))+$", "", whole)
    spaced = re.sub(r"\s*([:&(])\s*", lambda found: _SPACED[found[1]], whole)
    spelled = re.sub(r"[A-Z0-9'.%]+", lambda found: _spell(found[0]), spaced)
    return " ".join(spelled.split()) or name.title()


def _spell(word: str) -> str:
    return _WORDS.get(word.rstrip("."), word.capitalize())


def compose_title(
    product_type: str | None, category: str | None, department: str, *, brand: str, size: str | None
) -> str:
    """A title of product, brand and size, e.g. `Fluid Milk White Only, Store Brand, 1 gal`."""
    names = [name for name in (product_type, category, department) if name]
    product = spell_out(names[0])
    if product_type in _QUALITIES and category:
        product = f"{spell_out(category)}, {spell_out(product_type)}"
    return ", ".join(part for part in (product, brand, size) if part)


def format_size(package_size: str | None, department: str) -> str | None:
    """`1 GA` as `1 gal`, `12 PK/12 OZ` as `12 pack × 12 oz`; None if the size means nothing to a shopper.

    Loose produce has the size of its crate (`40 LB` of bananas, `36 CT` of cucumbers), so it gets None.
    """
    if package_size is None:
        return None
    sizes = [(float(number), unit) for number, unit in _SIZE.findall(package_size)]
    if any(number >= _LARGEST for number, _ in sizes):
        return None
    is_crate = any(unit == "CT" or (unit == "LB" and number > 10) for number, unit in sizes)
    if department == "PRODUCE" and is_crate:
        return None
    if not sizes:
        return f"1 {_UNITS[package_size]}" if package_size in _UNITS else None
    return " × ".join(f"{number:g} {_UNITS[unit]}" for number, unit in sizes)
