"""A name for every composed bundle: the same items, the same id, in every answer and export."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def bundle_id_of(item_ids: Iterable[str]) -> str:
    """`b-` and the first 16 hex characters of SHA-256(sorted item ids, a line each, as UTF-8).

    Two of a million bundles have one id with probability 3e-8 (birthday bound, 64 bits).
    """
    text = "\n".join(sorted(item_ids))
    return "b-" + hashlib.sha256(text.encode()).hexdigest()[:16]
