"""The language of an answer's sentences, as `Accept-Language` asks (RFC 9110, 12.5.4).

Werkzeug (BSD, the parser that Flask uses) reads the header, its weights and the nonsense in it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Response
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from bundles.present.wording import LANGUAGES, Language


def _accepted(
    response: Response,
    accept_language: Annotated[
        str | None, Header(description="`en` or `zh`, with weights where several are read.")
    ] = None,
) -> Language:
    asked = parse_accept_header(accept_language, LanguageAccept)
    # Looked up by the primary tag (RFC 4647, 3.4): `best_match` would give Chinese to `en-GB, zh;q=0.5`.
    preferred = [tag.partition("-")[0].lower() for tag, quality in asked if quality > 0]
    spoken: list[Language] = [language for tag in preferred for language in LANGUAGES if language == tag]
    language = spoken[0] if spoken else LANGUAGES[0]
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return language


#: The first of our languages where none of them is asked for.
AcceptedLanguage = Annotated[Language, Depends(_accepted)]
