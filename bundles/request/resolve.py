"""Resolve a request against the catalogue: ids become indices, contradictions are refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bundles.catalogue import ItemCatalogue
from bundles.loaded_model import LoadedModel
from bundles.present.answers import Source
from bundles.present.discounts import NO_DISCOUNT, DiscountPolicy
from bundles.present.evidence import promotion_terms
from bundles.present.pricing import limit_in_minor_units
from bundles.request.constraints import BundleConstraints
from bundles.request.schemas import ComposeRequest, RequestError
from bundles.request.visitor import VisitorContext, VisitorPreference, find_items, item_query
from bundles.rules.active import ActiveRules
from bundles.rules.resolve import RuleResolver
from gnn.scoring.catalogue import Promotions
from gnn.scoring.seasons import week_of


@dataclass(frozen=True)
class ResolvedRequest:
    """A valid request in indices, with what the model predicts for its visitor."""

    constraints: BundleConstraints
    preference: VisitorPreference
    visitor: VisitorContext
    source: Source | None
    """None: only popularity is left."""


class RequestResolver:
    """Resolves requests against one artifact."""

    def __init__(self, model: LoadedModel, *, has_pairs: bool, rules: RuleResolver) -> None:
        """Resolve against `model`; `has_pairs`: any pair of items was bought together above chance."""
        self._model, self._has_pairs, self._rules = model, has_pairs, rules

    def resolve(
        self, request: ComposeRequest, visitor: VisitorContext, *, now: datetime, warnings: list[str]
    ) -> ResolvedRequest:
        """Constraints of `request` and predictions for `visitor`; adds to `warnings`.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
        """
        return self.predict(self.constraints(request, visitor, now=now, warnings=warnings), visitor)

    def constraints(
        self, request: ComposeRequest, visitor: VisitorContext, *, now: datetime, warnings: list[str]
    ) -> BundleConstraints:
        """The constraints of `request`: the cheap first half of `resolve`, which alone fails or warns.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
        """
        constraints = resolve_constraints(
            request,
            catalogue=self._model.catalogue,
            promotions=self._model.artifact.promotions,
            cart=visitor.cart,
            rules=self._rules.active(),
            warnings=warnings,
        )
        self._warn_about_promotion(constraints, now, warnings)
        if constraints.discount.margin_floor is not None and not self._model.catalogue.has_costs:
            warnings.append("discount.margin_floor: no item has a cost, so no bundle gets a discount")
        if constraints.event_week is not None and not len(self._model.artifact.seasons.item):
            warnings.append("constraints.event_date: no item was bought often enough to have a season")
        return constraints

    def predict(self, constraints: BundleConstraints, visitor: VisitorContext) -> ResolvedRequest:
        """Predictions under `constraints`: the costly half of `resolve`, which scores every ranked item."""
        beside = tuple(dict.fromkeys([*constraints.fixed, *visitor.cart]))
        query, source = item_query(beside, visitor, self._model)
        context = constraints.fixed or (*visitor.recent, *visitor.cart)
        chances = None if source is None else self._model.scores.probabilities(query)
        if source is None and not context and self._has_pairs:
            source = "gnn"
        return ResolvedRequest(constraints, VisitorPreference(chances, context), visitor, source)

    def _warn_about_promotion(
        self, constraints: BundleConstraints, now: datetime, warnings: list[str]
    ) -> None:
        if constraints.promotion is None:
            return
        terms = promotion_terms(self._model.artifact.promotions, constraints.promotion)
        when = None
        if terms.ends_at is not None and now > terms.ends_at:
            when = f"ended on {terms.ends_at:%Y-%m-%d}"
        if terms.starts_at is not None and now < terms.starts_at:
            when = f"begins on {terms.starts_at:%Y-%m-%d}"
        if when:
            warnings.append(f"constraints.promotion_id: {terms.promotion_id!r} {when}; it is applied anyway")


def resolve_constraints(
    request: ComposeRequest,
    *,
    catalogue: ItemCatalogue,
    promotions: Promotions,
    cart: tuple[int, ...],
    rules: ActiveRules,
    warnings: list[str],
) -> BundleConstraints:
    """The constraints of `request`; unknown ids that do no harm are added to `warnings`.

    Raises:
        RequestError: For an unknown or banned anchor or required item, two of them that are a banned pair, an
            unknown promotion, or fixed items or categories beyond the size.
    """
    given = request.constraints
    anchors = _known_items(request.anchors, field="anchors", catalogue=catalogue)
    required = tuple(
        item
        for item in _known_items(given.items_require, field="constraints.items_require", catalogue=catalogue)
        if item not in anchors
    )
    items_from = find_items(
        given.items_from, field="constraints.items_from", catalogue=catalogue, warnings=warnings
    )
    banned = find_items(
        given.items_exclude, field="constraints.items_exclude", catalogue=catalogue, warnings=warnings
    )
    constraints = BundleConstraints(
        anchors=anchors,
        required=required,
        banned=banned,
        cart=tuple(item for item in cart if item not in anchors),
        size_min=request.size.min,
        size_max=request.size.max,
        price_min=limit_in_minor_units(given.price_min, digits=catalogue.digits, is_upper=False),
        price_max=limit_in_minor_units(given.price_max, digits=catalogue.digits, is_upper=True),
        include=_categories(given.categories_include, "categories_include", catalogue, warnings)
        if given.categories_include
        else None,
        exclude=_categories(given.categories_exclude, "categories_exclude", catalogue, warnings),
        min_categories=given.min_categories,
        in_stock_only=given.in_stock_only,
        promotion=_promotion(given.promotion_id, promotions),
        items_from=items_from if given.items_from else None,
        min_link=given.min_link,
        substitutes=given.substitutes,
        event_week=None if given.event_date is None else week_of(given.event_date),
        discount=rules.discount or NO_DISCOUNT
        if request.discount is None
        else DiscountPolicy(request.discount.share, request.discount.margin_floor),
        rules=rules.for_cart(cart, fixed=anchors + required),
    )
    _refuse_contradictions(constraints, catalogue)
    return constraints


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


def _refuse_contradictions(constraints: BundleConstraints, catalogue: ItemCatalogue) -> None:
    _refuse_banned(constraints, catalogue)
    for item in constraints.anchors:
        if item in constraints.banned:
            raise RequestError("anchors", f"{catalogue.item_id(item)!r} is in constraints.items_exclude")
    for item in constraints.required:
        if item in constraints.banned or item in constraints.cart:
            other = "constraints.items_exclude" if item in constraints.banned else "cart, and no anchor"
            raise RequestError(
                "constraints.items_require", f"{catalogue.item_id(item)!r} is in {other} as well"
            )
    if len(constraints.fixed) > constraints.size_max:
        raise RequestError(
            "size",
            f"at most {constraints.size_max} items requested, "
            f"but anchors and items_require are {len(constraints.fixed)}",
        )
    if constraints.min_categories > constraints.size_max:
        raise RequestError(
            "constraints.min_categories",
            f"{constraints.min_categories} requested of at most {constraints.size_max} items",
        )


def _refuse_banned(constraints: BundleConstraints, catalogue: ItemCatalogue) -> None:
    """Refuse fixed items that are banned; the error names the field of the later item of a banned pair."""
    for place, item in enumerate(constraints.fixed):
        field = "anchors" if place < len(constraints.anchors) else "constraints.items_require"
        if item in constraints.rules.banned:
            raise RequestError(field, f"{catalogue.item_id(item)!r} is banned by the merchandiser")
        for other in constraints.fixed[:place]:
            if other in constraints.rules.banned_with.get(item, ()):
                pair = f"{catalogue.item_id(other)!r} and {catalogue.item_id(item)!r}"
                raise RequestError(field, f"{pair} are banned from one bundle by the merchandiser")
