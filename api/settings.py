"""Settings of the HTTP service, from `BUNDLEGRAPH_*` environment variables."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ApiSettings(BaseSettings):
    """Built where the service is made, never at import."""

    model_config = SettingsConfigDict(env_prefix="BUNDLEGRAPH_", frozen=True, use_attribute_docstrings=True)

    home: Path = Path(".bundlegraph")
    """Folder with `models/` and the pseudonym key."""
    max_body_bytes: int = Field(1 << 20, ge=1 << 10)
    """Larger request bodies are refused (413). A cart and a sequence of 1,000 ids each take a tenth of it."""
