from dataclasses import replace

import numpy as np
import pytest

from bundles.catalogue import ItemCatalogue
from bundles.links import ItemLinks
from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import item_scorer
from gnn.scoring.cold_items import ColdSlate
from tests.artifact_factory import make_artifact
from tests.planted_shop import GROCERY


@pytest.fixture(scope="module")
def catalogue() -> ItemCatalogue:
    return ItemCatalogue(make_artifact(GROCERY))


@pytest.fixture(scope="module")
def links(catalogue: ItemCatalogue) -> ItemLinks:
    return links_of(make_artifact(GROCERY), catalogue)


def links_of(artifact: ModelArtifact, catalogue: ItemCatalogue) -> ItemLinks:
    cold = ColdSlate(artifact.cold_items)
    return ItemLinks(artifact, catalogue=catalogue, scorer=item_scorer(artifact), cold=cold)


def link(links: ItemLinks, catalogue: ItemCatalogue, first: str, second: str) -> float:
    pair = np.array([catalogue.index_of(first), catalogue.index_of(second)], dtype=np.int64)
    return float(links.between(pair, pair)[0, 1])


def test_links_are_symmetric_probabilities_and_0_with_itself(links: ItemLinks) -> None:
    everything = np.arange(len(GROCERY.items))

    matrix = links.between(everything, everything)

    assert np.allclose(matrix, matrix.T)
    assert (np.diag(matrix) == 0).all()
    off_diagonal = matrix[~np.eye(len(matrix), dtype=bool)]
    assert ((off_diagonal > 0) & (off_diagonal < 1)).all()


def test_a_square_and_a_rectangle_agree(links: ItemLinks) -> None:
    everything = np.arange(len(GROCERY.items))

    assert np.allclose(
        links.between(everything[:4], everything), links.between(everything, everything)[:4], atol=1e-6
    )


def test_a_pair_bought_x_times_as_often_as_by_chance_has_x_over_one_plus_x(
    links: ItemLinks, catalogue: ItemCatalogue
) -> None:
    # Lift 5 is planted in the vectors of the model.
    assert link(links, catalogue, "pasta", "sauce") == pytest.approx(5 / 6, abs=1e-3)


def test_a_cold_item_is_linked_as_its_neighbours_are(links: ItemLinks, catalogue: ItemCatalogue) -> None:
    of_neighbours = [link(links, catalogue, neighbour, "cheese") for neighbour in ("pasta", "penne")]

    assert link(links, catalogue, "cold", "cheese") == pytest.approx(sum(of_neighbours) / 2, abs=1e-6)


def test_an_item_of_which_nothing_is_known_is_linked_by_chance(
    links: ItemLinks, catalogue: ItemCatalogue
) -> None:
    assert link(links, catalogue, "bare", "milk") == 0.5


def test_a_counted_pair_beats_neighbours_where_the_model_ranks_only_one() -> None:
    # Ranked from 35 baskets: cheese (50) is, soap and rolls (30) are not.
    artifact = make_artifact(replace(GROCERY, ranked_from=35))
    catalogue = ItemCatalogue(artifact)
    links = links_of(artifact, catalogue)

    # 30 baskets hold both; 30 · 50 / 200 would by chance, as soap is in 30 of 200 and cheese in 50.
    shrunk = (30 + 5) / (30 * 50 / 200 + 5)
    assert link(links, catalogue, "soap/ü", "cheese") == pytest.approx(shrunk / (1 + shrunk))
    assert link(links, catalogue, "cheese", "soap/ü") == pytest.approx(shrunk / (1 + shrunk))


def test_counts_are_found_in_both_directions(links: ItemLinks, catalogue: ItemCatalogue) -> None:
    pasta, sauce, milk = (catalogue.index_of(item_id) or 0 for item_id in ("pasta", "sauce", "milk"))

    counts = links.counts_among([pasta, sauce, milk], [pasta, sauce, milk])

    assert counts == {(pasta, sauce): (40, 5.0), (sauce, pasta): (40, 5.0)}


def test_the_mean_of_both_directions_is_calibrated(links: ItemLinks, catalogue: ItemCatalogue) -> None:
    # An overconfident model: half the distance from .5 is true.
    artifact = make_artifact(GROCERY)
    halved = replace(artifact.link_probability, raw=(0.0, 1.0), calibrated=(0.25, 0.75))
    calibrated = links_of(replace(artifact, link_probability=halved), catalogue)

    expected = 0.5 + (link(links, catalogue, "pasta", "sauce") - 0.5) / 2
    assert link(calibrated, catalogue, "pasta", "sauce") == pytest.approx(expected)
