"""Register names made readable: `FRZN SS PREMIUM ENTREES/DNRS/N` is no title for a shopper."""

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

#: What the registers abbreviate or misspell, by word.
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

#: A larger number is an article number that slipped into the column.
_LARGEST = 10_000

#: Types that say nothing without their category.
_QUALITIES = {
    "BLENDS", "BONE-IN", "BONELESS", "CHOICE", "ECONOMY", "ECONOMY - MEAT", "ENHANCED", "EXTRA LEAN",
    "GARDEN PLUS", "GOURMET", "LEAN", "LINKS - RAW", "MAINSTREAM", "MISCELLANEOUS", "OTHER", "PARTS",
    "PATTIES", "PREMIUM", "PREMIUM - MEAT", "PREMIUM PINTS", "PRIMAL", "REGULAR", "REGULAR GARDEN",
    "SMOKED/COOKED", "SPECIALTY", "STICKS/ENROBED", "SUPER PREMIUM", "SUPER PREMIUM PINTS", "TRADITIONAL",
    "VALUE", "VARIETY", "WHOLE",
}  # fmt: skip


def readable_department(name: str) -> str:
    """A department's name."""
    return _DEPARTMENTS.get(name, readable(name))


def readable(name: str) -> str:
    """`name` with its words spelled out in title case; what the register cut off at 30 characters goes."""
    # A bracket that is never closed, or a single letter at the end, was cut off.
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
    """What the product is, whose, and how much of it: `Fluid Milk White Only, Store Brand, 1 gal`."""
    names = [name for name in (product_type, category, department) if name]
    what = readable(names[0])
    if product_type in _QUALITIES and category:
        what = f"{readable(category)}, {readable(product_type)}"
    return ", ".join(part for part in (what, brand, size) if part)


def readable_size(package_size: str | None, department: str) -> str | None:
    """`1 GA` as `1 gal`, `12 PK/12 OZ` as `12 pack × 12 oz`; none where it tells a shopper nothing.

    The size of loose produce is that of the crate it came in (`40 LB` of bananas, `36 CT` of cucumbers).
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
