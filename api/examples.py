"""Example answers for the documentation page; a test validates them against the models."""

from __future__ import annotations

from typing import Any

_HEADER: dict[str, Any] = {
    "request_id": "0f8fad5bd9cb469fa16570867728950e",
    "model_version": "20261122T031700Z-3f2a",
    "generated_at": "2026-11-22T03:17:00Z",
    "source": "gnn",
    "warnings": [],
}

_BANANAS: dict[str, Any] = {
    "item_id": "1082185",
    "title": "Bananas",
    "category": ["PRODUCE", "TROPICAL FRUIT", "BANANAS"],
    "price": 0.99,
}
_MILK: dict[str, Any] = {
    "item_id": "995242",
    "title": "Milk, 1 gal",
    "category": ["GROCERY", "FLUID MILK PRODUCTS", "MILK"],
    "price": 2.51,
}
_MEASURED: dict[str, Any] = {
    "objectives": {"coherence": 0.66, "user_fit": 0.2, "breadth": 0.5, "margin": 0.31, "discount": 0.1},
    "weakest_link": 0.66,
}
_PRICED_AND_EXPLAINED: dict[str, Any] = {
    "price": {"list": 3.5, "offer": 3.15, "discount": 0.1},
    "reasons": [
        {
            "kind": "co_purchase",
            "items": ["1082185", "995242"],
            "text": "Bought together in 1,798 baskets, 2.0 times as often as by chance",
            "evidence": {"baskets": 1798, "lift": 1.953},
        }
    ],
}

SHOP_BUNDLES_ANSWER: dict[str, Any] = {
    **_HEADER,
    "bundles": [
        {
            "rank": 1,
            "score": 2.41,
            "bundle_id": "breakfast",
            "title": "Breakfast",
            "decision": None,
            **_MEASURED,
            "items": [{**_BANANAS, "role": "added"}, {**_MILK, "role": "added"}],
            **_PRICED_AND_EXPLAINED,
        }
    ],
}

GENERATE_ANSWER: dict[str, Any] = {
    **_HEADER,
    "bundles": [
        {
            "rank": 1,
            "bundle_id": "b-1709d4e1dc920573",
            "title": "Breakfast for two",
            "decision": "pinned",
            "score": 0.314,
            **_MEASURED,
            "items": [{**_BANANAS, "role": "anchor"}, {**_MILK, "role": "added"}],
            **_PRICED_AND_EXPLAINED,
        }
    ],
}

PARETO_ANSWER: dict[str, Any] = {
    **_HEADER,
    "objectives": ["coherence", "breadth"],
    "hypervolume": 0.33,
    "num_points": 1,
    "num_evaluations": 5912,
    "bundles": [{**bundle, "score": 0.58} for bundle in GENERATE_ANSWER["bundles"]],
}

ITEMS_ANSWER: dict[str, Any] = {
    **_HEADER,
    "items": [{"item_id": "995242", "title": "Milk, 1 gal", "score": 4.71, "rank": 1}],
}

RELATED_ANSWER: dict[str, Any] = {
    **_HEADER,
    "items": [
        {
            "item_id": "995242",
            "title": "Milk, 1 gal",
            "score": 0.66,
            "rank": 1,
            "baskets": 1798,
            "lift": 1.953,
        }
    ],
}

RELATED_CATEGORIES_ANSWER: dict[str, Any] = {
    **_HEADER,
    "categories": [
        {
            "category_id": "GROCERY > COLD CEREAL > ALL FAMILY CEREAL",
            "name": "ALL FAMILY CEREAL",
            "lift": 1.9,
            "baskets": 1204,
            "rank": 1,
        }
    ],
}

SEARCH_ANSWER: dict[str, Any] = {
    **_HEADER,
    "source": "fallback",
    "items": [
        {"item_id": "1082185", "title": "Bananas", "category": ["PRODUCE", "TROPICAL FRUIT"], "price": 0.99}
    ],
}

_DECISION: dict[str, Any] = {
    "kind": "pin",
    "bundle_id": None,
    "items": ["1082185", "995242"],
    "title": None,
    "price": None,
    "share": None,
    "margin_floor": None,
    "made_by": "Ann",
    "note": "spring shelf",
    "id": 7,
    "made_at": "2026-11-22T03:17:00Z",
    "revoked_by": None,
    "revoked_at": None,
    "status": "in_force",
    "remark": "",
}

DECISION_ANSWER: dict[str, Any] = {"request_id": _HEADER["request_id"], "decision": _DECISION}

DECISIONS_ANSWER: dict[str, Any] = {
    "request_id": _HEADER["request_id"],
    "warnings": [],
    "decisions": [_DECISION],
}

MODEL_ANSWER: dict[str, Any] = {
    "model_version": "20261122T031700Z-3f2a",
    "kind": "gnn",
    "created_at": "2026-11-22T03:17:00Z",
    "loaded_at": "2026-11-22T03:18:00Z",
    "as_of": "2017-12-31T04:59:00Z",
    "age_seconds": 3600,
    "num_items": 92331,
    "currency": "USD",
    "metrics": {},
    "warnings": [],
}

READY_ANSWER: dict[str, Any] = {
    "status": "ready",
    "checks": [{"name": "model", "ok": True, "detail": "20261122T031700Z-3f2a (gnn) in service"}],
}


def answer_example(example: dict[str, Any], *, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """`example` as the `responses` of a route."""
    return {status: {"content": {"application/json": {"example": example}}}}
