"""Composed bundles, and the shop's own.

What composes or ranks runs in the event loop: it is milliseconds of one core, and on two cores four clients
got 94 answers a second so, 61 from the thread pool, where they fight for the interpreter lock.
"""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import RecommenderDep, RequestId
from api.examples import GENERATE_ANSWER, SHOP_BUNDLES_ANSWER, answer_example
from api.languages import AcceptedLanguage
from bundles.present.answers import GenerateAnswer, ShopBundlesAnswer
from bundles.request.schemas import GenerateRequest, ShopBundlesRequest

router = APIRouter(prefix="/v1/bundles", tags=["bundles"])


@router.post("/generate", summary="Compose new bundles", responses=answer_example(GENERATE_ANSWER))
async def generate_bundles(
    request: GenerateRequest, recommender: RecommenderDep, language: AcceptedLanguage, request_id: RequestId
) -> GenerateAnswer:
    """New bundles composed for this request, best first, each priced and with its reasons.

    Reasons are in English or Chinese, as `Accept-Language` prefers.

    A valid request that nothing satisfies is answered with an empty list and a warning that names the
    constraint.
    """
    return recommender.generate(request, language=language, request_id=request_id)


@router.post(
    "/recommend", summary="Rank the shop's own bundles", responses=answer_example(SHOP_BUNDLES_ANSWER)
)
async def recommend_bundles(
    request: ShopBundlesRequest,
    recommender: RecommenderDep,
    language: AcceptedLanguage,
    request_id: RequestId,
) -> ShopBundlesAnswer:
    """The shop's own bundles for a visitor, best first, by who chose which before and what they hold."""
    return recommender.recommend_bundles(request, language=language, request_id=request_id)
