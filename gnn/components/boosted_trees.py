"""Boosted trees over the features of candidates, by LightGBM: to rank them, or for a probability."""

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
class TreeParams:
    """Size of the trees, tuned on groceries: larger trees overfit the validation weeks."""

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
    params: TreeParams | None = None,
) -> NDArray[np.uint8]:
    """Trees that rank the relevant candidates of a query first (LambdaMART, Burges 2010).

    `gnn.scoring.trees.TreeEnsemble` scores with them.

    Args:
        features: One row a candidate, the candidates of a query together, [N, F]; NaN for an unknown value.
        relevance: 0 or 1 a row, [N]. Leave out queries without a relevant row: they have no gradient.
        group_sizes: Candidates of each query, in the order of the rows, [num_queries].
        names: Names of the features, F of them.
        seed: Equal seeds and rows give equal trees.
        params: Size of the trees.

    Raises:
        ValueError: If no row is relevant.
    """
    if not relevance.any():
        raise ValueError("expected a relevant row, found none")
    return _fit(
        {"objective": "lambdarank", "lambdarank_truncation_level": 20},
        lightgbm.Dataset(
            features, relevance, group=group_sizes, feature_name=list(names), params={"verbose": -1}
        ),
        len(features),
        seed=seed,
        params=params or TreeParams(),
    )


def fit_classifier(
    features: NDArray[np.float32],
    is_positive: NDArray[np.bool_],
    *,
    names: Sequence[str],
    seed: int,
    params: TreeParams,
) -> NDArray[np.uint8]:
    """Trees that give the probability that a row is positive, fitted by log loss.

    `gnn.scoring.trees.TreeEnsemble` scores with them.

    Args:
        features: One row a case, [N, F]; NaN for an unknown value.
        is_positive: [N]
        names: Names of the features, F of them.
        seed: Equal seeds and rows give equal trees.
        params: Size of the trees.

    Raises:
        ValueError: If no row is positive.
    """
    if not is_positive.any():
        raise ValueError("expected a positive row, found none")
    rows = lightgbm.Dataset(
        features, is_positive.astype(np.int64), feature_name=list(names), params={"verbose": -1}
    )
    return _fit({"objective": "binary"}, rows, len(features), seed=seed, params=params)


def _fit(
    objective: Mapping[str, object], rows: lightgbm.Dataset, num_rows: int, *, seed: int, params: TreeParams
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
        # Treelite reads LightGBM's models only from files.
        file = Path(folder) / "trees.txt"
        booster.save_model(file)
        trees = treelite.frontend.load_lightgbm_model(file)
    return np.frombuffer(trees.serialize_bytes(), dtype=np.uint8)


def group_gains(trees: NDArray[np.uint8], groups: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Share of the total split gain by group of features, rounded to four places.

    `groups` names the features in the order of the columns that `trees` were fitted to.
    """
    ends = np.cumsum([len(names) for names in groups.values()])
    parts = np.split(feature_gains(trees, int(ends[-1])), ends[:-1])
    return {group: round(float(part.sum()), 4) for group, part in zip(groups, parts, strict=True)}


def feature_gains(trees: NDArray[np.uint8], num_features: int) -> NDArray[np.float64]:
    """Share of the total split gain (reduction of the loss) of each feature, [num_features], sum 1."""
    gains = np.zeros(num_features)
    model = treelite.Model.deserialize_bytes(trees.tobytes())
    # Field by field: treelite's JSON is invalid where a split separates NaN from known values.
    for number in range(model.num_tree):
        tree = model.get_tree_accessor(number)
        feature, gain = tree.get_field("split_index"), tree.get_field("gain")
        is_split = feature >= 0
        gains += np.bincount(feature[is_split], gain[is_split], minlength=num_features)
    return np.asarray(gains / max(gains.sum(), 1e-12))
