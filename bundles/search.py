"""Search of the catalogue by words of the title, or by the beginning of an id; case does not matter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue, texts_of
from gnn.artifact import Catalogue

MAX_QUERY_BYTES = 1024
_NEWLINE, _SPACE = ord("\n"), ord(" ")
#: ASCII that is neither letter nor digit separates words; the bytes of other scripts belong to words.
_SEPARATORS = bytes(byte for byte in range(128) if not chr(byte).isalnum() and byte != _NEWLINE)
_TO_SPACES = bytes.maketrans(_SEPARATORS, b" " * len(_SEPARATORS))


class TitleSearch:
    """All titles and all ids as two blobs of case-folded bytes, a line an item."""

    def __init__(self, catalogue: Catalogue, *, items: ItemCatalogue) -> None:
        self._items = items
        self._titles = _lines(texts_of(catalogue.titles), is_title=True)
        self._ids = _lines(texts_of(catalogue.item_ids), is_title=False)
        before, at = self._titles[:-1], self._titles[1:]
        is_word = (before <= _SPACE) & (at > _SPACE)
        self._word_starts = (np.flatnonzero(is_word) + 1).astype(np.int32)
        line_ends = np.flatnonzero(self._titles == _NEWLINE)
        self._word_items = (np.searchsorted(line_ends, self._word_starts) - 1).astype(np.int32)
        self._id_starts = (np.flatnonzero(self._ids == _NEWLINE)[:-1] + 1).astype(np.int32)

    def find(self, query: str, *, count: int) -> list[int]:
        """Item indices: the item of that id, then those in most baskets, at most `count`.

        An item is found when every word of `query` begins a word of its title, or when its id begins with
        `query`.
        """
        text = query.strip().casefold().encode()[:MAX_QUERY_BYTES]
        if not text:
            return []
        is_found = np.zeros(self._items.num_items, dtype=np.bool_)
        is_found[_starting_with(text, self._ids, self._id_starts)] = True
        words = text.translate(_TO_SPACES).split()
        if words:
            num_words = np.zeros(self._items.num_items, dtype=np.int32)
            for word in dict.fromkeys(words):
                places = _starting_with(word, self._titles, self._word_starts)
                num_words[np.unique(self._word_items[places])] += 1
            is_found |= num_words == len(dict.fromkeys(words))
        found = np.flatnonzero(is_found)
        best: list[int] = found[np.lexsort((found, -self._items.baskets[found]))].tolist()
        exact = self._items.index_of(query.strip())
        if exact is not None:
            best = [exact, *(item for item in best if item != exact)]
        return best[:count]


def _lines(texts: list[str], *, is_title: bool) -> NDArray[np.uint8]:
    """Case-folded texts with a newline before, between and after, and zeros that no query reaches beyond."""
    joined = "\n".join(["", *(text.replace("\n", " ") for text in texts), ""]).casefold().encode()
    if is_title:
        joined = joined.translate(_TO_SPACES)
    return np.frombuffer(joined + bytes(MAX_QUERY_BYTES), dtype=np.uint8)


def _starting_with(prefix: bytes, blob: NDArray[np.uint8], starts: NDArray[np.int32]) -> NDArray[np.int64]:
    """Which of `starts` are followed by `prefix` in `blob`."""
    found = np.arange(len(starts))
    for offset, byte in enumerate(prefix):
        found = found[blob[starts[found] + offset] == byte]
    return found
