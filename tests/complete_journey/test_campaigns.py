"""Composing for real campaigns: 27 of them, from 18 to 35,545 products each."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from bundles.catalogue import texts_of
from bundles.present.answers import GenerateAnswer
from bundles.recommender import Recommender
from bundles.request.schemas import GenerateRequest
from gnn.artifact.model import ModelArtifact
from gnn.scoring.seasons import SeasonLift, week_of

#: A campaign of 18 multi-packs of one brand's yoghurt: variants of one product.
YOGHURTS = "6"


def campaign_items(model: ModelArtifact) -> dict[str, set[str]]:
    """Item ids by campaign."""
    item_ids, promotions = texts_of(model.catalogue.item_ids), model.promotions
    return {
        promotion_id: {item_ids[item] for item in promotions.discount.row(place)[0].tolist()}
        for place, promotion_id in enumerate(promotions.promotion_ids)
    }


def test_every_campaign_is_composed_of_its_own_products_with_its_dates_as_reasons(
    demo: Recommender, demo_model: ModelArtifact
) -> None:
    campaigns = campaign_items(demo_model)

    assert len(campaigns) == 27
    for promotion_id, items in campaigns.items():
        answer = compose_for(demo, promotion_id)
        assert any(f"{promotion_id!r} ended on 201" in warning for warning in answer.warnings)
        if promotion_id == YOGHURTS:
            assert answer.bundles == []
            assert "with constraints.substitutes there would be some" in answer.warnings[-1]
            answer = compose_for(demo, promotion_id, substitutes=True)

        assert answer.bundles, (promotion_id, answer.warnings)
        for bundle in answer.bundles:
            assert {item.item_id for item in bundle.items} <= items
            printed = [reason for reason in bundle.reasons if reason.kind == "promotion"]
            assert {reason.items[0] for reason in printed} == {item.item_id for item in bundle.items}
            for reason in printed:
                starts_at, ends_at = (str(reason.evidence[name]) for name in ("starts_at", "ends_at"))
                assert starts_at < ends_at


def compose_for(demo: Recommender, promotion_id: str, *, substitutes: bool = False) -> GenerateAnswer:
    constraints = {"promotion_id": promotion_id, "substitutes": substitutes}
    return demo.generate(GenerateRequest.model_validate({"constraints": constraints, "n": 3}))


def test_an_anchor_may_be_of_no_campaign_and_what_joins_it_is(
    demo: Recommender, demo_model: ModelArtifact
) -> None:
    promotion_id, items = max(campaign_items(demo_model).items(), key=lambda entry: len(entry[1]))
    anchor = next(item_id for item_id in demo.sellable_items() if item_id not in items)

    answer = demo.generate(
        GenerateRequest.model_validate({"anchors": [anchor], "constraints": {"promotion_id": promotion_id}})
    )

    assert answer.bundles
    for bundle in answer.bundles:
        added = {item.item_id for item in bundle.items if item.role == "added"}
        assert added and added <= items


@pytest.mark.parametrize("day", ["2026-10-31", "2026-11-26", "2026-12-24", "2026-07-04"])
def test_what_joins_for_a_day_is_bought_more_around_it(
    demo: Recommender, demo_model: ModelArtifact, day: str
) -> None:
    week = week_of(date.fromisoformat(day))
    lift = SeasonLift(demo_model.seasons, num_items=len(demo_model.catalogue.item_ids)).lift(week)
    place = {item_id: index for index, item_id in enumerate(texts_of(demo_model.catalogue.item_ids))}

    answer = demo.generate(GenerateRequest.model_validate({"constraints": {"event_date": day}, "n": 5}))

    assert len(answer.bundles) == 5
    for bundle in answer.bundles:
        assert all(lift[place[item.item_id]] >= 1.3 for item in bundle.items)
        assert sum(reason.kind == "season" for reason in bundle.reasons) == len(bundle.items)


def test_no_bundle_holds_two_products_that_replace_each_other(
    demo: Recommender, demo_model: ModelArtifact
) -> None:
    place = {item_id: index for index, item_id in enumerate(texts_of(demo_model.catalogue.item_ids))}
    variant = demo_model.substitutes.variant
    assert (variant >= 0).mean() > 0.1

    for anchor in demo.sellable_items()[:150]:
        for bundle in demo.generate(GenerateRequest(anchors=(anchor,), n=5, explain=False)).bundles:
            held = np.array([place[item.item_id] for item in bundle.items])
            groups = variant[held][variant[held] >= 0]
            assert len(groups) == len(np.unique(groups)), bundle


def test_campaigns_are_of_the_years_of_the_data(demo_model: ModelArtifact) -> None:
    starts = [datetime.fromtimestamp(int(at), UTC).year for at in demo_model.promotions.starts_at]

    assert set(starts) <= {2016, 2017}
