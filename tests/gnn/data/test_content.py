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
from gnn.data.content import item_documents, item_groups, read_content, tf_idf
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


def _write(file: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(columns)
        writer.writerows(rows)
