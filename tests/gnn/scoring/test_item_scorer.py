from __future__ import annotations

from dataclasses import replace
from math import exp, log1p, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import item_scorer
from gnn.scoring.item_model import FEATURES, Ensemble, LinkProbability
from gnn.scoring.item_scorer import ItemQuery
from tests.artifact_factory import PlantedItem, PlantedShop, make_artifact

SHOP = PlantedShop(
    items=[PlantedItem(item_id) for item_id in ("apple", "bread", "cream", "dates", "rare")],
    baskets=[(["apple", "bread"], 40), (["cream", "dates"], 30), (["apple", "cream"], 12), (["rare"], 1)],
    histories={"ann": {"bread": 3, "dates": 1, "rare": 5}},
)
WEIGHTS = Ensemble(gnn=0.5, ease=2.0, bought=0.3, known=0.7, share=1.1, recency=0.9)
APPLE, BREAD, CREAM, DATES, RARE = range(5)


@pytest.fixture
def artifact() -> ModelArtifact:
    made = make_artifact(SHOP)
    rng = np.random.default_rng(0)
    network = replace(made.network, users=rng.normal(size=made.network.users.shape).astype(np.float32))
    link = LinkProbability(intercept=-0.2, gnn=0.8, ease=1.5)
    return replace(made, network=network, ensemble=WEIGHTS, link_probability=link)


def score_by_the_formula(
    artifact: ModelArtifact, attention: dict[int, float], user: int | None
) -> list[float]:
    """The docstring's formula in loops; items 0 to 3 are ranked, as 0 to 3."""
    network, histories = artifact.network, artifact.histories
    counts: dict[int, float] = {}
    recency: dict[int, float] = {}
    query = np.zeros(network.target.shape[1])
    if user is not None:
        row = slice(histories.indptr[user], histories.indptr[user + 1])
        for item, age in zip(histories.item[row].tolist(), histories.age_days[row].tolist(), strict=True):
            if item != RARE:
                counts[item] = counts.get(item, 0.0) + 1
                recency[item] = recency.get(item, 0.0) + exp(-age / 30)
        query += network.users[user]
        for item, count in counts.items():
            query += count * network.history[item] / sqrt(sum(counts.values()))
    for item, weight in attention.items():
        query += weight * network.source[item] / sqrt(sum(attention.values()))
    scores = []
    for item in range(4):
        ease = 0.0
        for held, weight in attention.items():
            ease += weight * ease_weight(artifact, held, item)
        count = counts.get(item, 0.0)
        scores.append(
            0.5 * (query @ network.target[item] + network.bias[item])
            + 2.0 * ease
            + 0.3 * log1p(count)
            + 0.7 * (count > 0)
            + 1.1 * count / max(sum(counts.values()), 1)
            + 0.9 * log1p(3 * recency.get(item, 0.0))
        )
    return scores


def ease_weight(artifact: ModelArtifact, source: int, target: int) -> float:
    linked, weights = artifact.ease.weights.row(source)
    return float(weights[linked == target].sum())


@pytest.mark.parametrize(
    ("query", "attention"),
    [
        (ItemQuery(cart=[APPLE, CREAM]), {APPLE: 1.0, CREAM: 1.0}),
        (ItemQuery(cart=[APPLE], user_index=0), {APPLE: 1.0}),
        (ItemQuery(user_index=0), {}),
        (ItemQuery(), {}),
        (ItemQuery(recent=[APPLE, BREAD, CREAM]), {APPLE: 1 / 3, BREAD: 1 / 2, CREAM: 1.0}),
        (ItemQuery(cart=[BREAD], recent=[BREAD, APPLE], user_index=0), {BREAD: 1.0, APPLE: 1.0}),
    ],
)
def test_scores_are_those_of_the_formula(
    artifact: ModelArtifact, query: ItemQuery, attention: dict[int, float]
) -> None:
    scores = item_scorer(artifact).score([query])

    assert scores.dtype == np.float32
    assert scores[0] == pytest.approx(score_by_the_formula(artifact, attention, query.user_index), abs=1e-4)


def test_an_item_that_is_not_ranked_or_twice_in_the_cart_changes_nothing(artifact: ModelArtifact) -> None:
    scorer = item_scorer(artifact)

    plain, odd = scorer.score([ItemQuery(cart=[APPLE]), ItemQuery(cart=[APPLE, RARE, APPLE])])

    assert odd.tolist() == plain.tolist()


def test_the_order_of_recent_items_matters(artifact: ModelArtifact) -> None:
    scorer = item_scorer(artifact)

    scores = scorer.score([ItemQuery(recent=[APPLE, CREAM]), ItemQuery(recent=[CREAM, APPLE])])

    assert not np.allclose(scores[0], scores[1])


def test_scores_of_a_batch_equal_those_one_by_one(artifact: ModelArtifact) -> None:
    scorer = item_scorer(artifact)
    queries = [ItemQuery(cart=[APPLE], user_index=0), ItemQuery(), ItemQuery(recent=[DATES])]

    one_by_one = np.concatenate([scorer.score([query]) for query in queries])

    assert scorer.score(queries) == pytest.approx(one_by_one, abs=1e-5)
    assert scorer.score([]).shape == (0, 4)


def test_features_come_in_the_order_of_their_names(artifact: ModelArtifact) -> None:
    scorer = item_scorer(artifact)
    features = scorer.features([scorer.evidence(ItemQuery(user_index=0))])[0]

    by_name = dict(zip(FEATURES, features, strict=True))
    assert by_name["bought"] == pytest.approx([0, log1p(3), 0, log1p(1)])
    assert by_name["known"].tolist() == [0, 1, 0, 1]
    assert by_name["share"] == pytest.approx([0, 3 / 4, 0, 1 / 4])


def test_a_link_is_the_logistic_of_vectors_and_ease_and_has_a_direction(artifact: ModelArtifact) -> None:
    network = artifact.network
    links = item_scorer(artifact).link_scores(np.array([APPLE, CREAM]), np.array([BREAD, DATES, APPLE]))

    ease = ease_weight(artifact, CREAM, DATES)
    logit = -0.2 + 0.8 * float(network.source[CREAM] @ network.target[DATES]) + 1.5 * ease
    assert links.shape == (2, 3)
    assert links[1, 1] == pytest.approx(1 / (1 + exp(-logit)), abs=1e-5)
    assert links[0, 0] > links[0, 1]  # apple and bread are bought together, apple and dates are not


def test_links_stay_between_zero_and_one_however_strong(artifact: ModelArtifact) -> None:
    strong = replace(artifact, network=replace(artifact.network, source=1e4 * artifact.network.source))
    everything: NDArray[np.int64] = np.arange(4)

    links = item_scorer(strong).link_scores(everything, everything)

    assert ((links > 0) & (links < 1)).all()
    assert item_scorer(strong).link_scores(everything[:0], everything).shape == (0, 4)


def test_an_artifact_without_learned_vectors_scores_by_bias_and_counts(artifact: ModelArtifact) -> None:
    nothing = np.zeros((4, 0), dtype=np.float32)
    network = replace(
        artifact.network, source=nothing, target=nothing, history=nothing, users=np.zeros((1, 0), np.float32)
    )

    scores = item_scorer(replace(artifact, network=network)).score([ItemQuery()])

    assert scores[0] == pytest.approx(0.5 * network.bias)
