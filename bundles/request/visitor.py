"""Who asks, and what they have: the ids of a request as indices, with a warning for those not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bundles.catalogue import ItemCatalogue
from bundles.links import ItemLinks
from bundles.present.answers import Source
from bundles.request.schemas import ItemsRequest, VisitRequest
from etl.pseudonyms import PseudonymKey
from gnn.artifact.model import ArtifactError, ArtifactInfo, ModelArtifact
from gnn.scoring.item_scorer import ItemQuery, ItemScorer

_NAMED_IDS = 3


@dataclass(frozen=True)
class Visit:
    """What is known of a visitor. Items are item indices, each once, in the order asked."""

    cart: tuple[int, ...]
    recent: tuple[int, ...]
    user_index: int | None
    """Row of `Histories`."""


def require_key(info: ArtifactInfo, key: PseudonymKey) -> None:
    """Refuse a key under which no user of the model could be found.

    Raises:
        ArtifactError: If the users of the model are pseudonyms under another key.
    """
    if info.key_fingerprint != key.fingerprint:
        raise ArtifactError(
            f"model {info.model_version} was trained under another pseudonym key "
            f"({info.key_fingerprint}, this is {key.fingerprint}): "
            "set BUNDLEGRAPH_PSEUDONYM_KEY to the key of its tables, or train again"
        )


def read_visit(
    request: VisitRequest | ItemsRequest,
    *,
    artifact: ModelArtifact,
    catalogue: ItemCatalogue,
    key: PseudonymKey,
    warnings: list[str],
) -> Visit:
    """Who asks `request`, and what they have."""
    return Visit(
        cart=find_items(request.cart, field="cart", catalogue=catalogue, warnings=warnings),
        recent=find_items(
            # The last time that an item was seen is the one that counts.
            tuple(dict.fromkeys(reversed(request.recent)))[::-1],
            field="recent",
            catalogue=catalogue,
            warnings=warnings,
        ),
        user_index=find_user(request.user_id, artifact=artifact, key=key, warnings=warnings),
    )


def find_items(
    ids: Sequence[str], *, field: str, catalogue: ItemCatalogue, warnings: list[str]
) -> tuple[int, ...]:
    """Item indices of `ids`, each once; what the catalogue does not have is left out, with a warning."""
    found = {item_id: catalogue.index_of(item_id) for item_id in ids}
    unknown = [item_id for item_id, index in found.items() if index is None]
    if unknown:
        named = ", ".join(repr(item_id[:64]) for item_id in unknown[:_NAMED_IDS])
        more = f" and {len(unknown) - _NAMED_IDS} more" if len(unknown) > _NAMED_IDS else ""
        warnings.append(f"{field}: left out, not in the catalogue: {named}{more}")
    return tuple(index for index in found.values() if index is not None)


def find_user(
    user_id: str | None, *, artifact: ModelArtifact, key: PseudonymKey, warnings: list[str]
) -> int | None:
    """Row of `Histories` of the shop's own `user_id`; an unknown one is a new visitor, and a warning."""
    if user_id is None:
        return None
    user_index = artifact.histories.user_ids.find(key.pseudonym(user_id))
    if user_index is None:
        warnings.append("user_id: no history of this user, served as a new visitor")
    return user_index


def item_query(
    cart: Sequence[int], visit: Visit, *, links: ItemLinks, scorer: ItemScorer
) -> tuple[ItemQuery, Source | None]:
    """What the scorer is asked for `cart` and a visit, and which path that is.

    Where the model ranks nothing of cart and recent, their stand-ins speak for them (`cold_start`). No source
    means that nothing is known: only popularity is left.
    """
    known = scorer.ranked_index([*cart, *visit.recent])
    if visit.user_index is not None or (known >= 0).any():
        return ItemQuery(cart=cart, user_index=visit.user_index, recent=visit.recent), "gnn"
    cold = list(dict.fromkeys([*cart, *visit.recent]))
    stand_ins = {int(other) for item in cold for other in links.stand_ins(item)}
    if stand_ins:
        return ItemQuery(cart=sorted(stand_ins)), "cold_start"
    is_linked = any(len(links.counted(item)[0]) or len(links.alike(item)[0]) for item in cold)
    return ItemQuery(), "cold_start" if is_linked else None
