"""Dependencies of the routes: the service state, the request id, the accepted language."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request, Response
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from api.request_ids import request_id_of
from api.serving import Serving
from bundles.present.wording import LANGUAGES, Language
from bundles.recommender import Recommender
from bundles.rules.log import DecisionLog


def _serving(request: Request) -> Serving:
    serving: Serving = request.app.state.serving
    return serving


def _decisions(request: Request) -> DecisionLog:
    return _serving(request).decisions


def _recommender(request: Request) -> Recommender:
    return _serving(request).model().recommender


def _language(
    response: Response,
    accept_language: Annotated[
        str | None, Header(description="`en` or `zh`, with weights for several languages.")
    ] = None,
) -> Language:
    """The best supported language of `Accept-Language` (RFC 9110, 12.5.4), else the first of `LANGUAGES`."""
    accepted = parse_accept_header(accept_language, LanguageAccept)
    # Look up by primary tag (RFC 4647, 3.4): `best_match` would choose Chinese for `en-GB, zh;q=0.5`.
    preferred = [tag.partition("-")[0].lower() for tag, quality in accepted if quality > 0]
    supported: list[Language] = [language for tag in preferred for language in LANGUAGES if language == tag]
    language = supported[0] if supported else LANGUAGES[0]
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return language


ServingDep = Annotated[Serving, Depends(_serving)]
DecisionsDep = Annotated[DecisionLog, Depends(_decisions)]
#: 503 if no model is in service.
RecommenderDep = Annotated[Recommender, Depends(_recommender)]
RequestId = Annotated[str, Depends(request_id_of)]
AcceptedLanguage = Annotated[Language, Depends(_language)]
