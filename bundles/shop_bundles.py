"""Rank the shop's own bundles for a visitor, by a model of past choices (`gnn.scoring.bundle_ranking`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bundles.compose.generate import BundleGenerator
from bundles.present.answers import ShopBundle, Source
from bundles.present.discounts import DiscountPolicy
from bundles.present.wording import Language
from bundles.request.constraints import BundleConstraints, relaxations
from bundles.request.resolve import ResolvedRequest
from bundles.request.schemas import MAX_BUNDLES, ComposeRequest, ShopBundlesRequest
from bundles.request.visitor import VisitorContext
from bundles.rules.active import NO_BUNDLE_RULE, BundleRule
from bundles.shop_filter import ShopBundleFilter
from gnn.scoring.bundle_ranking import BundleScorer


class ShopBundleRanker:
    """Ranks the shop's own bundles. It keeps no state of requests: threads may share it."""

    def __init__(self, generator: BundleGenerator) -> None:
        self._generator, artifact = generator, generator.model.artifact
        self._bundles, self._histories = artifact.bundles, artifact.histories
        self._scorer = BundleScorer(
            artifact.bundle_ranking, artifact.bundles, num_items=len(artifact.catalogue.item_ids)
        )
        self._filter = ShopBundleFilter(generator.model)
        self._mean_baskets = self._filter.means(generator.model.catalogue.baskets)

    def __len__(self) -> int:
        return len(self._mean_baskets)

    def rank(
        self,
        request: ShopBundlesRequest,
        visitor: VisitorContext,
        *,
        now: datetime,
        language: Language,
        warnings: list[str],
    ) -> tuple[list[ShopBundle], Source | None]:
        """At most `request.n` bundles, best first, and their source; None means popularity.

        Pinned bundles come first; ties are broken by how often the items sell. Constraints apply as to
        composed bundles, except that a shop's own bundle may hold cart items and substitutes.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
        """
        if not len(self):
            warnings.append("the shop has no bundles of its own: use bundles/generate for composed ones")
        constraints = self._generator.resolver.constraints(
            _as_compose_request(request), visitor, now=now, warnings=warnings
        )
        held = self._visitor_items(visitor)
        source: Source | None = "cold_start" if held else None
        if self._scorer.knows(visitor.user_index):
            source = "gnn"
        if request.validate_only or not len(self):
            return [], source
        scores = self._scorer.score(held, user_index=visitor.user_index)
        overrides = self._filter.overrides(constraints.rules)
        chosen = self._best(constraints, overrides, scores, count=request.n or MAX_BUNDLES)
        if not chosen:
            warnings.append(self._explain_empty(constraints))
            return [], source
        resolved = self._generator.resolver.predict(constraints, visitor)
        return [
            self._answer(
                bundle,
                rank,
                float(scores[bundle]),
                resolved=resolved,
                rule=overrides.get(bundle, NO_BUNDLE_RULE),
                explain=request.explain,
                language=language,
            )
            for rank, bundle in enumerate(chosen, start=1)
        ], source

    def _visitor_items(self, visitor: VisitorContext) -> list[int]:
        """Items of the cart, recent items, and all items that the user bought."""
        held = [*visitor.cart, *visitor.recent]
        if visitor.user_index is not None:
            held += self._histories.of_user(visitor.user_index)[0].tolist()
        return held

    def _best(
        self,
        constraints: BundleConstraints,
        overrides: Mapping[int, BundleRule],
        scores: NDArray[np.floating],
        *,
        count: int,
    ) -> list[int]:
        allowed = np.flatnonzero(self._filter.satisfied(constraints, overrides))
        is_pinned = np.array(
            [overrides.get(bundle, NO_BUNDLE_RULE).verdict == "pinned" for bundle in allowed.tolist()],
            dtype=np.bool_,
        )
        order = np.lexsort((allowed, -self._mean_baskets[allowed], -scores[allowed], ~is_pinned))
        if constraints.min_link is None:
            chosen: list[int] = allowed[order[:count]].tolist()
            return chosen
        chosen = []
        for bundle in allowed[order].tolist():
            # Links are looked up for as few bundles as possible.
            if len(chosen) < count and self._weakest_link(bundle) >= constraints.min_link:
                chosen.append(bundle)
        return chosen

    def _weakest_link(self, bundle: int) -> float:
        items = self._items(bundle)
        if len(items) < 2:
            return 0.0
        links = self._generator.model.links.between(items, items)
        return float(links[~np.eye(len(items), dtype=np.bool_)].min())

    def _explain_empty(self, constraints: BundleConstraints) -> str:
        relaxed_by = relaxations(constraints)
        blocking = [
            name
            for name, relaxed in relaxed_by
            if self._best(relaxed, self._filter.overrides(relaxed.rules), self._mean_baskets, count=1)
        ]
        if blocking:
            return f"no bundle of the shop satisfies {' or '.join(blocking)}"
        return f"no bundle of the shop satisfies {', '.join(name for name, _ in relaxed_by)} together"

    def _answer(
        self,
        bundle: int,
        rank: int,
        score: float,
        *,
        resolved: ResolvedRequest,
        rule: BundleRule,
        explain: bool,
        language: Language,
    ) -> ShopBundle:
        items = self._items(bundle)
        # Nothing in a bundle of the shop is fixed, and it has its own discount.
        constraints = replace(
            resolved.constraints,
            anchors=(),
            required=(),
            size_max=max(len(items), 2),
            discount=DiscountPolicy(share=float(self._bundles.discount[bundle])),
            rules=replace(resolved.constraints.rules, bundles={frozenset(items.tolist()): rule}),
        )
        _, quantity = self._bundles.quantity.row(bundle)
        shortlist, sets = self._generator.composer.measure_as_given(
            items, constraints, resolved.preference, quantity=quantity
        )
        (shown,) = self._generator.answers.build(
            shortlist,
            sets,
            resolved=replace(resolved, constraints=constraints),
            explain=explain,
            language=language,
        )
        return ShopBundle(
            rank=rank,
            score=score,
            bundle_id=self._bundles.bundle_ids[bundle],
            title=shown.title or self._bundles.titles[bundle],
            decision=shown.decision,
            objectives=shown.objectives,
            weakest_link=shown.weakest_link,
            items=shown.items,
            price=shown.price,
            reasons=shown.reasons,
        )

    def _items(self, bundle: int) -> NDArray[np.int64]:
        return self._bundles.quantity.row(bundle)[0].astype(np.int64)


def _as_compose_request(request: ShopBundlesRequest) -> ComposeRequest:
    """`request` as a request for composed bundles."""
    return ComposeRequest(
        user_id=request.user_id, cart=request.cart, recent=request.recent, constraints=request.constraints
    )
