"""Links between items: predicted from those that the shop knows, or from similar content."""

from __future__ import annotations

from dataclasses import dataclass

from gnn.scoring.csr import Csr


@dataclass(frozen=True)
class PredictedLinks:
    """Items that go with an item: a row an item index, most likely first; empty where none were learned."""

    score: Csr = Csr()
    """1 for a link that the shop knows; else the probability of a link at even odds, in (.5, 1)."""


@dataclass(frozen=True)
class ContentLinks:
    """Items, bought or not, of content similar to an item that nobody bought: a row an item index.

    The most similar first, the more bought first among equals.
    """

    lift: Csr = Csr()
    """How many times as often as by chance bought pairs of that similarity are in one basket, above 1."""
