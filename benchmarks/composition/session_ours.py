"""The product over the sessions of protocol D, called as a client calls it."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.composition.sessions import Bundle, ComposeSession, SessionTask
from bundles.recommender import Recommender
from bundles.request.schemas import (
    MAX_BUNDLE_SIZE,
    Constraints,
    GenerateRequest,
    ItemsRequest,
    SizeRange,
    Weights,
)

#: Only its items are known of a session.
_COHERENT = Weights(coherence=1.0, user_fit=0.0, breadth=0.0)


def at_threshold(recommender: Recommender, *, min_link: float) -> ComposeSession:
    """The largest bundle of the items whose links are all `min_link` or more; then of the others."""

    def compose(task: SessionTask) -> Sequence[Bundle]:
        left, found = list(task.items), []
        while (bundle := _largest(recommender, left, min_link)) is not None:
            found.append(bundle)
            left = [item for item in left if item not in bundle]
        return found

    return compose


def best_few(recommender: Recommender, *, count: int, sizes: SizeRange) -> ComposeSession:
    """The `count` best bundles of the session's items, whatever their links."""

    def compose(task: SessionTask) -> Sequence[Bundle]:
        if len(task.items) < sizes.min:
            return []
        return _generate(recommender, task.items, sizes=sizes, count=count, min_link=None)

    return compose


def complete(recommender: Recommender, cart: Sequence[str], *, count: int) -> list[str]:
    """The first `count` items of the catalogue for `cart`."""
    answer = recommender.recommend_items(ItemsRequest(cart=tuple(cart), n=count))
    return [item.item_id for item in answer.items]


def _largest(recommender: Recommender, items: Sequence[str], min_link: float) -> Bundle | None:
    for size in range(min(len(items), MAX_BUNDLE_SIZE), 1, -1):
        sizes = SizeRange(min=size, max=size)
        found = _generate(recommender, items, sizes=sizes, count=1, min_link=min_link)
        if found:
            return found[0]
    return None


def _generate(
    recommender: Recommender, items: Sequence[str], *, sizes: SizeRange, count: int, min_link: float | None
) -> list[Bundle]:
    request = GenerateRequest(
        size=sizes,
        n=count,
        # Annotators bundle cables with cables.
        constraints=Constraints(items_from=tuple(items), min_link=min_link, substitutes=True),
        weights=_COHERENT,
        explain=False,
    )
    return [
        frozenset(item.item_id for item in bundle.items) for bundle in recommender.generate(request).bundles
    ]
