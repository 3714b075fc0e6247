"""Trees over the features of shortlists, by LightGBM: lambdarank for an order, log loss for a chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import lightgbm
import numpy as np
import treelite
from numpy.typing import NDArray


@dataclass(frozen=True)
class RankerParams:
    """Size of the trees, as measured on groceries: larger ones learn the validation weeks by heart."""

    num_trees: int = 150
    learning_rate: float = 0.06
    num_leaves: int = 31
    min_rows_a_leaf: int = 200


def fit_ranker(
    features: NDArray[np.float32],
    relevance: NDArray[np.integer],
    group_sizes: NDArray[np.integer],
    *,
    names: Sequence[str],
    seed: int,
    params: RankerParams | None = None,
) -> NDArray[np.uint8]:
    """Trees that put a query's relevant rows first (LambdaMART, Burges 2010), for `gnn.scoring.trees.Ranker`.

    Args:
        features: One row a candidate, the candidates of a query together, [N, F]; NaN is "not known".
        relevance: 0 or 1 a row, [N]. Queries without a relevant row teach nothing: leave them out.
        group_sizes: Candidates of each query, in the order of the rows, [num_queries].
        names: Names of the features, F of them.
        seed: The same seed and rows give the same trees.
        params: Size of the trees.

    Raises:
        ValueError: If no row is relevant.
    """
    if not relevance.any():
        raise ValueError("expected a relevant row, found none")
    return _fitted(
        {"objective": "lambdarank", "lambdarank_truncation_level": 20},
        lightgbm.Dataset(
            features, relevance, group=group_sizes, feature_name=list(names), params={"verbose": -1}
        ),
        len(features),
        seed=seed,
        params=params or RankerParams(),
    )


def fit_classifier(
    features: NDArray[np.float32],
    is_positive: NDArray[np.bool_],
    *,
    names: Sequence[str],
    seed: int,
    params: RankerParams,
) -> NDArray[np.uint8]:
    """Trees that give the probability of a row to be positive, for `gnn.scoring.trees.Ranker`; log loss.

    Args:
        features: One row a case, [N, F]; NaN is "not known".
        is_positive: [N]
        names: Names of the features, F of them.
        seed: The same seed and rows give the same trees.
        params: Size of the trees.

    Raises:
        ValueError: If no row is positive.
    """
    if not is_positive.any():
        raise ValueError("expected a positive row, found none")
    rows = lightgbm.Dataset(
        features, is_positive.astype(np.int64), feature_name=list(names), params={"verbose": -1}
    )
    return _fitted({"objective": "binary"}, rows, len(features), seed=seed, params=params)


def _fitted(
    objective: Mapping[str, object], rows: lightgbm.Dataset, num_rows: int, *, seed: int, params: RankerParams
) -> NDArray[np.uint8]:
    booster = lightgbm.train(
        {
            **objective,
            "learning_rate": params.learning_rate,
            "num_leaves": params.num_leaves,
            "min_data_in_leaf": min(params.min_rows_a_leaf, max(num_rows // 20, 1)),
            "seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        },
        rows,
        num_boost_round=params.num_trees,
    )
    with TemporaryDirectory() as folder:
        # Treelite reads LightGBM's models from files alone.
        file = Path(folder) / "ranker.txt"
        booster.save_model(file)
        trees = treelite.frontend.load_lightgbm_model(file)
    return np.frombuffer(trees.serialize_bytes(), dtype=np.uint8)


def group_gains(trees: NDArray[np.uint8], groups: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Share of the loss's reduction that each group of features brought, to four places.

    `groups` names the features in the order in which `trees` know them.
    """
    ends = np.cumsum([len(names) for names in groups.values()])
    parts = np.split(feature_gains(trees, int(ends[-1])), ends[:-1])
    return {group: round(float(part.sum()), 4) for group, part in zip(groups, parts, strict=True)}


def feature_gains(trees: NDArray[np.uint8], num_features: int) -> NDArray[np.float64]:
    """Share of the loss's reduction that the splits on each feature brought, [num_features], sum 1."""
    gains = np.zeros(num_features)
    model = treelite.Model.deserialize_bytes(trees.tobytes())
    # Field by field: the JSON that treelite writes is none where a split parts what is known from NaN.
    for number in range(model.num_tree):
        tree = model.get_tree_accessor(number)
        feature, gain = tree.get_field("split_index"), tree.get_field("gain")
        is_split = feature >= 0
        gains += np.bincount(feature[is_split], gain[is_split], minlength=num_features)
    return np.asarray(gains / max(gains.sum(), 1e-12))
