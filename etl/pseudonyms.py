"""Pseudonyms: keyed hashes that replace user ids wherever they are stored (standard library only)."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from etl.errors import StageError

KEY_VARIABLE = "BUNDLEGRAPH_PSEUDONYM_KEY"
KEY_FILE = "pseudonym.key"
MIN_KEY_LENGTH = 16


class PseudonymKeyError(StageError):
    """The pseudonym key cannot be used."""


@dataclass(frozen=True)
class PseudonymKey:
    """The secret that turns user ids into pseudonyms."""

    secret: bytes = field(repr=False)

    def pseudonym(self, user_id: str) -> str:
        """HMAC-SHA-256(key, `user_id` as UTF-8) as 64 lowercase hex characters (RFC 2104)."""
        return hmac.digest(self.secret, user_id.encode(), "sha256").hex()

    @property
    def fingerprint(self) -> str:
        """16 hex characters that identify the key without revealing it."""
        return hmac.digest(self.secret, b"bundlegraph pseudonym key fingerprint", hashlib.sha256).hex()[:16]


def load_key(home: Path) -> PseudonymKey:
    """The key in BUNDLEGRAPH_PSEUDONYM_KEY, else the one in `home`, which is generated once with mode 0600.

    Raises:
        PseudonymKeyError: If the key is shorter than 16 characters, so that its pseudonyms could be guessed.
    """
    text = os.environ.get(KEY_VARIABLE)
    if text is not None:
        return _checked(text, KEY_VARIABLE)
    file = home / KEY_FILE
    if not file.exists():
        _make_key(file)
    return _checked(file.read_text(encoding="utf-8").strip(), str(file))


def _checked(text: str, origin: str) -> PseudonymKey:
    if len(text) < MIN_KEY_LENGTH:
        raise PseudonymKeyError(
            f"expected a pseudonym key of at least {MIN_KEY_LENGTH} characters in {origin}, "
            f"found {len(text)}: make one with openssl rand -hex 32"
        )
    return PseudonymKey(text.encode())


def _make_key(file: Path) -> None:
    """Write a new key to `file` atomically, unless another process has written one meanwhile."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}-{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(secrets.token_hex(32) + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    with suppress(FileExistsError):
        os.link(unfinished, file)
    unfinished.unlink()
