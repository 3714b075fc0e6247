"""The FastAPI application.

It reads only the promoted artifact and the journal: no graph store, no torch. An installed package
(fastapi-offline, MIT, ships Swagger UI 5) serves the documentation page, so that it works offline.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from threadpoolctl import threadpool_limits

from api.body_limit import BodyLimit
from api.problems import PROBLEM_RESPONSES, describe_problems, install_problem_handlers
from api.request_ids import RequestIds
from api.routes import bundles, categories, decisions, health, items, model
from api.serving import Serving
from api.settings import ApiSettings

_DESCRIPTION = """\
Bundles composed from a shop's order log, priced and explained. Errors are RFC 9457 problems; times are RFC
3339, UTC; unknown fields are refused. Send `X-Request-ID` to give a request your own id.
"""


def create_app(settings: ApiSettings | None = None) -> FastAPI:
    """The application over the home of `settings`, by default those of the environment.

    Without a model it starts too; `/readyz` and routes that need a model then answer 503 with the reason.
    """
    settings = settings or ApiSettings()
    app = FastAPIOffline(
        title="bundlegraph",
        version=version("bundlegraph"),
        description=_DESCRIPTION,
        redoc_url=None,
        lifespan=_lifespan,
        # By default Swagger UI sends the schema of a public service to an external validator.
        swagger_ui_parameters={"validatorUrl": None},
        responses=PROBLEM_RESPONSES,
    )
    app.state.serving = Serving(settings.home)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(RequestIds)
    install_problem_handlers(app)
    for router in (
        bundles.router,
        items.router,
        categories.router,
        decisions.router,
        model.router,
        health.router,
    ):
        app.include_router(router)
    describe_problems(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    serving: Serving = app.state.serving
    # Requests multiply small matrices: one BLAS thread is faster than a pool with its synchronisation.
    with threadpool_limits(limits=1, user_api="blas"), serving.decisions:
        serving.load()
        yield
