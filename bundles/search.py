"""Search the catalogue by words of the title or by the beginning of an id; case is ignored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundles.catalogue import ItemCatalogue, texts_of
from gnn.scoring.catalogue import Catalogue

_KEY_BYTES = 8
_NEWLINE, _SPACE = ord("\n"), ord(" ")
#: ASCII that is neither letter nor digit separates words; the bytes of other scripts belong to words.
_SEPARATORS = bytes(byte for byte in range(128) if not chr(byte).isalnum() and byte != _NEWLINE)
_TO_SPACES = bytes.maketrans(_SEPARATORS, b" " * len(_SEPARATORS))


class TitleSearch:
    """Finds items of a catalogue."""

    def __init__(self, catalogue: Catalogue, *, items: ItemCatalogue) -> None:
        self._items = items
        self._words = _PrefixIndex(
            _lines(texts_of(catalogue.titles)).translate(_TO_SPACES), ends_words=_SPACE
        )
        self._ids = _PrefixIndex(_lines(texts_of(catalogue.item_ids)), ends_words=_NEWLINE)

    def find(self, query: str, *, count: int) -> list[int]:
        """At most `count` item indices: an exact id first, then by popularity.

        An item matches if every word of `query` begins a word of its title, or if its id begins with
        `query`.
        """
        text = query.strip().casefold().encode()
        if not text:
            return []
        is_found = self._marked(self._ids.items(text))
        words = text.translate(_TO_SPACES).split()
        if words:
            is_found |= np.logical_and.reduce([self._marked(self._words.items(word)) for word in words])
        popular = self._items.by_popularity
        best: list[int] = popular[is_found[popular]][: count + 1].tolist()
        exact = self._items.index_of(query.strip())
        if exact is not None:
            best = [exact, *(item for item in best if item != exact)]
        return best[:count]

    def _marked(self, items: NDArray[np.int32]) -> NDArray[np.bool_]:
        is_found = np.zeros(self._items.num_items, dtype=np.bool_)
        is_found[items] = True
        return is_found


class _PrefixIndex:
    """Words of many lines, sorted by their first eight bytes, for search by prefix."""

    def __init__(self, lines: bytes, *, ends_words: int) -> None:
        """Index the words of `lines`, which are separated by newlines and by bytes up to `ends_words`."""
        # Zero padding, so that a key can be read at the last word.
        blob = np.frombuffer(lines + bytes(_KEY_BYTES), dtype=np.uint8)
        is_gap = (blob == _NEWLINE) | (blob == ends_words)
        starts = np.flatnonzero(is_gap[:-1] & ~is_gap[1:] & (blob[1:] != 0)) + 1
        keys = np.zeros(len(starts), dtype=np.uint64)
        is_inside = np.ones(len(starts), dtype=np.bool_)
        for offset in range(_KEY_BYTES):
            is_inside &= ~is_gap[starts + offset]
            keys = keys << np.uint64(8) | np.where(is_inside, blob[starts + offset], 0).astype(np.uint64)
        order = np.argsort(keys, kind="stable")
        line_of = np.searchsorted(np.flatnonzero(blob == _NEWLINE), starts) - 1
        self._blob = blob
        self._keys = keys[order]
        self._starts = starts[order]
        self._lines = line_of[order].astype(np.int32)

    def items(self, prefix: bytes) -> NDArray[np.int32]:
        """Lines with a word that begins with `prefix`; a line may be repeated."""
        head = prefix[:_KEY_BYTES]
        least = np.uint64(int.from_bytes(head.ljust(_KEY_BYTES, b"\x00")))
        most = np.uint64(int.from_bytes(head.ljust(_KEY_BYTES, b"\xff")))
        found = slice(
            int(np.searchsorted(self._keys, least, side="left")),
            int(np.searchsorted(self._keys, most, side="right")),
        )
        if len(prefix) <= _KEY_BYTES:
            return self._lines[found]
        tail = np.frombuffer(prefix[_KEY_BYTES:], dtype=np.uint8)
        starts, lines = self._starts[found] + _KEY_BYTES, self._lines[found]
        is_room = starts + len(tail) <= len(self._blob)
        starts, lines = starts[is_room], lines[is_room]
        is_same = (self._blob[starts[:, None] + np.arange(len(tail))] == tail).all(axis=1)
        matching: NDArray[np.int32] = lines[is_same]
        return matching


def _lines(texts: list[str]) -> bytes:
    """Case-folded texts with a newline before, between and after."""
    return "\n".join(["", *(text.replace("\n", " ") for text in texts), ""]).casefold().encode()
