from __future__ import annotations

import numpy as np
import pytest

from gnn.components.sequences.shortlists import read_shortlists
from gnn.data.queries import NextItemQueries
from gnn.scoring.sequence_evidence import SequenceEvidence
from gnn.scoring.sequence_features import NAMES


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("gnn.components.sequences.shortlists.SHORTLIST_SIZE", 1)
    return 1


def test_each_shortlist_holds_the_hidden_item_once(
    evidence: SequenceEvidence, queries: NextItemQueries
) -> None:
    found = read_shortlists(evidence, queries)

    # 20 items are all on a shortlist of 200.
    assert found.features.shape == (len(queries), 20, len(NAMES))
    assert found.is_hidden.sum(axis=1).tolist() == [1] * len(queries)
    assert found.query.tolist() == list(range(len(queries)))


def test_queries_whose_item_is_not_shortlisted_are_left_out(
    evidence: SequenceEvidence, queries: NextItemQueries, few: int
) -> None:
    hidden = queries.hidden.copy()
    # An item of the history is never shortlisted.
    hidden[::4] = queries.histories.item[0::2][::4]
    asked = NextItemQueries(
        queries.carts, queries.users, hidden, queries.basket_ids, histories=queries.histories
    )

    found = read_shortlists(evidence, asked)

    assert found.is_hidden.shape == (len(found.query), few)
    assert 0 < len(found.query) <= 30
    assert not (found.query % 4 == 0).any()


def test_a_part_of_them_is_what_its_queries_alone_would_give(
    evidence: SequenceEvidence, queries: NextItemQueries
) -> None:
    found = read_shortlists(evidence, queries)

    odd = found.where(found.query % 2 == 1)
    alone = read_shortlists(evidence, queries[1::2])

    assert odd.features == pytest.approx(alone.features, abs=1e-5, nan_ok=True)
    assert np.array_equal(odd.is_hidden, alone.is_hidden)
    assert np.array_equal(odd.query, 1 + 2 * alone.query)


def test_they_do_not_depend_on_how_many_are_read_at_once(
    evidence: SequenceEvidence, queries: NextItemQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read_shortlists(evidence, queries)
    monkeypatch.setattr("gnn.components.sequences.shortlists._BLOCK", 7)

    parts = read_shortlists(evidence, queries)

    assert np.array_equal(parts.query, whole.query)
    assert np.array_equal(parts.is_hidden, whole.is_hidden)
    assert parts.features == pytest.approx(whole.features, abs=1e-5, nan_ok=True)


def test_no_queries_have_none(evidence: SequenceEvidence, queries: NextItemQueries) -> None:
    found = read_shortlists(evidence, queries[:0])

    assert found.features.shape == (0, 20, len(NAMES))
    assert len(found.query) == 0
