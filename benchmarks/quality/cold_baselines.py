"""Baselines of protocol F: popularity within the cart's categories, and content kNN."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.baselines.content_knn import fit_content_knn
from etl.tables import Tables
from gnn.data.content import item_documents, item_groups
from gnn.data.queries import CompletionQueries
from gnn.evaluation.metrics import ScoreQueries
from gnn.scoring.cold_items import GROUPS
from graph.edges import EdgeTables


def fit_cold_baselines(
    tables: Tables, edges: EdgeTables, catalogue: NDArray[np.int32], baskets: NDArray[np.integer]
) -> dict[str, ScoreQueries]:
    """Baselines by name; `baskets` that hold each item, [num_items], 0 for a cold one."""
    category = item_groups(edges)[GROUPS.index("category"), catalogue]
    fields = fit_content_knn(_fields(tables, edges, catalogue))
    documents = item_documents(edges)
    words = fit_content_knn([documents[item] for item in catalogue.tolist()])
    return {
        "popularity in the cart's categories": popularity_in_categories(category, baskets[catalogue]),
        "content kNN, TF-IDF of category, type, brand, size": fields.score,
        "content kNN, TF-IDF of title, brand and category words": words.score,
    }


def popularity_in_categories(category: NDArray[np.integer], baskets: NDArray[np.integer]) -> ScoreQueries:
    """score(i) = items of the cart in i's category · popularity of i.

    A cold item, which has none, is taken to be as popular as the mean of its category's known items.
    """
    groups = np.where(category >= 0, category, category.max(initial=-1) + 1)
    is_known = baskets > 0
    sold = np.bincount(groups[is_known], baskets[is_known], minlength=groups.max(initial=0) + 1)
    held = np.bincount(groups[is_known], minlength=len(sold))
    popularity = np.where(is_known, baskets, (sold / np.maximum(held, 1))[groups])
    member = csr_matrix(
        ((category >= 0).astype(np.float32), (np.arange(len(groups)), groups)), shape=(len(groups), len(sold))
    )

    def score(queries: CompletionQueries) -> NDArray[np.float32]:
        in_category = (queries.carts @ member @ member.T).toarray()
        return np.asarray(in_category * popularity, dtype=np.float32)

    return score


def _fields(tables: Tables, edges: EdgeTables, catalogue: NDArray[np.int32]) -> list[str]:
    """Each item's category, type (the path's last part), brand and size, a word each."""
    ids = edges.nodes["Item"]["item_id"].take(pa.array(catalogue)).to_pylist()
    rows = {row["item_id"]: row for row in tables.read("items").to_pylist()}
    documents = []
    for item_id in ids:
        row = rows[item_id]
        path = (row["category_id"] or "").split(" > ")
        size = json.loads(row["attributes"] or "{}").get("package_size")
        fields = [" > ".join(path[:-1]), " > ".join(path), row["brand"], size]
        documents.append(" ".join(_word(place, text) for place, text in enumerate(fields) if text))
    return documents


def _word(place: int, text: str) -> str:
    """One word for a whole field; equal texts of two fields are two words."""
    return f"f{place}_" + "".join(letter if letter.isalnum() else "_" for letter in text)
