"""A request's constraints against the catalogue: ids and paths become indices, contradictions are refused."""

from __future__ import annotations

from bundles.catalogue import ItemCatalogue
from bundles.present.discounts import NO_DISCOUNT, DiscountPolicy
from bundles.present.pricing import limit_in_minor_units
from bundles.request.constraints import Rules
from bundles.request.schemas import ComposeRequest, RequestError
from bundles.request.visitor import find_items
from bundles.rules.decided import Decided
from gnn.artifact.model import Promotions
from gnn.scoring.seasons import week_of


def resolve_rules(
    request: ComposeRequest,
    *,
    catalogue: ItemCatalogue,
    promotions: Promotions,
    cart: tuple[int, ...],
    decided: Decided,
    warnings: list[str],
) -> Rules:
    """The rules of `request`; what is unknown but harmless is added to `warnings`.

    Raises:
        RequestError: For an unknown or banned anchor or required item, two of them that are a banned pair, an
            unknown promotion, or fixed items or categories beyond the size.
    """
    asked = request.constraints
    anchors = _known_items(request.anchors, field="anchors", catalogue=catalogue)
    required = tuple(
        item
        for item in _known_items(asked.items_require, field="constraints.items_require", catalogue=catalogue)
        if item not in anchors
    )
    items_from = find_items(
        asked.items_from, field="constraints.items_from", catalogue=catalogue, warnings=warnings
    )
    banned = find_items(
        asked.items_exclude, field="constraints.items_exclude", catalogue=catalogue, warnings=warnings
    )
    rules = Rules(
        anchors=anchors,
        required=required,
        banned=banned,
        cart=tuple(item for item in cart if item not in anchors),
        size_min=request.size.min,
        size_max=request.size.max,
        price_min=limit_in_minor_units(asked.price_min, digits=catalogue.digits, is_upper=False),
        price_max=limit_in_minor_units(asked.price_max, digits=catalogue.digits, is_upper=True),
        include=_categories(asked.categories_include, "categories_include", catalogue, warnings)
        if asked.categories_include
        else None,
        exclude=_categories(asked.categories_exclude, "categories_exclude", catalogue, warnings),
        min_categories=asked.min_categories,
        in_stock_only=asked.in_stock_only,
        promotion=_promotion(asked.promotion_id, promotions),
        items_from=items_from if asked.items_from else None,
        min_link=asked.min_link,
        substitutes=asked.substitutes,
        event_week=None if asked.event_date is None else week_of(asked.event_date),
        discount=decided.discount or NO_DISCOUNT
        if request.discount is None
        else DiscountPolicy(request.discount.share, request.discount.margin_floor),
        decided=decided.beside(cart, fixed=anchors + required),
    )
    _refuse_contradictions(rules, catalogue)
    return rules


def _known_items(ids: tuple[str, ...], *, field: str, catalogue: ItemCatalogue) -> tuple[int, ...]:
    items: dict[int, None] = {}
    for item_id in ids:
        item = catalogue.index_of(item_id)
        if item is None:
            raise RequestError(field, f"no item {item_id[:64]!r} in the catalogue")
        items[item] = None
    return tuple(items)


def _categories(
    paths: tuple[str, ...], field: str, catalogue: ItemCatalogue, warnings: list[str]
) -> tuple[int, ...]:
    found = {path: catalogue.category_of_path(path) for path in paths}
    unknown = [path for path, category in found.items() if category is None]
    if unknown:
        warnings.append(
            f"constraints.{field}: no category {unknown[0][:64]!r}: write the path, as 'Grocery > Dairy'"
        )
    return tuple(category for category in found.values() if category is not None)


def _promotion(promotion_id: str | None, promotions: Promotions) -> int | None:
    if promotion_id is None:
        return None
    promotion = promotions.promotion_ids.find(promotion_id)
    if promotion is None:
        raise RequestError("constraints.promotion_id", f"no promotion {promotion_id[:64]!r}")
    return promotion


def _refuse_contradictions(rules: Rules, catalogue: ItemCatalogue) -> None:
    _refuse_what_is_banned(rules, catalogue)
    for item in rules.anchors:
        if item in rules.banned:
            raise RequestError("anchors", f"{catalogue.item_id(item)!r} is in constraints.items_exclude")
    for item in rules.required:
        if item in rules.banned or item in rules.cart:
            other = "constraints.items_exclude" if item in rules.banned else "cart, and no anchor"
            raise RequestError(
                "constraints.items_require", f"{catalogue.item_id(item)!r} is in {other} as well"
            )
    if len(rules.fixed) > rules.size_max:
        raise RequestError(
            "size",
            f"at most {rules.size_max} items asked, but anchors and items_require are {len(rules.fixed)}",
        )
    if rules.min_categories > rules.size_max:
        raise RequestError(
            "constraints.min_categories", f"{rules.min_categories} asked of at most {rules.size_max} items"
        )


def _refuse_what_is_banned(rules: Rules, catalogue: ItemCatalogue) -> None:
    """By the merchandiser; the field is that of the item which the others are not to be with."""
    for place, item in enumerate(rules.fixed):
        field = "anchors" if place < len(rules.anchors) else "constraints.items_require"
        if item in rules.decided.banned:
            raise RequestError(field, f"{catalogue.item_id(item)!r} is banned by the merchandiser")
        for other in rules.fixed[:place]:
            if other in rules.decided.partners.get(item, ()):
                pair = f"{catalogue.item_id(other)!r} and {catalogue.item_id(item)!r}"
                raise RequestError(field, f"{pair} are banned from one bundle by the merchandiser")
