"""Baselines of protocol C: each scores items for an item by one rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, eye_array

from benchmarks.baselines.content_knn import fit_content_knn
from gnn.components.ease import fit_ease
from gnn.components.predicted_links.evidence import PairEvidence
from gnn.data.content import item_documents
from gnn.data.purchases import Purchases
from gnn.data.sequences import users_as_baskets
from graph.edges import EdgeTables

#: Scores of some items with all items: [Q] places → [Q, n].
Score = Callable[[NDArray[np.int64]], NDArray[np.floating]]

#: Evidence that is a baseline of its own, by the name of its row.
_BY_EVIDENCE = {
    "co-review cosine": "users",
    "Adamic–Adar": "adamic_adar",
    "resource allocation": "resource_allocation",
    "common also-bought": "out_out",
    "cosine of neighbours": "cosine",
    "bought with the also-bought": "any_target",
    "also bought with the bought-together": "target_any",
}

#: λ of EASE as a multiple of the mean diagonal: λ = 100 on Amazon Beauty.
_RIDGE = 8.0


def link_baselines(
    edges: EdgeTables, purchases: Purchases, *, items: NDArray[np.int64], evidence: PairEvidence
) -> dict[str, Score]:
    """Each baseline by its name; `items` are those of `evidence`, `purchases` has item indices as columns."""
    documents = item_documents(edges)
    content = fit_content_knn([documents[item] for item in items])
    bought = purchases.of_items(items.astype(np.int32))
    ease = fit_ease(users_as_baskets(bought), ridge=_RIDGE)
    alone = csr_matrix(eye_array(len(items), dtype=np.float32))
    popularity = evidence.ends["num_baskets"]

    def by_evidence(kind: str) -> Score:
        left, right = evidence.factors[kind]
        return lambda places: (left[places] @ right).toarray()

    return {
        "popularity": lambda places: np.broadcast_to(popularity, (len(places), len(popularity))),
        "EASE": lambda places: ease.score_rows(alone[places]),
        "content kNN": lambda places: (content.words[places] @ content.words.T).toarray(),
        **{name: by_evidence(kind) for name, kind in _BY_EVIDENCE.items()},
    }
