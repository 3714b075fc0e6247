from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from gnn.components.predicted_links import shortlist as shortlist_module
from gnn.components.predicted_links.evidence import PairEvidence, item_features, known_links, pair_evidence
from gnn.components.predicted_links.shortlist import link_feature_names, link_shortlists
from tests.gnn.planted_links import edges_of, purchases_of

ITEMS = np.arange(4)


@pytest.fixture
def evidence() -> PairEvidence:
    # 0, 1 and 2 share the neighbour 4; 1 and 0 share 5 as well; 3 has no links.
    links = [
        (0, 4, "also"),
        (1, 4, "also"),
        (2, 4, "also"),
        (0, 5, "also"),
        (1, 5, "also"),
        (0, 2, "together"),
    ]
    edges = edges_of(6, links)
    features = item_features(edges, purchases_of(6))
    return pair_evidence(known_links(edges), features, kind="together", items=ITEMS)


def test_candidates_have_evidence_and_are_neither_the_item_itself_nor_excluded(
    evidence: PairEvidence,
) -> None:
    nothing = csr_matrix((4, 4))

    (open_list,) = link_shortlists(evidence, ITEMS, excluded=nothing)
    (new_list,) = link_shortlists(evidence, ITEMS, excluded=evidence.known)

    assert open_list.sizes.tolist() == [2, 2, 2, 0]
    assert list(zip(open_list.sources, open_list.candidates, strict=True)) == [
        *[(0, 1), (0, 2)],
        *[(1, 0), (1, 2)],
        *[(2, 0), (2, 1)],
    ]
    # 0 and 2 are linked already.
    assert list(zip(new_list.sources, new_list.candidates, strict=True)) == [(0, 1), (1, 0), (1, 2), (2, 1)]


def test_features_compare_the_candidates_of_an_item(evidence: PairEvidence) -> None:
    (found,) = link_shortlists(evidence, np.array([1]), excluded=csr_matrix((4, 4)))

    columns = dict(zip(link_feature_names(evidence), found.features.T, strict=True))

    # 1 and 0 share 4 (three neighbours) and 5 (two), 1 and 2 share 4 alone.
    assert columns["resource_allocation"].tolist() == pytest.approx([1 / 3 + 1 / 2, 1 / 3])
    assert columns["resource_allocation of largest"].tolist() == pytest.approx([1, (1 / 3) / (1 / 3 + 1 / 2)])
    assert columns["rank by resource_allocation"].tolist() == [0, 1]
    assert columns["item of linked_from"].tolist() == [0, 0]
    assert columns["candidate of linked_from"].tolist() == [0, 1]


def test_the_quota_of_a_kind_of_evidence_bounds_the_shortlist(
    evidence: PairEvidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortlist_module, "QUOTAS", {"resource_allocation": 1})

    (found,) = link_shortlists(evidence, np.array([1]), excluded=csr_matrix((4, 4)))

    assert found.candidates.tolist() == [0]


def test_blocks_change_nothing(evidence: PairEvidence, monkeypatch: pytest.MonkeyPatch) -> None:
    (whole,) = link_shortlists(evidence, ITEMS, excluded=evidence.known)
    monkeypatch.setattr(shortlist_module, "_BLOCK_PAIRS", 1)

    parts = list(link_shortlists(evidence, ITEMS, excluded=evidence.known))

    assert len(parts) == 4
    np.testing.assert_array_equal(np.concatenate([part.features for part in parts]), whole.features)
    np.testing.assert_array_equal(np.concatenate([part.candidates for part in parts]), whole.candidates)
