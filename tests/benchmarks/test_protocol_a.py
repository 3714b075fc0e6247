from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.bundle_baselines import closed_forms
from benchmarks.quality.options import DATA_VARIABLE, Options
from benchmarks.quality.protocol_a import Split, rank, read_split
from etl.pseudonyms import KEY_VARIABLE
from gnn.evaluation.lists import ndcgs_at_k, recalls_at_k

#: Three users, three bundles, four items.
FILES = {
    "Youshu_data_size": "3\t3\t4\n",
    "user_item": "0\t3\n2\t1\n",
    "bundle_item": "0\t1\n0\t2\n1\t3\n",
    "user_bundle_train": "0\t1\n1\t1\n1\t2\n",
    "user_bundle_tune": "0\t0\n",
    "user_bundle_test": "0\t2\n2\t1\n",
}


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    monkeypatch.setenv(KEY_VARIABLE, "one key for all runs of these tests")
    folder = tmp_path / "data" / "youshu"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Options(tmp_path / "data", 1, "standard", tmp_path / "home", scratch)


def test_the_given_split_comes_back_from_the_export(options: Options) -> None:
    split = read_split(options)

    # Pseudonyms put the users in an order of their own, so the bundles are counted.
    chosen = [
        np.bincount(part.indices, minlength=3).tolist()
        for part in (split.choices.chosen, split.validation, split.test)
    ]
    assert chosen == [[0, 2, 1], [1, 0, 0], [0, 1, 1]]


def test_chosen_bundles_are_masked_and_popularity_ranks_the_rest(options: Options) -> None:
    split = read_split(options)

    lists = rank(closed_forms(split.choices)["popularity"], split.choices, split.test)

    # User 0 chose bundle 1: bundle 2 is the most popular of the others. For user 2, bundle 1 is.
    np.testing.assert_array_equal(recalls_at_k(lists, 1), [1.0, 1.0])


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Split:
    """The public split."""
    data = os.environ.get(DATA_VARIABLE)
    if data is None:
        pytest.skip(f"needs the public data: name its folder in {DATA_VARIABLE}")
    folder = tmp_path_factory.mktemp("youshu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, "one key for all runs of these tests")
        return read_split(Options(Path(data), 1, "standard", folder / "home", folder))


@pytest.mark.slow
def test_the_public_split_has_the_published_sizes(public: Split) -> None:
    choices = public.choices
    sizes = [part.nnz for part in (choices.chosen, public.validation, public.test, choices.contains)]

    assert sizes == [34_416, 5_189, 9_746, 176_667]
    assert choices.bought.nnz == 138_515


@pytest.mark.slow
def test_popularity_has_the_figures_of_an_earlier_measurement(public: Split) -> None:
    popularity = public.choices.popularity

    lists = rank(
        lambda users: np.broadcast_to(popularity, (len(users), len(popularity))), public.choices, public.test
    )

    # protocol A: .2032 and .1140; ties are in another order.
    assert recalls_at_k(lists, 20).mean() == pytest.approx(0.203, abs=0.002)
    assert ndcgs_at_k(lists, 20).mean() == pytest.approx(0.114, abs=0.002)
