"""What every model keeps, baselines and the served scorer alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from benchmarks.baselines.als import fit_als
from benchmarks.baselines.bpr import fit_bpr
from benchmarks.baselines.content_knn import fit_content_knn
from benchmarks.baselines.item_knn import fit_bm25_knn, fit_cosine_knn
from benchmarks.baselines.light_gcn import fit_light_gcn
from etl.tables import Tables
from gnn.artifact.model import ModelArtifact
from gnn.components.assembly import assemble
from gnn.components.ease import fit_ease
from gnn.components.ensemble import scorer_queries
from gnn.components.fitting import FittedModel, closed_form_links, fit_model
from gnn.config import TrainingConfig
from gnn.data.content import item_documents
from gnn.data.purchases import Purchases, choose_ranked, read_purchases
from gnn.data.queries import CompletionQueries
from gnn.evaluation.baselines import fit_co_purchase, fit_popularity, fit_user_frequency, with_user_frequency
from gnn.evaluation.metrics import ScoreQueries, full_ranking, hit_rate_at_k
from gnn.network.training import no_progress
from gnn.scoring.item_scorer import ItemScorer
from gnn.scoring.weights import ServedWeights
from graph.edges import EdgeTables

NAMES = (
    "popularity",
    "co_purchase",
    "cosine_knn",
    "bm25_knn",
    "content_knn",
    "ease",
    "als",
    "bpr",
    "light_gcn",
    "household",
    "ease_household",
    "closed_form",
    "gnn",
)

#: These know nothing of carts, or nothing of meals.
CANNOT_COMPLETE = ("popularity", "household", "content_knn")
#: Those that count how often a customer buys an item; BPR and LightGCN know whether.
COUNT_PURCHASES = ("household", "ease_household", "closed_form", "gnn")


@pytest.fixture(scope="session")
def fitted(
    shop: Tables,
    shop_edges: EdgeTables,
    tiny_config: TrainingConfig,
    tmp_path_factory: pytest.TempPathFactory,
) -> FittedModel:
    purchases = read_purchases(shop, shop_edges)
    return fit_model(
        purchases,
        shop_edges,
        config=replace(tiny_config, max_epochs=4),
        ranked=choose_ranked(purchases, min_item_baskets=1),
        is_sequence=False,
        validation=None,
        max_epochs=4,
        checkpoint=tmp_path_factory.mktemp("run") / "final.pt",
        progress=no_progress,
    )


def served(shop: Tables, edges: EdgeTables, model: FittedModel) -> ScoreQueries:
    artifact: ModelArtifact = assemble(shop, edges, model, weights=ServedWeights(ease_top_k=10))
    scorer = ItemScorer(artifact)
    return lambda queries: scorer.score(scorer_queries(queries, model.ranked))


@pytest.fixture(scope="session")
def models(
    shop: Tables, shop_edges: EdgeTables, shop_purchases: Purchases, fitted: FittedModel
) -> dict[str, ScoreQueries]:
    ease, frequency = fit_ease(shop_purchases, ridge=0.5), fit_user_frequency(shop_purchases)
    baskets, users = shop_purchases.lines.sign(), shop_purchases.counts.sign()
    closed = replace(fitted, kind="closed_form", links=closed_form_links(shop_purchases))
    return {
        "popularity": fit_popularity(shop_purchases).score,
        "co_purchase": fit_co_purchase(shop_purchases).score,
        "cosine_knn": fit_cosine_knn(baskets).score,
        "bm25_knn": fit_bm25_knn(baskets).score,
        "content_knn": fit_content_knn(item_documents(shop_edges)).score,
        "ease": ease.score,
        "als": fit_als(baskets, seed=0, num_factors=8, ridge=1.0).score,
        "bpr": fit_bpr(users, seed=0, num_factors=8, learning_rate=0.05).score,
        "light_gcn": fit_light_gcn(users, seed=0, embedding_dim=16, max_epochs=60).score,
        "household": frequency.score,
        "ease_household": with_user_frequency(ease.score, frequency),
        "closed_form": served(shop, shop_edges, closed),
        "gnn": served(shop, shop_edges, fitted),
    }


def ask(carts: list[list[int]], users: list[int], hidden: list[int] | None = None) -> CompletionQueries:
    matrix = np.zeros((len(carts), 20), dtype=np.float32)
    for row, cart in enumerate(carts):
        matrix[row, cart] = 1
    found = np.zeros(len(carts), dtype=np.int64) if hidden is None else np.array(hidden)
    names = tuple(str(row) for row in range(len(carts)))
    return CompletionQueries(csr_matrix(matrix), np.array(users, dtype=np.int64), found, names)


@pytest.mark.parametrize("name", NAMES)
def test_there_is_one_finite_score_a_query_and_item(models: dict[str, ScoreQueries], name: str) -> None:
    scores = models[name](ask([[0, 1], [], [5]], [0, 3, -1]))

    assert scores.shape == (3, 20)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_visitor_without_cart_or_history_gets_finite_scores(
    models: dict[str, ScoreQueries], name: str
) -> None:
    assert np.isfinite(models[name](ask([[]], [-1]))).all()


@pytest.mark.parametrize("name", NAMES)
def test_scores_of_a_batch_equal_those_one_by_one(models: dict[str, ScoreQueries], name: str) -> None:
    queries = ask([[0, 1], [], [5], [2, 7, 9]], [0, 3, -1, 119])

    one_by_one = np.concatenate([models[name](queries[row : row + 1]) for row in range(4)])

    assert models[name](queries) == pytest.approx(one_by_one, abs=1e-4)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in CANNOT_COMPLETE])
def test_the_rest_of_a_meal_completes_it(models: dict[str, ScoreQueries], name: str) -> None:
    # Items are sorted by code: 4 a meal, so the meal of item 4m + 3 is 4m, 4m + 1, 4m + 2.
    meals = [[4 * meal, 4 * meal + 1, 4 * meal + 2] for meal in range(5)]

    ranks = full_ranking(models[name], ask(meals, [-1] * 5, [4 * meal + 3 for meal in range(5)]))

    assert hit_rate_at_k(ranks, 1) == 1.0


@pytest.mark.parametrize("name", COUNT_PURCHASES)
def test_a_customer_gets_what_that_customer_buys(
    models: dict[str, ScoreQueries], shop_purchases: Purchases, name: str
) -> None:
    favourites = np.asarray(shop_purchases.counts.argmax(axis=1)).ravel()
    everyone = list(range(len(favourites)))

    ranks = full_ranking(models[name], ask([[] for _ in everyone], everyone, favourites.tolist()))

    # Chance is 4 / 20. A customer may have bought another meal lately, and recency counts.
    assert hit_rate_at_k(ranks, 4) >= 0.9
