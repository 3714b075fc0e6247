from __future__ import annotations

import pytest

from benchmarks.quality.cold_models import ALL_KNOWN, COLD_LAST, HELD_BACK, OURS
from benchmarks.quality.protocol_f import targets, warm_costs

COLD = [{"kNN": {"ndcg@20": 0.02, "hr@20": 0.04}, "words": {"ndcg@20": 0.01, "hr@20": 0.06}}]
#: Two runs.
WARM = [
    {
        name: {"ndcg@20": value}
        for name, value in zip((COLD_LAST, ALL_KNOWN, OURS, HELD_BACK), row, strict=True)
    }
    for row in ((0.19, 0.16, 0.17, 0.19), (0.21, 0.16, 0.15, 0.21))
]


def test_each_tuning_has_a_target_for_cold_and_one_for_warm_items() -> None:
    found = targets(COLD, WARM, ["kNN", "words"])

    assert found == {
        f"{OURS}/ndcg@20": pytest.approx(1.3 * 0.02),
        f"{OURS}/hr@20": pytest.approx(1.3 * 0.06),
        f"warm items/{OURS}/ndcg@20": pytest.approx(0.99 * 0.16),
        f"{HELD_BACK}/ndcg@20": pytest.approx(1.3 * 0.02),
        f"warm items/{HELD_BACK}/ndcg@20": pytest.approx(0.99 * (0.19 + 0.21) / 2),
    }


def test_the_cost_is_relative_to_cold_items_last_and_to_all_known() -> None:
    note = warm_costs(WARM)[0]

    # .16 of .2 and of .16; all the same of .2, a quarter more than .16.
    assert f"{OURS} -20.0% (+0.0%)" in note
    assert f"{HELD_BACK} +0.0% (+25.0%)" in note
    assert f"{ALL_KNOWN} -20.0% (+0.0%)" in note
