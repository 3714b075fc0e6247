"""The second stage learns from queries that the first stage has not seen, baskets and sequences alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import basket_stage, first_stage, item_scorer
from gnn.components.boosted_trees import TreeParams
from gnn.components.reranker import (
    FEWEST_SHORTLISTS,
    TREES_WEIGHTS,
    FittedReranker,
    RankingQueries,
    Shortlists,
    fit_reranker,
    out_of_fold_ranks,
    read_shortlists,
)
from gnn.components.tasks import BasketCompletion, NextItem
from gnn.data.queries import CompletionQueries, NextItemQueries, item_queries
from gnn.evaluation.metrics import full_ranking, ndcg_at_k
from gnn.scoring.item_model import Ensemble, ItemNetwork, Reranker
from gnn.scoring.sequences import SequenceGate
from gnn.scoring.two_stage import FirstStage, TwoStageScorer
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

#: All 20 items of both planted shops.
RANKED = np.arange(20, dtype=np.int32)
SMALL = TreeParams(num_trees=20, learning_rate=0.1, num_leaves=8, min_rows_a_leaf=20)
PAIRS = PlantedShop(
    items=[PlantedItem(f"{pair}{side}") for pair in range(10) for side in "ab"],
    baskets=[([f"{pair}a", f"{pair}b"], 20) for pair in range(10)],
)


def first_stage_of(artifact: ModelArtifact) -> FirstStage:
    return first_stage(artifact, item_scorer(artifact))


@pytest.fixture(scope="module")
def misled(sequence_artifact: ModelArtifact) -> FirstStage:
    """A first stage of sequences whose network learned nothing but noise; EASE and transitions are right."""
    rng = np.random.default_rng(0)
    source, target, history = rng.normal(size=(3, 20, 4)).astype(np.float32)
    gate = SequenceGate(
        by_step=np.zeros((1, 1), np.float32),
        by_item=np.zeros((20, 1), np.float32),
        by_age=np.zeros(1, np.float32),
        power=np.ones(1, np.float32),
    )
    network = ItemNetwork(source, target, history, np.zeros(20, np.float32), gate=gate)
    return first_stage_of(replace(sequence_artifact, network=network))


@pytest.fixture(scope="module")
def pairs_stage() -> FirstStage:
    """A first stage of baskets that ranks by popularity alone, though EASE knows the pairs."""
    artifact = replace(make_artifact(PAIRS), ensemble=Ensemble(gnn=0.0, ease=0.0, bought=1.0))
    return basket_stage(artifact, item_scorer(artifact))


def pair_queries(num_queries: int) -> CompletionQueries:
    """Baskets of a pair and another item; the second of the pair is hidden: that of item 2p is 2p + 1."""
    rng = np.random.default_rng(0)
    pair = rng.integers(10, size=num_queries)
    other = (2 * pair + 2 + rng.integers(18, size=num_queries)) % 20
    carts = np.zeros((num_queries, 20), dtype=np.float32)
    carts[np.arange(num_queries), 2 * pair] = 1
    carts[np.arange(num_queries), other] = 1
    names = tuple(map(str, range(num_queries)))
    return CompletionQueries(csr_matrix(carts), np.full(num_queries, -1), 2 * pair + 1, names)


def next_item_training(queries: CompletionQueries) -> RankingQueries:
    return NextItem().training_queries(queries, RANKED, seed=0)


def fit(
    stage: FirstStage, queries: CompletionQueries, *, size: int = 20, seed: int = 0
) -> FittedReranker | None:
    return fit_reranker(stage, next_item_training(queries), size=size, params=SMALL, seed=seed)


def ranks(stage: FirstStage, reranker: Reranker, queries: CompletionQueries) -> NDArray[np.float64]:
    scorer = TwoStageScorer(stage, reranker)
    return full_ranking(lambda part: scorer.score(item_queries(part, RANKED)), queries)


def test_trees_put_the_next_item_of_a_sequence_first(misled: FirstStage, next_items: NextItemQueries) -> None:
    seen, unseen = next_items[:300], next_items[300:]

    fitted = fit(misled, seen)

    assert fitted is not None
    assert ndcg_at_k(ranks(misled, Reranker(), unseen), 5) < 0.6
    assert ndcg_at_k(ranks(misled, fitted.reranker, unseen), 5) > 0.95
    assert ndcg_at_k(fitted.ranks, 5) > 0.95


def test_trees_complete_a_pair_in_a_basket(pairs_stage: FirstStage) -> None:
    queries = pair_queries(400)
    training = BasketCompletion().training_queries(queries[:300], RANKED, seed=0)

    fitted = fit_reranker(pairs_stage, training, size=20, params=SMALL, seed=0)

    assert fitted is not None
    assert fitted.ranks.shape == (300,)
    assert ndcg_at_k(ranks(pairs_stage, Reranker(), queries[300:]), 5) < 0.6
    assert ndcg_at_k(ranks(pairs_stage, fitted.reranker, queries[300:]), 5) > 0.8


def test_the_weight_is_the_one_with_the_best_ranks_out_of_fold(
    misled: FirstStage, next_items: NextItemQueries
) -> None:
    fitted = fit(misled, next_items)
    found = read_shortlists(misled, next_item_training(next_items), size=20)
    names = [name for group in misled.feature_groups.values() for name in group]

    by_weight = out_of_fold_ranks(found, names=names, params=SMALL, seed=0)

    assert fitted is not None
    assert tuple(by_weight) == TREES_WEIGHTS
    ndcg = {weight: ndcg_at_k(values, 20) for weight, values in by_weight.items()}
    assert ndcg[fitted.reranker.weight] == max(ndcg.values())
    assert np.array_equal(fitted.ranks, by_weight[fitted.reranker.weight])
    assert fitted.reranker.shortlist_size == 20


def test_without_weight_the_ranks_out_of_fold_are_those_of_the_first_stage(
    misled: FirstStage, next_items: NextItemQueries
) -> None:
    found = read_shortlists(misled, next_item_training(next_items), size=5)
    names = [name for group in misled.feature_groups.values() for name in group]

    by_weight = out_of_fold_ranks(found, names=names, params=SMALL, seed=0)

    expected = ranks(misled, Reranker(), next_items)
    assert by_weight[0.0].tolist() == expected.tolist()
    # What is not on a shortlist keeps its rank, whatever the trees weigh.
    outside = np.setdiff1d(np.arange(len(next_items)), found.found)
    assert 0 < len(outside) < len(next_items)
    for values in by_weight.values():
        assert values[outside].tolist() == expected[outside].tolist()
        assert values[found.found].max() <= 5


def leaky_shortlists(num_groups: int, queries_a_group: int, num_candidates: int) -> Shortlists:
    """Noise in which all queries of a group are equal: who saw one knows the answer of the others."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(num_groups), queries_a_group)
    features = rng.uniform(size=(num_groups, num_candidates, 4)).astype(np.float32)
    return Shortlists(
        rank=np.full(len(group), (1 + num_candidates) / 2),
        group=group,
        found=np.arange(len(group)),
        features=features[group],
        scores=np.zeros((len(group), num_candidates), dtype=np.float32),
        place=rng.integers(num_candidates, size=num_groups)[group],
    )


def test_no_query_is_ranked_by_trees_that_saw_one_of_its_group() -> None:
    found = leaky_shortlists(num_groups=100, queries_a_group=3, num_candidates=9)
    params = TreeParams(num_trees=60, learning_rate=0.3, num_leaves=63, min_rows_a_leaf=1)
    apart = replace(found, group=np.arange(300))

    kept, leaked = (
        out_of_fold_ranks(each, names="abcd", params=params, seed=0)[8.0] for each in (found, apart)
    )

    # Chance is a mean rank of 5. Were the queries of a group in both folds, trees would know them by heart.
    assert kept.mean() > 4
    assert leaked.mean() < 2


def test_trees_that_do_not_help_are_not_kept(
    sequence_artifact: ModelArtifact, next_items: NextItemQueries
) -> None:
    # The closed form alone is right about every next item.
    stage = first_stage_of(sequence_artifact)
    assert ndcg_at_k(ranks(stage, Reranker(), next_items), 20) == 1.0

    assert fit(stage, next_items) is None


@pytest.mark.parametrize("num_queries", [0, FEWEST_SHORTLISTS - 1])
def test_too_few_shortlists_fit_no_trees(
    misled: FirstStage, next_items: NextItemQueries, num_queries: int
) -> None:
    assert fit(misled, next_items[:num_queries]) is None


def test_shortlists_without_the_hidden_item_do_not_count(
    misled: FirstStage, next_items: NextItemQueries
) -> None:
    # An item of the history is never on the shortlist.
    hidden = next_items.histories.item[1::2].astype(np.int64)

    assert fit(misled, replace(next_items, hidden=hidden)) is None


def test_the_same_seed_gives_the_same_trees(misled: FirstStage, next_items: NextItemQueries) -> None:
    first, second = fit(misled, next_items, seed=3), fit(misled, next_items, seed=3)

    assert first is not None
    assert second is not None
    assert np.array_equal(first.reranker.trees, second.reranker.trees)
    assert first.reranker.weight == second.reranker.weight


def test_each_shortlist_holds_the_hidden_item_and_none_of_the_history(
    misled: FirstStage, next_items: NextItemQueries
) -> None:
    found = read_shortlists(misled, next_item_training(next_items), size=200)

    # 20 items are all on a shortlist of 200, but for the two of the history.
    assert found.features.shape[:2] == found.scores.shape == (400, 20)
    assert np.isfinite(found.scores).sum(axis=1).tolist() == [18] * 400
    assert np.isneginf(found.scores[:, 18:]).all()
    assert found.found.tolist() == list(range(400))
    assert (found.place < 18).all()


def test_a_basket_as_large_as_the_catalogue_leaves_the_hidden_item_alone(pairs_stage: FirstStage) -> None:
    carts = np.ones((1, 20), dtype=np.float32)
    carts[0, 7] = 0
    queries = CompletionQueries(csr_matrix(carts), np.array([-1]), np.array([7]), ("all",))

    found = read_shortlists(pairs_stage, next_item_training(queries), size=200)

    assert np.isfinite(found.scores).sum() == 1
    assert found.place.tolist() == [0]
    assert found.rank.tolist() == [1]


def test_queries_whose_item_is_not_on_the_shortlist_have_a_rank_alone(
    misled: FirstStage, next_items: NextItemQueries
) -> None:
    hidden = next_items.hidden.copy()
    # An item of the history is never on the shortlist.
    hidden[::4] = next_items.histories.item[0::2][::4]

    found = read_shortlists(misled, next_item_training(replace(next_items, hidden=hidden)), size=3)

    assert len(found.rank) == 400
    assert found.features.shape[:2] == (len(found.found), 3)
    assert 0 < len(found.found) <= 300
    assert not (found.found % 4 == 0).any()
    assert (found.rank[found.found] <= 3).all()


def test_the_features_of_a_query_are_those_that_serving_has(
    misled: FirstStage, next_items: NextItemQueries
) -> None:
    queries = item_queries(next_items, RANKED)
    found = read_shortlists(misled, next_item_training(next_items), size=20)

    for row in (0, 7, 399):
        scored = misled.score_queries([queries[row]])
        order = np.argsort(-scored.scores[0], kind="stable")
        candidates = order[~np.isin(order, next_items.histories.item[2 * row : 2 * row + 2])]
        assert found.features[row, :18] == pytest.approx(
            scored.features(candidates[np.newaxis])[0], abs=1e-5, nan_ok=True
        )
        assert candidates[found.place[row]] == next_items.hidden[row]


@pytest.mark.parametrize("kind", ["sequences", "baskets"])
def test_shortlists_do_not_depend_on_how_many_are_read_at_once(
    misled: FirstStage,
    pairs_stage: FirstStage,
    next_items: NextItemQueries,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage, queries = (misled, next_items) if kind == "sequences" else (pairs_stage, pair_queries(100))
    whole = read_shortlists(stage, next_item_training(queries), size=9)
    # Seven queries a block.
    monkeypatch.setattr("gnn.scoring.two_stage._MAX_SCORES", 7 * 20)

    parts = read_shortlists(stage, next_item_training(queries), size=9)

    assert np.array_equal(parts.found, whole.found)
    assert np.array_equal(parts.place, whole.place)
    assert np.array_equal(parts.rank, whole.rank)
    assert parts.features == pytest.approx(whole.features, abs=1e-5, nan_ok=True)
    assert parts.scores == pytest.approx(whole.scores, abs=1e-5)
