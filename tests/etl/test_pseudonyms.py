from __future__ import annotations

import hashlib
import hmac
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.pseudonyms import KEY_FILE, KEY_VARIABLE, PseudonymKey, PseudonymKeyError, load_key


@given(st.text())
def test_a_pseudonym_is_the_hex_hmac_sha256_of_the_id(user_id: str) -> None:
    key = PseudonymKey(b"sixteen letters!")

    pseudonym = key.pseudonym(user_id)

    assert pseudonym == hmac.new(b"sixteen letters!", user_id.encode(), hashlib.sha256).hexdigest()
    assert len(pseudonym) == 64


def test_a_key_is_generated_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "home"

    first, second = load_key(home), load_key(home)

    assert first == second
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert [file.name for file in home.iterdir()] == [KEY_FILE]


def test_two_homes_have_two_keys(tmp_path: Path) -> None:
    first, second = load_key(tmp_path / "a"), load_key(tmp_path / "b")

    assert first.fingerprint != second.fingerprint
    assert first.pseudonym("7") != second.pseudonym("7")


def test_a_key_from_the_environment_creates_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "a key from outside")

    key = load_key(tmp_path)

    assert key == PseudonymKey(b"a key from outside")
    assert not (tmp_path / KEY_FILE).exists()


def test_a_short_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "short")

    with pytest.raises(
        PseudonymKeyError, match="at least 16 characters in BUNDLEGRAPH_PSEUDONYM_KEY, found 5"
    ):
        load_key(tmp_path)


def test_a_key_is_not_shown_where_it_is_printed() -> None:
    key = PseudonymKey(b"sixteen letters!")

    assert "sixteen" not in repr(key)
    assert "sixteen" not in key.fingerprint
