"""Categories that are bought together."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.deps import RecommenderDep, RequestId
from api.examples import RELATED_CATEGORIES_ANSWER, answer_example
from bundles.present.answers import RelatedCategoriesAnswer

router = APIRouter(prefix="/v1/categories", tags=["categories"])


class RelatedCategoriesQuery(BaseModel):
    """The query of `related`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: str = Field(
        min_length=1,
        max_length=512,
        description="The full path of a category, joined by ` > `.",
        examples=["GROCERY > FLUID MILK PRODUCTS > MILK"],
    )
    n: int = Field(10, ge=1, le=100, description="Maximum number of categories.", examples=[10])


@router.get(
    "/related",
    summary="Categories bought together with one",
    responses=answer_example(RELATED_CATEGORIES_ANSWER),
)
async def related_categories(
    query: Annotated[RelatedCategoriesQuery, Query()], recommender: RecommenderDep, request_id: RequestId
) -> RelatedCategoriesAnswer:
    """Categories related to one, largest lift first; with `baskets` 0 the link is only predicted.

    The lift is calibrated on later baskets: how many times as often as by chance a basket is expected to
    hold both. A category without items of its own takes the best links of its descendants.
    """
    return recommender.related_categories(query.category, n=query.n, request_id=request_id)
