"""Answer a file of requests, one a line, as the HTTP routes answer them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ValidationError
from threadpoolctl import threadpool_limits

from api.problems import problem, problem_of_error
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest, ItemsRequest, ShopBundlesRequest
from etl.errors import StageError

Route = Callable[[Recommender, dict[str, object]], BaseModel]

ROUTES: dict[str, Route] = {
    "bundles/generate": lambda recommender, body: recommender.generate(GenerateRequest.model_validate(body)),
    "bundles/recommend": lambda recommender, body: recommender.recommend_bundles(
        ShopBundlesRequest.model_validate(body)
    ),
    "items/recommend": lambda recommender, body: recommender.recommend_items(
        ItemsRequest.model_validate(body)
    ),
}


class BatchError(StageError):
    """The requests cannot be read, or the answers cannot be written."""


def answer_lines(recommender: Recommender, queries: Path, answers: Path) -> int:
    """Answer each line of `queries` (a request body with its `route`) with a line of `answers`, in order.

    The answer to a wrong line is its problem object, which has a `status`. Blank lines count as lines.

    Returns:
        How many lines were answered.

    Raises:
        BatchError: If a file cannot be opened, or `queries` is not UTF-8 text.
    """
    unfinished = answers.with_name(answers.name + ".unfinished")
    try:
        with (
            # The matrices are small: one BLAS thread is faster than a pool.
            threadpool_limits(1, user_api="blas"),
            queries.open(encoding="utf-8") as lines,
            unfinished.open("w", encoding="utf-8") as written,
        ):
            count = 0
            for line in lines:
                written.write(answer_line(recommender, line).model_dump_json() + "\n")
                count += 1
        unfinished.replace(answers)
    except OSError as error:
        raise BatchError(f"{error.filename}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BatchError(f"{queries} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    return count


def answer_line(recommender: Recommender, line: str) -> BaseModel:
    """The answer to one line, or its problem."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError) as error:
        return problem(400, f"this line is not JSON: {error}")
    if not isinstance(body, dict):
        return problem(400, "expected a JSON object with a route")
    name = body.pop("route", None)
    if not isinstance(name, str) or name not in ROUTES:
        return problem(404, f"no route {name!r}: choose one of {', '.join(ROUTES)}")
    try:
        return ROUTES[name](recommender, body)
    except (ValidationError, StageError) as error:
        return problem_of_error(error, instance=f"/v1/{name}")
