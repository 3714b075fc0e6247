from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from etl.tables import Tables
from gnn.data.purchases import Purchases, read_purchases
from gnn.data.queries import CompletionQueries, completion_queries
from gnn.evaluation.baselines import fit_popularity, fit_user_frequency
from gnn.evaluation.leak_probe import (
    LEAK_PROBE,
    LeakCheck,
    check_for_leak,
    histories_by_user,
    probe_bundles,
    probe_items,
)
from gnn.evaluation.lists import list_metrics, rank_lists
from gnn.evaluation.metrics import full_ranking, ndcg_gains
from graph.edges import edge_tables
from tests.gnn.conftest import Line, MakeTables

CUT = datetime(2024, 1, 7, tzinfo=UTC)


def queries(users: list[int], num_ranked: int) -> CompletionQueries:
    nothing = csr_matrix(np.zeros((len(users), num_ranked), dtype=np.float32))
    hidden = np.zeros(len(users), dtype=np.int64)
    return CompletionQueries(nothing, np.array(users), hidden, tuple(str(user) for user in users))


def test_an_item_scores_by_having_it_and_by_the_share_of_its_category() -> None:
    # Items 0 to 2 are of one category, 3 of another, 4 of none. User 0 has 0 and 1 (twice), user 1 has 4.
    counts = csr_matrix(np.array([[1, 2, 0, 0, 0], [0, 0, 0, 0, 1]], dtype=np.float32))
    probe = probe_items(histories_by_user(counts), np.array([0, 0, 0, 1, -1]))

    scores = probe(queries([0, 1, -1], 5))

    assert scores == pytest.approx(
        np.array(
            [[1 + 2 / 3, 1 + 2 / 3, 2 / 3, 0, 0], [0, 0, 0, 0, 1 + 1], [0, 0, 0, 0, 0]], dtype=np.float32
        )
    )


def test_a_bundle_scores_by_the_share_of_its_items_that_the_user_has() -> None:
    user_items = csr_matrix(np.array([[5, 0, 1], [0, 0, 0]], dtype=np.float32))
    bundle_items = csr_matrix(np.array([[1, 2, 0], [0, 0, 1], [0, 0, 0]], dtype=np.float32))

    scores = probe_bundles(user_items, bundle_items)(np.array([1, 0]))

    assert scores.tolist() == [[0, 0, 0], [1 / 2, 1, 0]]


@pytest.fixture(scope="module")
def tables(make_tables: MakeTables) -> Tables:
    """40 users who buy four items on each of eight days and never one of the 32 again."""
    rng = np.random.default_rng(0)
    lines: list[Line] = []
    for user in range(40):
        for position, item in enumerate(rng.permutation(32)):
            day = position // 4
            lines.append((f"{item}", f"2024-01-0{1 + day}T10:00:00Z", f"u{user}", f"{user}-{day}"))
    return make_tables(lines)


def check_of(tables: Tables, *, histories_until: datetime | None) -> LeakCheck:
    """Models of what lies before the cut, and the probe on histories that end at `histories_until`."""
    edges = edge_tables(tables, until=CUT)
    purchases = read_purchases(tables, edges, until=CUT)
    ranked = np.arange(purchases.counts.shape[1], dtype=np.int32)
    asked = completion_queries(
        tables, edges, ranked, since=CUT, until=None, min_basket_items=2, max_queries=500,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    histories: Purchases = read_purchases(tables, edges, until=histories_until)
    probe = probe_items(histories_by_user(histories.counts), np.full(len(ranked), -1))
    models = {
        "popularity": fit_popularity(purchases).score,
        "user_frequency": fit_user_frequency(purchases).score,
        LEAK_PROBE: probe,
    }
    gains = {name: ndcg_gains(full_ranking(score, asked), 20) for name, score in models.items()}
    return check_for_leak(gains, ours="popularity", rng=np.random.default_rng(0))


def test_a_split_whose_histories_run_into_the_queries_is_caught(tables: Tables) -> None:
    check = check_of(tables, histories_until=None)

    assert check.leaks
    assert "check that histories end before the queries" in check.text


def test_a_clean_split_is_not(tables: Tables) -> None:
    check = check_of(tables, histories_until=CUT)

    assert not check.leaks
    assert check.text.startswith("no leak is seen")


def test_a_user_item_table_that_is_the_union_of_the_users_bundles_is_found_out() -> None:
    """The trap of BundleRec: what a user has was made from the bundles that are to be found."""
    rng = np.random.default_rng(0)
    bundle_items = csr_matrix((rng.random((50, 200)) < 0.03).astype(np.float32))
    chosen = csr_matrix((rng.random((30, 50)) < 0.06).astype(np.float32))
    union = csr_matrix(chosen @ bundle_items)

    found = rank_lists(
        probe_bundles(union, bundle_items), chosen, masked=csr_matrix(chosen.shape), k=20, rng=rng
    )

    assert list_metrics(found, ks=(20,))["recall@20"] > 0.99


def test_a_probe_that_is_level_or_better_by_chance_alone_is_no_leak() -> None:
    gains = {LEAK_PROBE: np.array([0.0, 1.0, 0.6]), "ensemble": np.array([0.0, 0.5, 1.0])}

    assert not check_for_leak(gains, ours="ensemble", rng=np.random.default_rng(0)).leaks


def test_no_queries_show_no_leak() -> None:
    nothing = {LEAK_PROBE: np.zeros(0), "ensemble": np.zeros(0)}

    assert not check_for_leak(nothing, ours="ensemble", rng=np.random.default_rng(0)).leaks
