from __future__ import annotations

import numpy as np
import pytest

from gnn.components.predicted_links.evidence import PairEvidence, item_features, known_links, pair_evidence
from tests.gnn.planted_links import Link, edges_of, purchases_of

ITEMS = np.array([0, 1, 2])

# No evidence is computed for 3 and 4, but paths between two other items may go through them.
LINKS: list[Link] = [
    *[(0, 3, "also"), (1, 3, "also"), (2, 3, "also"), (4, 0, "also"), (1, 4, "also")],
    (2, 4, "together"),
]


def evidence(links: list[Link]) -> PairEvidence:
    edges = edges_of(5, links, category=[0, 0, 1, -1, -1], brand=[2, 3, 2, -1, -1])
    features = item_features(edges, purchases_of(5, [[0, 1], [0, 2], [0]]))
    return pair_evidence(known_links(edges), features, kind="together", items=ITEMS)


LINKED = evidence(LINKS).of(ITEMS)


def test_a_common_neighbour_counts_less_the_more_links_it_has() -> None:
    # 3 has three neighbours (0, 1, 2), 4 has three as well (0, 1, 2).
    assert LINKED["resource_allocation"][0, 1] == pytest.approx(1 / 3 + 1 / 3)
    assert LINKED["adamic_adar"][0, 1] == pytest.approx(2 / np.log(1.5 + 3))
    assert LINKED["cosine"][0, 1] == pytest.approx(2 / np.sqrt(2 * 2))


def test_links_of_either_direction_are_evidence_of_their_own() -> None:
    damped = 1 / np.log(1.5 + 3)

    # Both lead to 3; 4 leads to 0, and 1 leads to 4.
    assert LINKED["out_out"][0, 1] == pytest.approx(damped)
    assert LINKED["in_out"][0, 1] > 0
    assert LINKED["in_out"][1, 0] == 0
    assert LINKED["out_in"][1, 0] == pytest.approx(damped)
    assert LINKED["in_in"][0, 1] == 0


def test_paths_that_begin_or_end_with_a_link_of_the_target_kind_are_evidence_of_their_own() -> None:
    # 2 is linked to 4 by the target kind, 4 to 0 and 1 by any.
    assert LINKED["target_any"][2].tolist() == [1, 1, 1]
    assert LINKED["any_target"][:, 2] == pytest.approx([1 / 3] * 3)
    assert LINKED["target_any"][0].tolist() == [0, 0, 0]


def test_buyers_categories_and_brands_are_compared_by_cosine() -> None:
    # Item 0 has three buyers, one of whom bought 1.
    assert LINKED["users"][0, 1] == pytest.approx(1 / np.sqrt(3))
    assert LINKED["baskets"][0, 1] == pytest.approx(1 / np.sqrt(3))
    assert LINKED["content"][0].tolist() == pytest.approx([1, 1, 0])
    assert LINKED["brand"][0].tolist() == [1, 0, 1]


def test_a_known_link_is_evidence_for_items_of_similar_words() -> None:
    # 0 and 1 have the same words, 2 has none of them; 1 and 2 go together.
    edges = edges_of(3, [(1, 2, "together")], title=["red wine", "wine red", "corkscrew"])
    features = item_features(edges, purchases_of(3))

    found = pair_evidence(known_links(edges), features, kind="together", items=ITEMS).of(ITEMS)

    assert found["similar_target"][0] == pytest.approx([0, 0, 1])
    assert found["target_similar"][2] == pytest.approx([1, 1, 0])
    assert found["similar_target"][2].tolist() == [0, 1, 0]


def test_a_pairs_own_link_is_no_evidence_for_it() -> None:
    without, with_link = evidence(LINKS), evidence([*LINKS, (0, 1, "also")])

    assert with_link.known.toarray()[0].tolist() == [0, 1, 0]
    assert without.known.nnz == with_link.known_target.nnz == 0
    # It gives the two no common neighbour; 3 and 4 have no more neighbours than before.
    for name in with_link.factors.keys() - {"cosine"}:
        assert with_link.of(ITEMS)[name][0, 1] == pytest.approx(without.of(ITEMS)[name][0, 1]), name


def test_a_graph_of_nothing_is_no_evidence() -> None:
    edges = edges_of(3, [(0, 1, "together")])
    features = item_features(edges, purchases_of(3))

    found = pair_evidence(known_links(edges), features, kind="together", items=ITEMS).of(ITEMS)

    assert all(np.isfinite(values).all() for values in found.values())
    assert not found["users"].any()
