"""The shop's own bundles for a visit, by what was learned of who chooses which (`gnn.bundle_ranking`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue
from bundles.compose.composer import Composer
from bundles.links import ItemLinks
from bundles.present.answers import ShopBundle, Source
from bundles.present.discounts import DiscountPolicy
from bundles.present.presenter import BundlePresenter
from bundles.present.wording import Language
from bundles.request.constraints import Rules, relaxations
from bundles.request.reader import Asked, RequestReader
from bundles.request.schemas import MAX_BUNDLES, ComposeRequest, ShopBundlesRequest
from bundles.request.visitor import Visit
from bundles.rules.decided import UNDECIDED, BundleWord
from bundles.shop_rules import ShopBundleRules
from gnn.artifact.model import ModelArtifact
from gnn.scoring.bundle_ranking import BundleScorer
from gnn.scoring.seasons import SeasonLift


class ShopBundleRanker:
    """Ranks the bundles of `artifact`. Holds no state of a request: threads may share it."""

    def __init__(
        self,
        artifact: ModelArtifact,
        *,
        catalogue: ItemCatalogue,
        reader: RequestReader,
        composer: Composer,
        presenter: BundlePresenter,
        links: ItemLinks,
        seasons: SeasonLift,
    ) -> None:
        self._bundles, self._histories, self._links = artifact.bundles, artifact.histories, links
        self._reader, self._composer, self._presenter = reader, composer, presenter
        self._scorer = BundleScorer(artifact.bundle_model, artifact.bundles)
        self._rules = ShopBundleRules(artifact, catalogue=catalogue, seasons=seasons)
        self._mean_baskets = self._rules.means(catalogue.baskets)

    def __len__(self) -> int:
        return len(self._mean_baskets)

    def rank(
        self,
        request: ShopBundlesRequest,
        visit: Visit,
        *,
        now: datetime,
        language: Language,
        warnings: list[str],
    ) -> tuple[list[ShopBundle], Source | None]:
        """At most `request.n` bundles, best first, and the path; none is popularity.

        What the merchandiser pinned stands first; equal scores go by how often the items sell. Constraints
        hold as for composed bundles, but for those on what may be added: the shop made these as they are, so
        they may hold what is in the cart, and items that replace each other.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
        """
        if not len(self):
            warnings.append("the shop gave no bundles of its own: ask bundles/generate for composed ones")
        rules = self._reader.rules(_composed(request), visit, now=now, warnings=warnings)
        held = self._held(visit)
        source: Source | None = "cold_start" if held else None
        if self._scorer.knows(visit.user_index):
            source = "gnn"
        if request.validate_only or not len(self):
            return [], source
        scores = self._scorer.score(held, user_index=visit.user_index)
        words = self._rules.words(rules.decided)
        chosen = self._best(rules, words, scores, count=request.n or MAX_BUNDLES)
        if not chosen:
            warnings.append(self._why_empty(rules))
            return [], source
        asked = self._reader.asked(rules, visit)
        return [
            self._present(
                bundle,
                rank,
                float(scores[bundle]),
                asked=asked,
                word=words.get(bundle, UNDECIDED),
                explain=request.explain,
                language=language,
            )
            for rank, bundle in enumerate(chosen, start=1)
        ], source

    def _held(self, visit: Visit) -> list[int]:
        """Items of the cart, recent ones, and all that the user bought."""
        held = [*visit.cart, *visit.recent]
        if visit.user_index is not None:
            start, end = self._histories.indptr[visit.user_index : visit.user_index + 2]
            held += self._histories.item[start:end].tolist()
        return held

    def _best(
        self, rules: Rules, words: Mapping[int, BundleWord], scores: NDArray[np.floating], *, count: int
    ) -> list[int]:
        allowed = np.flatnonzero(self._rules.satisfied(rules, words))
        is_pinned = np.array(
            [words.get(bundle, UNDECIDED).verdict == "pinned" for bundle in allowed.tolist()], dtype=np.bool_
        )
        order = np.lexsort((allowed, -self._mean_baskets[allowed], -scores[allowed], ~is_pinned))
        if rules.min_link is None:
            chosen: list[int] = allowed[order[:count]].tolist()
            return chosen
        chosen = []
        for bundle in allowed[order].tolist():
            # Links are looked up for as many bundles as it takes, not for all.
            if len(chosen) < count and self._weakest_link(bundle) >= rules.min_link:
                chosen.append(bundle)
        return chosen

    def _weakest_link(self, bundle: int) -> float:
        items = self._items(bundle)
        is_pair = ~np.eye(len(items), dtype=np.bool_)
        return float(self._links.between(items, items)[is_pair].min()) if len(items) > 1 else 0.0

    def _why_empty(self, rules: Rules) -> str:
        asked = relaxations(rules)
        guilty = [
            name
            for name, relaxed in asked
            if self._best(relaxed, self._rules.words(relaxed.decided), self._mean_baskets, count=1)
        ]
        if guilty:
            return f"no bundle of the shop satisfies {' or '.join(guilty)}"
        return f"no bundle of the shop satisfies {', '.join(name for name, _ in asked)} together"

    def _present(
        self,
        bundle: int,
        rank: int,
        score: float,
        *,
        asked: Asked,
        word: BundleWord,
        explain: bool,
        language: Language,
    ) -> ShopBundle:
        items = self._items(bundle)
        # The shop made it: nothing in it is fixed, and what it costs is its own affair.
        rules = replace(
            asked.rules,
            anchors=(),
            required=(),
            size_max=max(len(items), 2),
            discount=DiscountPolicy(share=float(self._bundles.discount[bundle])),
            decided=replace(asked.rules.decided, sets={frozenset(items.tolist()): word}),
        )
        row = slice(*self._bundles.indptr[bundle : bundle + 2])
        shortlist, sets = self._composer.as_it_is(
            items, rules, asked.wish, quantity=self._bundles.quantity[row]
        )
        (shown,) = self._presenter.present(
            shortlist, sets, asked=replace(asked, rules=rules), explain=explain, language=language
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
        return self._bundles.item[slice(*self._bundles.indptr[bundle : bundle + 2])].astype(np.int64)


def _composed(request: ShopBundlesRequest) -> ComposeRequest:
    """What a request for composed bundles would say in its place."""
    return ComposeRequest(
        user_id=request.user_id, cart=request.cart, recent=request.recent, constraints=request.constraints
    )
