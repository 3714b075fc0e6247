"""The items and shop bundles of one artifact that a decision may name."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from bundles.catalogue import ItemCatalogue
from bundles.present.pricing import to_amount
from bundles.request.schemas import RequestError
from bundles.rules.decisions import DecisionRequest
from gnn.artifact.model import ModelArtifact
from gnn.scoring.substitutes import SubstitutePairs


@dataclass(frozen=True)
class Fault:
    """Why a decision has no effect."""

    field: str
    message: str


class DecisionTargets:
    """Looks up the items and bundles that decisions name."""

    def __init__(self, artifact: ModelArtifact, *, catalogue: ItemCatalogue) -> None:
        self._catalogue, self._bundles = catalogue, artifact.bundles
        self._substitutes = SubstitutePairs(artifact.substitutes)

    def check(self, request: DecisionRequest) -> None:
        """Refuse a decision that would have no effect.

        Raises:
            RequestError: If it names an unknown item or bundle, or an impossible price.
        """
        fault = self.fault_of(request)
        if fault is not None:
            raise RequestError(fault.field, fault.message)

    def fault_of(self, request: DecisionRequest) -> Fault | None:
        """Why a decision has no effect; None if it has.

        A decision that was valid may lose its effect: items leave the catalogue, and prices change.
        """
        unknown = [item_id for item_id in request.items if self._catalogue.index_of(item_id) is None]
        if unknown:
            return Fault("items", f"no item {unknown[0][:64]!r} in the catalogue")
        bundle_id = request.bundle_id
        if bundle_id is not None and self._bundles.bundle_ids.find(bundle_id) is None:
            return Fault(
                "bundle_id",
                f"the shop has no bundle {bundle_id[:64]!r} of its own: name a composed bundle by its items",
            )
        return None if request.price is None else self._fault_of_price(request, request.price)

    def hint_on(self, request: DecisionRequest) -> str:
        """What keeps the bundle of a valid approve or pin from being shown; empty if nothing does."""
        items = self.items_of(request)
        sold_out = [item for item in items if not self._catalogue.in_stock[item]]
        if sold_out:
            return f"{self.item_id(sold_out[0])!r} is out of stock"
        if request.bundle_id is not None:
            return ""
        unpriced = [item for item in items if self._catalogue.price[item] < 0]
        if unpriced and (self._catalogue.price >= 0).any():
            return (
                f"{self.item_id(unpriced[0])!r} has no price: the bundle is shown only with it as an anchor"
            )
        substitutes = np.argwhere(np.triu(self._substitutes.among(np.array(items, dtype=np.int64)), 1))
        if len(substitutes):
            pair = " and ".join(repr(self.item_id(items[place])) for place in substitutes[0])
            return f"{pair} are substitutes: the bundle is shown only where constraints.substitutes is true"
        return ""

    def bundle_of(self, request: DecisionRequest) -> int | None:
        """Index of the shop's bundle that a valid `request` names."""
        return None if request.bundle_id is None else self._bundles.bundle_ids.find(request.bundle_id)

    def items_of(self, request: DecisionRequest) -> list[int]:
        """Item indices that a valid `request` names, or that the bundle it names holds."""
        bundle = self.bundle_of(request)
        if bundle is not None:
            return self.items_of_bundle(bundle)
        found = (self._catalogue.index_of(item_id) for item_id in request.items)
        return [item for item in found if item is not None]

    def items_of_bundle(self, bundle: int) -> list[int]:
        """Item indices of a bundle of the shop."""
        items: list[int] = self._bundles.quantity.row(bundle)[0].tolist()
        return items

    def item_id(self, item: int) -> str:
        """External id of an item index."""
        return self._catalogue.item_id(item)

    def minor_units(self, price: float) -> int:
        """A valid price in minor units."""
        return int(self._scaled(price))

    def _scaled(self, price: float) -> Decimal:
        # The shortest decimal that equals the float is the one that the caller wrote.
        return Decimal(repr(price)).scaleb(self._catalogue.digits)

    def _fault_of_price(self, request: DecisionRequest, price: float) -> Fault | None:
        digits = self._catalogue.digits
        if self._scaled(price) % 1:
            return Fault("price", f"expected at most {digits} decimals in the shop's currency, found {price}")
        items = self.items_of(request)
        unpriced = [item for item in items if self._catalogue.price[item] < 0]
        if unpriced or not items:
            named = repr(self.item_id(unpriced[0])) if unpriced else "the bundle"
            return Fault("price", f"{named} has no price, so its discount would be unknown")
        list_price = self._list_price(request, items)
        if self._scaled(price) > list_price:
            most = to_amount(list_price, digits=digits)
            return Fault("price", f"expected at most the list price, {most:.{digits}f}, found {price}")
        return None

    def _list_price(self, request: DecisionRequest, items: list[int]) -> int:
        prices = self._catalogue.price[items]
        bundle = self.bundle_of(request)
        if bundle is None:
            return int(prices.sum())
        _, quantity = self._bundles.quantity.row(bundle)
        return int(np.floor(prices @ quantity + 0.5))
