"""The model in service: loads the promoted artifact and swaps it in as a whole."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.problems import ModelUnavailableError, ReloadRefusedError
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest
from bundles.rules.errors import JournalError
from bundles.rules.log import DecisionLog
from etl.pseudonyms import PseudonymKeyError, load_key
from gnn.artifact.model import ArtifactError
from gnn.registry import load_promoted

#: Why a model cannot be put in service.
_LOAD_ERRORS = (ArtifactError, PseudonymKeyError, JournalError, OSError, ValueError, LookupError)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServedModel:
    """A loaded model and the time of its loading, UTC."""

    recommender: Recommender
    loaded_at: datetime


@dataclass(frozen=True)
class Check:
    """One check of `/readyz`."""

    name: str
    ok: bool
    detail: str


class Serving:
    """Holds the model in service; a request keeps its model while another is swapped in."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.decisions = DecisionLog(home)
        """The merchandising decisions; they hold for every model."""
        self._lock = threading.Lock()
        self._served: ServedModel | None = None
        self._failure = "no model was loaded yet"

    def model(self) -> ServedModel:
        """The model in service.

        Raises:
            ModelUnavailableError: If there is none.
        """
        served = self._served
        if served is None:
            raise ModelUnavailableError(self._failure)
        return served

    def load(self) -> None:
        """Put the promoted model in service at start-up; a failure is logged and shown by `checks`."""
        try:
            self.reload()
        except (ModelUnavailableError, ReloadRefusedError) as error:
            logger.warning("no model in service: %s", error)

    def reload(self) -> ServedModel:
        """Load the promoted model and put it in service.

        Raises:
            ModelUnavailableError: If it cannot be loaded and none is in service.
            ReloadRefusedError: If it cannot be loaded; the one in service stays.
        """
        with self._lock:
            try:
                served = _load_promoted(self._home, self.decisions)
            except _LOAD_ERRORS as error:
                self._failure = str(error)
                if self._served is None:
                    raise ModelUnavailableError(self._failure) from error
                version = self._served.recommender.info.model_version
                raise ReloadRefusedError(f"{error}; model {version} stays in service") from error
            self._served = served
            return served

    def checks(self) -> list[Check]:
        """The checks that must hold before requests can be answered."""
        served = self._served
        if served is None:
            return [Check("model", ok=False, detail=self._failure), self._check_decisions()]
        info = served.recommender.info
        return [
            Check("model", ok=True, detail=f"{info.model_version} ({info.kind}) in service"),
            Check("pseudonym_key", ok=True, detail=f"fingerprint {info.key_fingerprint} is the model's"),
            self._check_decisions(),
        ]

    def _check_decisions(self) -> Check:
        try:
            return Check("decisions", ok=True, detail=f"{len(self.decisions.rules().decisions)} in force")
        except JournalError as error:
            return Check("decisions", ok=False, detail=str(error))


def _load_promoted(home: Path, decisions: DecisionLog) -> ServedModel:
    started = time.perf_counter()
    recommender = Recommender(load_promoted(home / "models"), load_key(home), rules=decisions.rules)
    # A model must answer once before it replaces another; this also fills its caches.
    recommender.generate(GenerateRequest())
    logger.info("model %s loaded in %.2f s", recommender.info.model_version, time.perf_counter() - started)
    return ServedModel(recommender, datetime.now(UTC))
