"""`serve`: the HTTP service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import options
from cli.output import err


def serve(
    host: Annotated[str, typer.Option(help="Listen on this address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Listen on this port.")] = 8000,
    home: options.Home = options.DEFAULT_HOME,
) -> None:
    """Serve bundles over HTTP from the promoted model. Without a model it starts too; readyz is then 503."""
    run_server(home, host=host, port=port)


def run_server(home: Path, *, host: str, port: int) -> None:
    """Serve the model in service in `home` until the process is stopped."""
    import uvicorn

    from api.app import create_app
    from api.settings import ApiSettings

    err.print(f"Serving {home} on http://{host}:{port} (docs: /docs, ready: /readyz)", highlight=False)
    uvicorn.run(create_app(ApiSettings(home=home)), host=host, port=port, log_level="warning")
