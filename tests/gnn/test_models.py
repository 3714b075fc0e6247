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
from gnn.artifact.scorers import item_scorer
from gnn.components.assembly import SCORING, assemble
from gnn.components.context import FitContext
from gnn.components.ease import fit_ease
from gnn.config import TrainingConfig
from gnn.data.content import item_documents
from gnn.data.purchases import Purchases
from gnn.data.queries import CompletionQueries, item_queries
from gnn.evaluation.baselines import fit_co_purchase, fit_popularity, fit_user_frequency, with_user_frequency
from gnn.evaluation.metrics import ScoreQueries, full_ranking, hit_rate_at_k
from gnn.network.training import no_progress, train_links
from graph.edges import EdgeTables
from tests.gnn.planted_context import make_context

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
    "user_frequency",
    "ease_user_frequency",
    "closed_form",
    "gnn",
)

#: These do not use the cart, or not which items are bought together.
CANNOT_COMPLETE = ("popularity", "user_frequency", "content_knn")
#: Those that count how often a customer buys an item; BPR and LightGCN use whether.
COUNT_PURCHASES = ("user_frequency", "ease_user_frequency", "closed_form", "gnn")


@pytest.fixture(scope="session")
def closed_form(shop: Tables, tiny_config: TrainingConfig) -> FitContext:
    """Popularity in place of a network."""
    return make_context(shop, config=replace(tiny_config, min_item_baskets=1))


@pytest.fixture(scope="session")
def trained(shop: Tables, closed_form: FitContext, tmp_path_factory: pytest.TempPathFactory) -> FitContext:
    """The same data with a network."""
    config, data = replace(closed_form.config, max_epochs=4), closed_form.data
    links = train_links(
        data.ranked_purchases,
        data.edges,
        data.ranked,
        config=config,
        validation=None,
        max_epochs=config.max_epochs,
        checkpoint=tmp_path_factory.mktemp("run") / "final.pt",
        progress=no_progress,
    )
    return make_context(shop, config=config, links=links)


def served(context: FitContext) -> ScoreQueries:
    scorer = item_scorer(assemble(context, only=SCORING))
    return lambda queries: scorer.score(item_queries(queries, context.data.ranked))


@pytest.fixture(scope="session")
def models(
    shop_edges: EdgeTables, shop_purchases: Purchases, closed_form: FitContext, trained: FitContext
) -> dict[str, ScoreQueries]:
    ease, frequency = fit_ease(shop_purchases, ridge=0.5), fit_user_frequency(shop_purchases)
    baskets, users = shop_purchases.lines.sign(), shop_purchases.counts.sign()
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
        "user_frequency": frequency.score,
        "ease_user_frequency": with_user_frequency(ease.score, frequency),
        "closed_form": served(closed_form),
        "gnn": served(trained),
    }


def queries_of(
    carts: list[list[int]], users: list[int], hidden: list[int] | None = None
) -> CompletionQueries:
    matrix = np.zeros((len(carts), 20), dtype=np.float32)
    for row, cart in enumerate(carts):
        matrix[row, cart] = 1
    found = np.zeros(len(carts), dtype=np.int64) if hidden is None else np.array(hidden)
    names = tuple(str(row) for row in range(len(carts)))
    return CompletionQueries(csr_matrix(matrix), np.array(users, dtype=np.int64), found, names)


@pytest.mark.parametrize("name", NAMES)
def test_there_is_one_finite_score_a_query_and_item(models: dict[str, ScoreQueries], name: str) -> None:
    scores = models[name](queries_of([[0, 1], [], [5]], [0, 3, -1]))

    assert scores.shape == (3, 20)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_visitor_without_cart_or_history_gets_finite_scores(
    models: dict[str, ScoreQueries], name: str
) -> None:
    assert np.isfinite(models[name](queries_of([[]], [-1]))).all()


@pytest.mark.parametrize("name", NAMES)
def test_scores_of_a_batch_equal_those_one_by_one(models: dict[str, ScoreQueries], name: str) -> None:
    queries = queries_of([[0, 1], [], [5], [2, 7, 9]], [0, 3, -1, 119])

    one_by_one = np.concatenate([models[name](queries[row : row + 1]) for row in range(4)])

    assert models[name](queries) == pytest.approx(one_by_one, abs=1e-4)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in CANNOT_COMPLETE])
def test_the_rest_of_a_meal_completes_it(models: dict[str, ScoreQueries], name: str) -> None:
    # Items are sorted by code: 4 a meal, so the meal of item 4m + 3 is 4m, 4m + 1, 4m + 2.
    meals = [[4 * meal, 4 * meal + 1, 4 * meal + 2] for meal in range(5)]

    ranks = full_ranking(models[name], queries_of(meals, [-1] * 5, [4 * meal + 3 for meal in range(5)]))

    assert hit_rate_at_k(ranks, 1) == 1.0


@pytest.mark.parametrize("name", COUNT_PURCHASES)
def test_a_customer_gets_what_that_customer_buys(
    models: dict[str, ScoreQueries], shop_purchases: Purchases, name: str
) -> None:
    favourites = np.asarray(shop_purchases.counts.argmax(axis=1)).ravel()
    everyone = list(range(len(favourites)))

    ranks = full_ranking(models[name], queries_of([[] for _ in everyone], everyone, favourites.tolist()))

    # Chance is 4 / 20. A customer may have bought another meal lately, and recency counts.
    assert hit_rate_at_k(ranks, 4) >= 0.9
