"""Protocol D's second task: complete an annotated bundle of which one item is hidden, full ranking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.composition.contents import Contents
from benchmarks.composition.session_ours import complete
from benchmarks.composition.sessions import Split
from benchmarks.results import markdown_table
from bundles.recommender import Recommender

_K = 10

#: The first items of the catalogue for the rest of a bundle, which are not among them.
CompleteBundle = Callable[[Sequence[str]], Sequence[str]]


def completion_rates(
    recommender: Recommender, split: Split, contents: Mapping[str, Contents], *, seed: int
) -> dict[str, dict[str, float]]:
    """HR@10 by model over the test bundles, and over those whose hidden item no learned bundle holds.

    The hidden item is drawn by `seed`; the catalogue is all that the public files describe.
    """
    rng = np.random.default_rng(seed)
    bundles = [sorted(bundle) for task in split.test for bundle in task.bundles]
    hidden = [bundle.pop(int(rng.integers(len(bundle)))) for bundle in bundles]
    learned = Counter(item for task in split.learned for bundle in task.bundles for item in bundle)
    is_new = np.array([item not in learned for item in hidden])
    models: dict[str, CompleteBundle] = {
        "popularity": lambda cart: [
            item for item, _ in learned.most_common(_K + len(cart)) if item not in cart
        ],
        **{f"cosine, {name}": _by_cosine(each) for name, each in contents.items()},
        "items/recommend": lambda cart: complete(recommender, cart, count=_K),
    }
    rows = {}
    for name, model in models.items():
        is_hit = np.array([item in model(cart)[:_K] for cart, item in zip(bundles, hidden, strict=True)])
        new_hits = float((is_hit & is_new).sum() / max(is_new.sum(), 1))
        rows[name] = {"hr@10": float(is_hit.mean()), "hr@10, new items": new_hits}
    return rows


def completion_table(rows: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """The rates of some runs as a titled Markdown table."""
    metrics = list(next(iter(rows.values())))
    table = markdown_table(
        ["model", *metrics],
        [[name, *(f"{np.mean(values):.4f}" for values in row.values())] for name, row in rows.items()],
    )
    return "\n".join(["**Completion of a test bundle, one item hidden; mean of the runs**", "", *table])


def _by_cosine(contents: Contents) -> CompleteBundle:
    def rank(cart: Sequence[str]) -> list[str]:
        rows: list[int] = [contents.place[item] for item in cart]
        similarity: NDArray[np.float32] = contents.vectors @ contents.vectors[rows].mean(axis=0)
        similarity[rows] = -np.inf
        return [contents.items[row] for row in np.argsort(-similarity, kind="stable")[:_K]]

    return rank
