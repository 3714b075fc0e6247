"""The front over several objectives.

It searches for half a second and runs in the thread pool: other answers go on meanwhile.
"""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import RecommenderDep, RequestId
from api.examples import PARETO_ANSWER, answer_example
from api.languages import AcceptedLanguage
from bundles.compose.pareto.schemas import ParetoAnswer, ParetoRequest

router = APIRouter(prefix="/v1/bundles", tags=["bundles"])


@router.post("/pareto", summary="The front over several objectives", responses=answer_example(PARETO_ANSWER))
def find_pareto_front(
    request: ParetoRequest, recommender: RecommenderDep, language: AcceptedLanguage, request_id: RequestId
) -> ParetoAnswer:
    """Bundles of which none is at least as good as another on every objective and better on one.

    For a planner who would see what there is to choose from, rather than weigh the objectives beforehand.
    The best on the first objective comes first. The same request to the same model has the same front.
    """
    return recommender.pareto(request, language=language, request_id=request_id)
