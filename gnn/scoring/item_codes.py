"""What a ranked item is of: its categories, level by level, and its brand, as codes. NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import Catalogue, Categories

#: Rows of `item_codes`.
LEVELS = ("category", "parent", "root", "brand")


def item_codes(catalogue: Catalogue, categories: Categories, ranked: NDArray[np.int32]) -> NDArray[np.int32]:
    """Codes of the category, the one above it, its root, and the brand of each ranked item.

    Rows are `LEVELS`, columns the item indices `ranked`, [4, num_ranked]; -1 for none. Items whose codes of
    a level are equal are of one category or brand.
    """
    category = catalogue.category[ranked]
    # The last place answers for items without a category.
    above = (np.append(codes, -1)[category] for codes in (categories.parent, categories.roots()))
    return np.stack([category, *above, catalogue.brand[ranked]]).astype(np.int32)
