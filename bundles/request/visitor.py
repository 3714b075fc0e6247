"""The visitor of a request: user, cart and recent items as indices, with a warning for unknown ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.loaded_model import LoadedModel
from bundles.present.answers import Source
from bundles.request.schemas import ItemsRequest, VisitorRequest
from etl.pseudonyms import PseudonymKey
from gnn.artifact.model import ArtifactError, ArtifactInfo
from gnn.scoring.item_scorer import ItemQuery

_NAMED_IDS = 3


@dataclass(frozen=True)
class VisitorContext:
    """Cart, recent items and user of a visitor. Items are item indices, distinct, in the order given."""

    cart: tuple[int, ...]
    recent: tuple[int, ...]
    user_index: int | None
    """Row of `Histories`; None for a new visitor."""


@dataclass(frozen=True)
class VisitorPreference:
    """What the model predicts for a visitor, before candidates are chosen."""

    chances: NDArray[np.float64] | None
    """Probability that each ranked item is in one basket with the fixed items and the cart, [num_ranked];
    None where nothing is known about the visitor."""
    context: tuple[int, ...]
    """Items that candidates should go with: the fixed items, else recent ones and the cart; may be empty."""


def require_key(info: ArtifactInfo, key: PseudonymKey) -> None:
    """Check that the users of the model are pseudonyms under `key`.

    Raises:
        ArtifactError: If they are pseudonyms under another key, so that no user could be found.
    """
    if info.key_fingerprint != key.fingerprint:
        raise ArtifactError(
            f"model {info.model_version} was trained under another pseudonym key "
            f"({info.key_fingerprint}, this is {key.fingerprint}): "
            "set BUNDLEGRAPH_PSEUDONYM_KEY to the key of its tables, or train again"
        )


def read_visitor(
    request: VisitorRequest | ItemsRequest, *, model: LoadedModel, key: PseudonymKey, warnings: list[str]
) -> VisitorContext:
    """The visitor of `request`; unknown ids are left out, with a warning."""
    catalogue = model.catalogue
    return VisitorContext(
        cart=find_items(request.cart, field="cart", catalogue=catalogue, warnings=warnings),
        recent=find_items(
            # Of repeated items, the most recent occurrence counts.
            tuple(dict.fromkeys(reversed(request.recent)))[::-1],
            field="recent",
            catalogue=catalogue,
            warnings=warnings,
        ),
        user_index=_find_user(request.user_id, model=model, key=key, warnings=warnings),
    )


def find_items(
    ids: Sequence[str], *, field: str, catalogue: ItemCatalogue, warnings: list[str]
) -> tuple[int, ...]:
    """Item indices of `ids`, each once; ids that the catalogue lacks are left out, with a warning."""
    found = {item_id: catalogue.index_of(item_id) for item_id in ids}
    unknown = [item_id for item_id, index in found.items() if index is None]
    if unknown:
        named = ", ".join(repr(item_id[:64]) for item_id in unknown[:_NAMED_IDS])
        more = f" and {len(unknown) - _NAMED_IDS} more" if len(unknown) > _NAMED_IDS else ""
        warnings.append(f"{field}: left out, not in the catalogue: {named}{more}")
    return tuple(index for index in found.values() if index is not None)


def _find_user(
    user_id: str | None, *, model: LoadedModel, key: PseudonymKey, warnings: list[str]
) -> int | None:
    """Row of `Histories` of the shop's own `user_id`; an unknown id gives None and a warning."""
    if user_id is None:
        return None
    user_index = model.artifact.histories.user_ids.find(key.pseudonym(user_id))
    if user_index is None:
        warnings.append("user_id: no history of this user, served as a new visitor")
    return user_index


def item_query(
    cart: Sequence[int], visitor: VisitorContext, model: LoadedModel
) -> tuple[ItemQuery, Source | None]:
    """The scorer's query for `cart` and a visitor, and the source of its scores.

    If the model ranks none of cart and recent, their ranked neighbours are queried (`cold_start`). The source
    is None if nothing is known about the visitor: only popularity is left.
    """
    links, known = model.links, model.scorer.ranked_index([*cart, *visitor.recent])
    if visitor.user_index is not None or (known >= 0).any():
        return ItemQuery(cart=cart, user_index=visitor.user_index, recent=visitor.recent), "gnn"
    cold = list(dict.fromkeys([*cart, *visitor.recent]))
    neighbours = {int(other) for item in cold for other in links.neighbours(item)}
    if neighbours:
        return ItemQuery(cart=sorted(neighbours)), "cold_start"
    is_linked = any(len(links.co_purchased(item)[0]) or len(links.similar_items(item)[0]) for item in cold)
    return ItemQuery(), "cold_start" if is_linked else None
