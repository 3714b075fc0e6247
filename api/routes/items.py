"""Items: recommend, find related ones, search."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.deps import RecommenderDep, RequestId
from api.examples import ITEMS_ANSWER, RELATED_ANSWER, SEARCH_ANSWER, answer_example
from bundles.present.answers import ItemsAnswer, RelatedAnswer, SearchAnswer
from bundles.request.schemas import ItemsRequest, RelatedKind

router = APIRouter(prefix="/v1/items", tags=["items"])

ItemIdPath = Annotated[str, Path(examples=["1082185"], description="An item id; it may contain `/`.")]


class RelatedQuery(BaseModel):
    """The query of `related`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int = Field(10, ge=1, le=100, description="Maximum number of items.", examples=[10])
    kind: RelatedKind = Field(
        "complement", description="Complements are bought with the item, substitutes instead of it."
    )
    cross_category: bool = Field(False, description="Only return items of another level-0 category.")


class SearchQuery(BaseModel):
    """The query of the search."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: str = Field(
        min_length=1,
        max_length=200,
        description="Beginnings of words of the title, or the beginning of an id.",
        examples=["bread"],
    )
    n: int = Field(20, ge=1, le=100, description="Maximum number of items.", examples=[10])


@router.post(
    "/recommend", summary="Complete a cart or follow a sequence", responses=answer_example(ITEMS_ANSWER)
)
async def recommend_items(
    request: ItemsRequest, recommender: RecommenderDep, request_id: RequestId
) -> ItemsAnswer:
    """Items that complete a cart or follow a sequence, best first; cart items are left out."""
    return recommender.recommend_items(request, request_id=request_id)


@router.get(
    "/{item_id:path}/related",
    summary="Complements or substitutes of an item",
    responses=answer_example(RELATED_ANSWER),
)
async def related_items(
    item_id: ItemIdPath,
    query: Annotated[RelatedQuery, Query()],
    recommender: RecommenderDep,
    request_id: RequestId,
) -> RelatedAnswer:
    """Items related to an item, strongest link first, with the baskets that hold both and the lift."""
    return recommender.related(
        item_id, n=query.n, kind=query.kind, cross_category=query.cross_category, request_id=request_id
    )


@router.get("", summary="Search the catalogue", responses=answer_example(SEARCH_ANSWER))
async def search_items(
    query: Annotated[SearchQuery, Query()], recommender: RecommenderDep, request_id: RequestId
) -> SearchAnswer:
    """Items found by title or id, most popular first."""
    return recommender.search(query.q, n=query.n, request_id=request_id)
