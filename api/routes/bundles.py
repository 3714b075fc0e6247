"""Bundles: composed ones, the shop's own, and Pareto fronts.

Composing and ranking run in the event loop: they take milliseconds of one core, and four clients on two cores
got 94 answers a second this way, but 61 from the thread pool, which contends for the interpreter lock.
A front takes half a second and runs in the thread pool, so that other answers go on.
"""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import AcceptedLanguage, RecommenderDep, RequestId
from api.examples import GENERATE_ANSWER, PARETO_ANSWER, SHOP_BUNDLES_ANSWER, answer_example
from bundles.compose.pareto.schemas import ParetoAnswer, ParetoRequest
from bundles.present.answers import GenerateAnswer, ShopBundlesAnswer
from bundles.request.schemas import GenerateRequest, ShopBundlesRequest

router = APIRouter(prefix="/v1/bundles", tags=["bundles"])


@router.post("/generate", summary="Compose new bundles", responses=answer_example(GENERATE_ANSWER))
async def generate_bundles(
    request: GenerateRequest, recommender: RecommenderDep, language: AcceptedLanguage, request_id: RequestId
) -> GenerateAnswer:
    """New bundles composed for this request, best first, each with its price and reasons.

    Reasons are in English or Chinese, by `Accept-Language`.

    If no bundle satisfies a valid request, the list is empty and a warning names the blocking constraint.
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
    """The shop's own bundles for a visitor, best first, by past choices and the items that they hold."""
    return recommender.recommend_bundles(request, language=language, request_id=request_id)


@router.post(
    "/pareto", summary="Pareto front over several objectives", responses=answer_example(PARETO_ANSWER)
)
def find_pareto_front(
    request: ParetoRequest, recommender: RecommenderDep, language: AcceptedLanguage, request_id: RequestId
) -> ParetoAnswer:
    """The Pareto front: no bundle is at least as good as another on every objective and better on one.

    For campaign planners who want to see the trade-offs instead of setting weights. The best bundle on the
    first objective comes first. Equal requests to one model have equal fronts.
    """
    return recommender.pareto(request, language=language, request_id=request_id)
