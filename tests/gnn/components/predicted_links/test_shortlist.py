from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.components.predicted_links import shortlist as shortlist_module
from gnn.components.predicted_links.evidence import PairEvidence, pair_evidence, surroundings
from gnn.components.predicted_links.known import known_links
from gnn.components.predicted_links.shortlist import feature_names, shortlists
from tests.gnn.planted_links import edges_of, purchases_of

ITEMS = np.arange(4)


@pytest.fixture
def evidence() -> PairEvidence:
    # 0, 1 and 2 share the neighbour 4; 1 and 0 share 5 as well; nothing is known of 3.
    links = [
        (0, 4, "also"),
        (1, 4, "also"),
        (2, 4, "also"),
        (0, 5, "also"),
        (1, 5, "also"),
        (0, 2, "together"),
    ]
    edges = edges_of(6, links)
    around = surroundings(edges, purchases_of(6))
    return pair_evidence(known_links(edges), around, kind="together", items=ITEMS)


def test_candidates_are_what_evidence_speaks_for_without_the_item_and_what_is_closed(
    evidence: PairEvidence,
) -> None:
    nothing = csr_matrix((4, 4))

    (open_list,) = shortlists(evidence, ITEMS, closed=nothing)
    (new_list,) = shortlists(evidence, ITEMS, closed=evidence.known)

    assert open_list.sizes.tolist() == [2, 2, 2, 0]
    assert list(zip(open_list.askers, open_list.candidates, strict=True)) == [
        *[(0, 1), (0, 2)],
        *[(1, 0), (1, 2)],
        *[(2, 0), (2, 1)],
    ]
    # 0 and 2 are linked already.
    assert list(zip(new_list.askers, new_list.candidates, strict=True)) == [(0, 1), (1, 0), (1, 2), (2, 1)]


def test_features_say_how_an_items_candidates_compare(evidence: PairEvidence) -> None:
    (found,) = shortlists(evidence, np.array([1]), closed=csr_matrix((4, 4)))

    columns = dict(zip(feature_names(evidence), found.features.T, strict=True))

    # 1 and 0 share 4 (three neighbours) and 5 (two), 1 and 2 share 4 alone.
    assert columns["resource_allocation"].tolist() == pytest.approx([1 / 3 + 1 / 2, 1 / 3])
    assert columns["resource_allocation of largest"].tolist() == pytest.approx([1, (1 / 3) / (1 / 3 + 1 / 2)])
    assert columns["place by resource_allocation"].tolist() == [0, 1]
    assert columns["item of linked_from"].tolist() == [0, 0]
    assert columns["candidate of linked_from"].tolist() == [0, 1]


def test_the_quota_of_a_source_bounds_the_shortlist(
    evidence: PairEvidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortlist_module, "SOURCES", {"resource_allocation": 1})

    (found,) = shortlists(evidence, np.array([1]), closed=csr_matrix((4, 4)))

    assert found.candidates.tolist() == [0]


def test_blocks_change_nothing(evidence: PairEvidence, monkeypatch: pytest.MonkeyPatch) -> None:
    (whole,) = shortlists(evidence, ITEMS, closed=evidence.known)
    monkeypatch.setattr(shortlist_module, "_BLOCK_CELLS", 1)

    parts = list(shortlists(evidence, ITEMS, closed=evidence.known))

    assert len(parts) == 4
    np.testing.assert_array_equal(np.concatenate([part.features for part in parts]), whole.features)
    np.testing.assert_array_equal(np.concatenate([part.candidates for part in parts]), whole.candidates)
