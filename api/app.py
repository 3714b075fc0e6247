"""The HTTP service.

It reads the promoted artifact and nothing else: no graph store, no torch. The documentation page is served
from an installed package (fastapi-offline, MIT, ships Swagger UI 5), so that it works without another host.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from threadpoolctl import threadpool_limits

from api.body_limit import BodyLimit
from api.openapi import PROBLEM_RESPONSES, describe_problems
from api.problems import install_problem_handlers
from api.request_ids import RequestIds
from api.routes import bundles, categories, decisions, health, items, model, pareto
from api.serving import Serving
from api.settings import ApiSettings

_DESCRIPTION = """\
Bundles composed from a shop's order log, priced and explained. Errors are RFC 9457 problems; times are RFC
3339, UTC; unknown fields are refused. Send `X-Request-ID` to give a request your own id.
"""


def create_app(settings: ApiSettings | None = None) -> FastAPI:
    """The service over the home of `settings`, which come from the environment where none are given.

    It starts without a model too: then `/readyz` and what needs one are 503 and say why.
    """
    settings = settings or ApiSettings()
    app = FastAPIOffline(
        title="bundlegraph",
        version=version("bundlegraph"),
        description=_DESCRIPTION,
        redoc_url=None,
        lifespan=_lifespan,
        # Swagger UI would otherwise send the schema of a public service to a validator of another host.
        swagger_ui_parameters={"validatorUrl": None},
        responses=PROBLEM_RESPONSES,
    )
    app.state.serving = Serving(settings.home)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(RequestIds)
    install_problem_handlers(app)
    for router in (
        bundles.router,
        pareto.router,
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
    # A request is small products of matrices: one thread is faster than a pool that has to wait for all.
    with threadpool_limits(limits=1, user_api="blas"):
        serving: Serving = app.state.serving
        serving.load()
        yield
        serving.decisions.close()
