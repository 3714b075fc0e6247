"""What every component keeps: fitted or empty, saved and loaded, scored alike alone and in a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import get_type_hints

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from gnn.artifact.files import load_artifact, save_artifact
from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import (
    first_stage,
    item_scorer,
    item_scores,
    two_stage_scorer,
)
from gnn.components import FITTERS, fit_components
from gnn.components.assembly import SCORING, assemble
from gnn.components.bundle_ranking.fitting import rank_choices
from gnn.components.context import FitContext, Tuning
from gnn.data.bundle_choices import bundle_choices
from gnn.data.queries import CompletionQueries, item_queries
from gnn.data.sequences import user_sequences
from gnn.network.basket_task import BasketTask
from gnn.network.encoder import ItemTables
from gnn.network.heads import BasketHead, SequenceHead
from gnn.network.sequence_task import SequenceTask, next_item_batch
from gnn.network.task import LearnedLinks
from gnn.scoring.bundle_ranking import BundleScorer
from gnn.scoring.cold_items import ColdSlate
from gnn.scoring.explanation import ExplanationError, ScoreExplainer
from gnn.scoring.item_model import Ensemble
from gnn.scoring.item_scorer import ItemQuery
from gnn.scoring.seasons import SeasonLift
from gnn.scoring.sequence_stage import SequenceStage
from gnn.scoring.sequences import Sequences
from gnn.scoring.substitutes import SubstitutePairs
from gnn.scoring.trees import TreeEnsemble
from tests.artifact_factory import (
    PlantedItem,
    PlantedShop,
    assert_same_columns,
    columns_of,
    make_artifact,
    planted_context,
)
from tests.gnn.components.conftest import NAMES

FIELDS = [component.name for component in fields(ModelArtifact) if component.name != "info"]

#: Length of random vectors: a multiple of the heads of attention.
DIM = 8
#: Nothing at all; and a catalogue of which nothing was bought.
NO_ITEMS = PlantedShop(items=[])
UNSOLD = PlantedShop(items=[PlantedItem("apple", "Food > Fruit", 1.0), PlantedItem("bread")])
OF_THE_CATALOGUE = {"catalogue", "categories", "substitutes"}
EMPTY_CASES = [
    pytest.param(shop, name, id=f"{name} of {kind}")
    for shop, kind in ((NO_ITEMS, "nothing"), (UNSOLD, "unsold items"))
    for name in FIELDS
    if shop is NO_ITEMS or name not in OF_THE_CATALOGUE
]


@pytest.fixture(scope="module")
def fitted(full_artifact: ModelArtifact, sequence_artifact: ModelArtifact) -> ModelArtifact:
    """Every component fitted to something; that of sequences is of another shop."""
    return replace(full_artifact, sequences=sequence_artifact.sequences)


def without_data(shop: PlantedShop) -> ModelArtifact:
    """Every component fitted to a shop without purchases, nothing tuned."""
    context = replace(planted_context(shop), tuning=Tuning(num_epochs=1, ease_top_k=50))
    return replace(ModelArtifact(make_artifact(shop).info), **fit_components(context))


def has_values(component: object) -> bool:
    """Whether a component holds more than its class makes without arguments; pointers to no rows are none."""
    default = columns_of(type(component)())

    def has(name: str, value: object) -> bool:
        if isinstance(value, np.ndarray) and name.endswith("indptr"):
            return bool(value.any())
        found, expected = (np.asarray(each, dtype=object) for each in (value, default[name]))
        return bool(found.size or expected.size) and not np.array_equal(found, expected)

    return any(has(name, value) for name, value in columns_of(component).items())


def test_every_field_has_a_fitter_and_every_fitter_a_field() -> None:
    assert set(FITTERS) == set(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_the_fitter_of_a_field_makes_its_component(fitted: ModelArtifact, name: str) -> None:
    component = getattr(fitted, name)

    assert type(component) is get_type_hints(ModelArtifact)[name]
    assert has_values(component)


@pytest.mark.parametrize(("shop", "name"), EMPTY_CASES)
def test_a_component_without_data_is_empty(shop: PlantedShop, name: str) -> None:
    component = getattr(without_data(shop), name)

    assert type(component) is get_type_hints(ModelArtifact)[name]
    assert not has_values(component)


@pytest.mark.parametrize("name", FIELDS)
def test_a_component_is_the_same_after_saving_and_loading(
    fitted: ModelArtifact, loaded: ModelArtifact, name: str
) -> None:
    assert_same_columns(getattr(loaded, name), getattr(fitted, name))


@pytest.fixture(scope="module")
def loaded(fitted: ModelArtifact, tmp_path_factory: pytest.TempPathFactory) -> ModelArtifact:
    return load_artifact(save_artifact(fitted, tmp_path_factory.mktemp("models")))


@pytest.mark.parametrize(
    "artifact",
    [
        ModelArtifact(make_artifact(NO_ITEMS).info),
        without_data(NO_ITEMS),
        without_data(UNSOLD),
    ],
    ids=["defaults", "no items", "unsold items"],
)
def test_scorers_accept_empty_components(artifact: ModelArtifact) -> None:
    num_items, scorer = len(artifact.catalogue.item_ids), item_scorer(artifact)
    query, nobody = ItemQuery(cart=range(num_items)), np.zeros(0, dtype=np.int64)
    cold = ColdSlate(artifact.cold_items)
    served = item_scores(artifact, scorer, cold=cold)

    assert scorer.score([query]).shape == two_stage_scorer(artifact).score([query]).shape == (1, 0)
    assert scorer.link_scores(nobody, nobody).shape == (0, 0)
    assert [len(found) for found in served.with_cold(query)] == [0, 0]
    assert served.probabilities(query).shape == (0,)
    assert len(cold) == len(cold.neighbours(0)) == 0
    bundles = BundleScorer(artifact.bundle_ranking, artifact.bundles, num_items=num_items)
    assert bundles.score(range(num_items)).shape == (0,)
    assert (SeasonLift(artifact.seasons, num_items=num_items).lift(1) == 1).all()
    replaces = SubstitutePairs(artifact.substitutes).among(np.arange(num_items))
    assert not replaces.any()
    with pytest.raises(ExplanationError, match="no GNN"):
        ScoreExplainer(artifact.encoder, scorer, num_categories=len(artifact.categories.category_ids))


#: Queries of the full shop, and of the shop of sequences: carts, users, recent items, all at once, nothing.
QUERIES = [
    ItemQuery(cart=[0, 1]),
    ItemQuery(user_index=3),
    ItemQuery(recent=[7, 2, 5]),
    ItemQuery(cart=[4], user_index=1, recent=[9]),
    ItemQuery(),
]
Scores = Callable[[ModelArtifact, Sequence[ItemQuery]], NDArray[np.floating]]


def candidate_features(artifact: ModelArtifact, queries: Sequence[ItemQuery]) -> NDArray[np.floating]:
    scored = first_stage(artifact, item_scorer(artifact)).score_queries(queries)
    return scored.features(np.tile(np.arange(10, 16), (len(queries), 1)))


BATCHES: dict[str, Scores] = {
    "first stage": lambda artifact, queries: item_scorer(artifact).score(queries),
    "stage scores": lambda artifact, queries: (
        first_stage(artifact, item_scorer(artifact)).score_queries(queries).scores
    ),
    "features": candidate_features,
    "both stages": lambda artifact, queries: two_stage_scorer(artifact).score(queries),
}


@pytest.mark.parametrize("shop", ["full_artifact", "sequence_artifact"])
@pytest.mark.parametrize("score", BATCHES.values(), ids=BATCHES.keys())
def test_scores_of_a_batch_equal_those_one_by_one(
    request: pytest.FixtureRequest, shop: str, score: Scores
) -> None:
    artifact = request.getfixturevalue(shop)

    one_by_one = np.concatenate([score(artifact, [query]) for query in QUERIES])

    np.testing.assert_allclose(score(artifact, QUERIES), one_by_one, atol=1e-4)


def test_links_substitutes_and_trees_of_many_items_equal_those_one_by_one(fitted: ModelArtifact) -> None:
    scorer, pairs = item_scorer(fitted), SubstitutePairs(fitted.substitutes)
    items, trees = np.arange(12), TreeEnsemble(fitted.reranker.trees)
    rows = np.random.default_rng(0).uniform(size=(5, len(NAMES))).astype(np.float32)

    for together, alone in (
        (scorer.link_scores(items, items), [scorer.link_scores(items[[item]], items) for item in items]),
        (pairs.among(items), [pairs.between(items[[item]], items) for item in items]),
        (trees.score(rows), [trees.score(rows[[row]]) for row in range(5)]),
    ):
        np.testing.assert_allclose(together.astype(float), np.concatenate(alone).astype(float), atol=1e-6)


def test_seasonal_lifts_of_all_items_equal_those_one_by_one(fitted: ModelArtifact) -> None:
    num_items = len(fitted.catalogue.item_ids)
    seasons = SeasonLift(fitted.seasons, num_items=num_items)

    alone = [seasons.evidence(item, 3) for item in range(num_items)]

    assert any(alone)
    assert seasons.lift(3).tolist() == [1.0 if found is None else found.lift for found in alone]


@pytest.fixture(scope="module")
def tables() -> Callable[[int], ItemTables]:
    """Makes random vectors of some items, as an encoder would."""
    generator = torch.Generator().manual_seed(0)
    return lambda num_items: ItemTables(*torch.randn(3, num_items, DIM, generator=generator))


def with_links(context: FitContext, links: LearnedLinks, ensemble: Ensemble) -> ModelArtifact:
    """The artifact of `context` as if its network had learned `links`."""
    learned = replace(context.learned, links=links)
    tuning = replace(context.tuning, ensemble=ensemble)
    return assemble(replace(context, learned=learned, tuning=tuning), only=SCORING)


def test_a_network_of_baskets_scores_as_its_head_did_in_training(
    full_context: FitContext, tables: Callable[[int], ItemTables]
) -> None:
    purchases, ranked = full_context.data.ranked_purchases, full_context.data.ranked
    num_users, num_ranked = purchases.counts.shape
    head = BasketHead(torch.randn(num_ranked), num_users=num_users, dim=DIM, dropout=0.5).eval()
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.normal_()
        head.users.weight[-1] = 0
    task = BasketTask(head, purchases, full_context.config, torch.device("cpu"))
    queries = CompletionQueries(
        purchases.lines[:6].sign(), np.array([0, 1, 2, 3, -1, -1]), np.zeros(6, dtype=np.int64), ("",) * 6
    )
    made = tables(num_ranked)

    with torch.no_grad():
        trained, links = task.scores(made, queries), task.links(made)
    by_log, by_known = links.count_weights
    artifact = with_links(full_context, links, Ensemble(1.0, 0.0, by_log, by_known, 0.0, 0.0))
    served = item_scorer(artifact).score(item_queries(queries, ranked))

    np.testing.assert_allclose(served, trained, atol=1e-4)


def test_a_network_of_sequences_scores_as_its_head_did_in_training(
    sequence_context: FitContext, tables: Callable[[int], ItemTables]
) -> None:
    num_ranked, config = len(sequence_context.data.ranked), sequence_context.config
    sequences = user_sequences(sequence_context.data.ranked_purchases)
    head = SequenceHead(torch.randn(num_ranked), dim=DIM, config=config.sequence).eval()
    task = SequenceTask(head, sequences, config, config.sequence, torch.device("cpu"))
    made = tables(num_ranked)

    with torch.no_grad():
        # Every user bought three items, a day apart: the second and the third are to be found.
        batch = next_item_batch(sequences, np.arange(5), max_steps=50, device=task.device)
        trained = (head(made, batch) @ made.target.T + head.bias).numpy()
        links = task.links(made)
    artifact = with_links(sequence_context, links, Ensemble())
    stage = first_stage(artifact, item_scorer(artifact))
    assert isinstance(stage, SequenceStage)
    item = sequences.item[:15].reshape(5, 3)[:, [0, 0, 1]].ravel()
    before = Sequences(np.concatenate([[0], np.cumsum([1, 2] * 5)]), item, np.tile([1.0, 2.0, 1.0], 5))
    served = stage.score_sequences(before).gnn

    np.testing.assert_allclose(served, trained, atol=1e-4)


def test_ease_scores_as_it_was_fitted_where_all_weights_are_kept(full_context: FitContext) -> None:
    purchases, ease = full_context.data.ranked_purchases, full_context.learned.ease
    artifact = replace(assemble(full_context, only=SCORING), ensemble=Ensemble(0.0, 1.0, 0.0, 0.0, 0.0, 0.0))
    carts = purchases.lines[:20].sign()
    ranked = full_context.data.ranked

    served = item_scorer(artifact).score([ItemQuery(cart=ranked[cart.indices].tolist()) for cart in carts])

    # Serving keeps positive weights alone.
    positive = [np.maximum(ease.score_rows(one_item), 0) for one_item in identity(len(ranked))]
    np.testing.assert_allclose(served, carts @ np.concatenate(positive), atol=1e-5)


def test_lists_of_bundles_are_those_of_the_fitted_ranking(
    full_context: FitContext, fitted: ModelArtifact
) -> None:
    data = full_context.data
    ranking = rank_choices(
        bundle_choices(data.edges, data.purchases), seed=full_context.config.seed, device=torch.device("cpu")
    )
    scorer = BundleScorer(fitted.bundle_ranking, fitted.bundles, num_items=len(fitted.catalogue.item_ids))
    users = np.flatnonzero(fitted.bundle_ranking.lists.lengths)

    served = np.stack([scorer.score([], user_index=user) for user in users.tolist()])

    np.testing.assert_allclose(served, ranking.score(users), atol=1e-6)


def identity(size: int) -> list[csr_matrix]:
    return [csr_matrix(row) for row in np.eye(size, dtype=np.float32)[:, np.newaxis]]
