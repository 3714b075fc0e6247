from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import protocol_c
from benchmarks.quality.link_baselines import link_baselines
from benchmarks.quality.options import BenchmarkError, Options
from benchmarks.quality.protocol_c import ranks, read_shop
from gnn.components.predicted_links.evidence import item_features, known_links, pair_evidence

#: Ten products on a ring: each is bought together with the next, and all share an also-bought product.
NUM = 10
FILES = {
    "product": [f"p{number}" for number in range(NUM)],
    "related_product": ["elsewhere", *(f"p{number}" for number in range(NUM))],
    "also_bought_p_p": [f"0 {(number + 1) % NUM + 1}" for number in range(NUM)],
    "bought_together_p_p": [f"{(number + 1) % NUM + 1}" for number in range(NUM)],
    "category": ["Beauty", "Hair", "Nails"],
    "category_p_c": [f"0 {1 + number % 2}" for number in range(NUM)],
    "brand": ["Acme"],
    "brand_p_b": ["0"] * NUM,
    "user_sequence": ["7 p0 p1 p2 p3", "8 p4 p5 p6 p7"],
}


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    monkeypatch.setenv("BUNDLEGRAPH_PSEUDONYM_KEY", "a fixed key for tests")
    source = tmp_path / "data" / "amazon-beauty"
    source.mkdir(parents=True)
    for name, lines in FILES.items():
        with gzip.open(source / f"{name}.txt.gz", "wt", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    return Options(tmp_path / "data", 1, "standard", tmp_path / "home", tmp_path / "scratch")


def test_a_rank_counts_the_items_that_score_higher_and_are_not_masked() -> None:
    scores = np.array([[3.0, 2.0, 1.0, 4.0], [0.0, 0.0, 0.0, 1.0]])
    is_masked = np.array([[False, False, False, True], [True, False, False, False]])

    found = ranks(scores, np.array([2, 1]), is_masked)

    # 3 and 2 come before 1, 4 is masked; one is above the two equal ones that are not masked.
    assert found.tolist() == [1 + 2, 1 + 1 + 1 / 2]


def test_hidden_pairs_are_queries_from_both_ends_and_no_link_joins_them(options: Options) -> None:
    shop = read_shop(options, seed=0)

    # Of ten pairs one is hidden for validation and one for test.
    assert [len(part.query) for part in (shop.validation, shop.test)] == [2, 2]
    links = known_links(shop.edges)
    known = links.matrix()[shop.items][:, shop.items]
    for part in (shop.validation, shop.test):
        assert part.query.tolist() == part.target[::-1].tolist()
        assert not known[part.query, part.target].any()
        # Neighbours on the ring are of different categories.
        assert part.is_cross.all()
    assert len(links.pairs("bought_together", shop.items)) == 8


def test_every_baseline_scores_all_items_by_finite_numbers(options: Options) -> None:
    shop = read_shop(options, seed=0)
    features = item_features(shop.edges, shop.purchases)
    evidence = pair_evidence(known_links(shop.edges), features, kind="bought_together", items=shop.items)

    for name, score in link_baselines(
        shop.edges, shop.purchases, items=shop.items, evidence=evidence
    ).items():
        scores = score(np.array([0, 3]))
        assert scores.shape == (2, NUM), name
        assert np.isfinite(scores).all(), name


def test_a_data_set_with_too_few_pairs_is_refused(options: Options) -> None:
    with pytest.raises(BenchmarkError, match="too few: is the data set whole"):
        protocol_c.run(options)
