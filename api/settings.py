"""Settings of the HTTP service, from `BUNDLEGRAPH_*` environment variables."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ApiSettings(BaseSettings):
    """Settings of the service; built in `create_app`, never at import."""

    model_config = SettingsConfigDict(env_prefix="BUNDLEGRAPH_", frozen=True, use_attribute_docstrings=True)

    home: Path = Path(".bundlegraph")
    """Folder with `models/` and the pseudonym key."""
    max_body_bytes: int = Field(1 << 20, ge=1 << 10)
    """Maximum request body in bytes (413 above). A cart and a sequence of 1,000 ids take a tenth each."""
