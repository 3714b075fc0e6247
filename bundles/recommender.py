"""The `Recommender`: it answers every route and command from one artifact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypedDict

from bundles.compose.generate import BundleGenerator
from bundles.compose.pareto.planner import ParetoPlanner
from bundles.compose.pareto.schemas import ParetoAnswer, ParetoRequest
from bundles.items import ItemRanker
from bundles.loaded_model import LoadedModel
from bundles.present.answers import (
    FoundItem,
    GenerateAnswer,
    HeaderBuilder,
    ItemsAnswer,
    RankedItem,
    RelatedAnswer,
    RelatedCategoriesAnswer,
    RelatedItem,
    SearchAnswer,
    ShopBundlesAnswer,
    Source,
)
from bundles.present.wording import Language
from bundles.related import RelatedItems
from bundles.related_categories import RelatedCategories
from bundles.request.schemas import (
    GenerateRequest,
    ItemsRequest,
    RelatedKind,
    ShopBundlesRequest,
    UnknownCategoryError,
    UnknownItemError,
    VisitorRequest,
)
from bundles.request.visitor import VisitorContext, read_visitor, require_key
from bundles.rules.decisions import NO_RULES, MerchandisingRules
from bundles.rules.resolve import RuleResolver
from bundles.rules.targets import DecisionTargets
from bundles.search import TitleSearch
from bundles.shop_bundles import ShopBundleRanker
from etl.pseudonyms import PseudonymKey
from gnn.artifact.model import ArtifactInfo, ModelArtifact


class _Named(TypedDict):
    item_id: str
    title: str


class Recommender:
    """Answers from one artifact. It keeps no state of requests: threads may share it.

    Equal requests to one model have equal answers, except for `request_id` and `generated_at`.
    """

    def __init__(
        self,
        artifact: ModelArtifact,
        key: PseudonymKey,
        *,
        now: Callable[[], datetime] | None = None,
        rules: Callable[[], MerchandisingRules] | None = None,
    ) -> None:
        """Answer from `artifact`; `rules` is called at each request and returns the merchandising rules.

        Raises:
            ArtifactError: If its users are pseudonyms under another key.
        """
        require_key(artifact.info, key)
        self._key = key
        self.artifact = artifact
        """The artifact that it answers from."""
        self._now = now or (lambda: datetime.now(UTC))
        self._headers = HeaderBuilder(artifact.info, now=self._now)
        self._model = LoadedModel.of(artifact)
        self._catalogue = self._model.catalogue
        targets = DecisionTargets(artifact, catalogue=self._catalogue)
        self.rules = RuleResolver(rules or (lambda: NO_RULES), targets=targets)
        """The merchandising rules, read at every request."""
        self._related = RelatedItems(self._model)
        self._related_categories = RelatedCategories(artifact.categories, artifact.category_links)
        self._ranker = ItemRanker(self._model, related=self._related)
        self._generator = BundleGenerator(self._model, rules=self.rules)
        self._planner = ParetoPlanner(self._generator)
        self._shop_bundles = ShopBundleRanker(self._generator)
        self._search = TitleSearch(artifact.catalogue, items=self._catalogue)

    @property
    def info(self) -> ArtifactInfo:
        """The description of the model."""
        return self.artifact.info

    @property
    def num_items(self) -> int:
        """Number of items of the catalogue."""
        return self._catalogue.num_items

    def sellable_items(self) -> list[str]:
        """Ids of the items that bundles may hold, most popular first.

        They are in stock, not banned, and have a price, unless the shop gives no prices at all.
        """
        catalogue, popular = self._catalogue, self._catalogue.by_popularity
        may_be_sold = catalogue.in_stock & (catalogue.price >= (0 if (catalogue.price >= 0).any() else -1))
        may_be_sold[list(self.rules.active().banned)] = False
        return [catalogue.item_id(item) for item in popular[may_be_sold[popular]].tolist()]

    def curated_anchors(self) -> list[str]:
        """One item of each curated bundle, as an anchor that leads to it."""
        anchors = [min(items) for items in self.rules.active().curated]
        return [self._catalogue.item_id(item) for item in dict.fromkeys(anchors)]

    def generate(
        self, request: GenerateRequest, *, language: Language = "en", request_id: str | None = None
    ) -> GenerateAnswer:
        """New bundles, best first; an empty list has a warning that names the blocking constraint.

        `language` is the language of the reasons.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
        """
        warnings: list[str] = []
        visitor = self._visitor(request, warnings)
        bundles, source = self._generator.generate(
            request, visitor, now=self._now(), language=language, warnings=warnings
        )
        return GenerateAnswer(**self._headers.build(request_id, source, warnings), bundles=bundles)

    def pareto(
        self, request: ParetoRequest, *, language: Language = "en", request_id: str | None = None
    ) -> ParetoAnswer:
        """The Pareto front; an empty one has a warning that names the blocking constraint.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
        """
        warnings: list[str] = []
        visitor = self._visitor(request, warnings)
        plan, source = self._planner.plan(
            request, visitor, now=self._now(), language=language, warnings=warnings
        )
        return ParetoAnswer(**self._headers.build(request_id, source, warnings), **plan)

    def recommend_bundles(
        self, request: ShopBundlesRequest, *, language: Language = "en", request_id: str | None = None
    ) -> ShopBundlesAnswer:
        """The shop's own bundles, best first; an empty list has a warning that names the blocking constraint.

        Raises:
            RequestError: If the request is wrong against the catalogue, or contradicts itself.
        """
        warnings: list[str] = []
        visitor = self._visitor(request, warnings)
        bundles, source = self._shop_bundles.rank(
            request, visitor, now=self._now(), language=language, warnings=warnings
        )
        return ShopBundlesAnswer(**self._headers.build(request_id, source, warnings), bundles=bundles)

    def recommend_items(self, request: ItemsRequest, *, request_id: str | None = None) -> ItemsAnswer:
        """Items that complete a cart or follow a sequence, best first."""
        warnings: list[str] = []
        visitor = self._visitor(request, warnings)
        ranked, source = self._ranker.rank(
            visitor,
            count=request.n,
            exclude_purchased=request.exclude_purchased,
            excluded=self.rules.active().excluded_beside(visitor.cart),
        )
        if not ranked:
            warnings.append(
                "no item is left: all items are in the cart, already bought, out of stock or banned"
            )
        items = [
            RankedItem(**self._named(item), score=score, rank=rank)
            for rank, (item, score) in enumerate(ranked, start=1)
        ]
        return ItemsAnswer(**self._headers.build(request_id, source, warnings), items=items)

    def related(
        self,
        item_id: str,
        *,
        n: int = 10,
        kind: RelatedKind = "complement",
        cross_category: bool = False,
        request_id: str | None = None,
    ) -> RelatedAnswer:
        """Items related to one item, strongest link first.

        Raises:
            UnknownItemError: If the catalogue has no such item.
        """
        item = self._catalogue.index_of(item_id)
        if item is None:
            raise UnknownItemError(item_id)
        warnings: list[str] = []
        excluded = self.rules.active().excluded_beside([item])
        find = self._related.substitutes if kind == "substitute" else self._related.complements
        found = find(item, count=n, cross_category=cross_category, excluded=excluded)
        if not found:
            where = " of another level-0 category" if cross_category else ""
            warnings.append(f"no {kind}{where} is known of {item_id!r}")
        source: Source = "gnn" if self._related.is_ranked(item) else "cold_start"
        counts = self._model.links.counts_among([item], [other for other, _ in found])
        items = []
        for rank, (other, score) in enumerate(found, start=1):
            baskets, lift = counts.get((item, other), (None, None))
            lift = None if lift is None else round(lift, 3)
            items.append(
                RelatedItem(**self._named(other), score=score, rank=rank, baskets=baskets, lift=lift)
            )
        return RelatedAnswer(**self._headers.build(request_id, source, warnings), items=items)

    def related_categories(
        self, path: str, *, n: int = 10, request_id: str | None = None
    ) -> RelatedCategoriesAnswer:
        """Categories related to the one with this full path, largest lift first.

        Raises:
            UnknownCategoryError: If the catalogue has no such category.
        """
        category = self._catalogue.category_of_path(path)
        if category is None:
            raise UnknownCategoryError(path)
        found = self._related_categories.find(category, count=n)
        warnings = []
        if not len(self.artifact.category_links.baskets):
            warnings.append(
                "the model has no links of categories: too few were bought together in validation"
            )
        elif not found:
            warnings.append(f"no category is known to be bought with {path!r}")
        source: Source | None = "gnn" if found else None
        return RelatedCategoriesAnswer(**self._headers.build(request_id, source, warnings), categories=found)

    def search(self, query: str, *, n: int = 20, request_id: str | None = None) -> SearchAnswer:
        """Items whose title words begin with the words of `query`, or whose id begins with it.

        The most popular come first, independent of the model: `source` is `fallback`.
        """
        catalogue = self._catalogue
        items = [
            FoundItem(
                **self._named(item), category=catalogue.category_path(item), price=catalogue.price_of(item)
            )
            for item in self._search.find(query, count=n)
        ]
        return SearchAnswer(**self._headers.build(request_id, None, []), items=items)

    def _named(self, item: int) -> _Named:
        return {"item_id": self._catalogue.item_id(item), "title": self._catalogue.title(item)}

    def _visitor(self, request: VisitorRequest | ItemsRequest, warnings: list[str]) -> VisitorContext:
        return read_visitor(request, model=self._model, key=self._key, warnings=warnings)
