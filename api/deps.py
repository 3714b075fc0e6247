"""What routes ask for, as types."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.request_ids import request_id_of
from api.serving import Serving
from bundles.recommender import Recommender
from bundles.rules.log import DecisionLog


def _serving(request: Request) -> Serving:
    serving: Serving = request.app.state.serving
    return serving


def _decisions(request: Request) -> DecisionLog:
    return _serving(request).decisions


def _recommender(request: Request) -> Recommender:
    return _serving(request).model().recommender


ServingDep = Annotated[Serving, Depends(_serving)]
DecisionsDep = Annotated[DecisionLog, Depends(_decisions)]
#: 503 where no model is in service.
RecommenderDep = Annotated[Recommender, Depends(_recommender)]
RequestId = Annotated[str, Depends(request_id_of)]
