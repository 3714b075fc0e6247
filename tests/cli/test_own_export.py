"""A shop's own export: foreign column names, a mapping, 1 % dirt, from files to bundles."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from bundles.request.schemas import GenerateRequest
from cli.answers import open_recommender
from cli.batch import answer_line
from etl.pseudonyms import load_key
from gnn.artifact.files import load_artifact
from gnn.artifact.model import ModelArtifact
from gnn.registry import load_promoted
from gnn.scoring.seasons import SeasonLift
from tests.cli.conftest import Run, must
from tests.shop_export import product_code

Shop = tuple[Path, Path, int]


def test_every_dirty_row_comes_back_with_its_reason(shop: Shop) -> None:
    home, _, dirty = shop

    with (home / "rejects.csv").open(encoding="utf-8", newline="") as file:
        rejects = list(csv.DictReader(file))

    assert len(rejects) == dirty
    assert {row["table"] for row in rejects} == {"interactions"}
    assert all(row["reason"] and json.loads(row["data"]) for row in rejects)


def test_a_batch_of_requests_is_answered_line_by_line(shop: Shop, tmp_path: Path, run: Run) -> None:
    home, _, _ = shop
    spaghetti = product_code(0, 0)
    lines = [
        json.dumps({"route": "bundles/generate", "anchors": [spaghetti], "size": 3, "n": 1}),
        json.dumps({"route": "items/recommend", "cart": [spaghetti], "user_id": "C0000", "n": 3}),
        json.dumps({"route": "bundles/generate", "anchors": ["no such item"]}),
        "not JSON",
        json.dumps({"route": "no/such/route"}),
        json.dumps({"route": "items/recommend", "n": 1, "colour": "red"}),
    ]
    (tmp_path / "queries.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    must(
        run(
            *("recommend", "--batch", str(tmp_path / "queries.jsonl"), "-o", str(tmp_path / "answers.jsonl")),
            home=home,
        )
    )

    answers = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text("utf-8").splitlines()]
    assert [answer.get("status") for answer in answers] == [None, None, 422, 400, 404, 422]
    (bundle,) = answers[0]["bundles"]
    same_meal = {product_code(0, part) for part in range(4)}
    assert {item["item_id"] for item in bundle["items"]} <= same_meal
    assert bundle["price"]["list"] == pytest.approx(sum(item["price"] for item in bundle["items"]))
    assert bundle["reasons"]
    assert {item["item_id"] for item in answers[1]["items"]} <= same_meal - {spaghetti}


#: Where the graph has the numbers of each kind of reason.
EVIDENCE_IN_GRAPH = {
    "co_purchase": "MATCH (a:Item {{item_id: '{low}'}})-[c:CO_PURCHASED]->(b:Item {{item_id: '{high}'}}) "
    "RETURN c.baskets AS baskets, c.lift AS lift",
    "category_pair": "MATCH (a:Category {{category_id: '{from_category}'}})-[c:BOUGHT_WITH]-"
    "(b:Category {{category_id: '{to_category}'}}) RETURN c.baskets AS baskets, c.lift AS lift",
    "user_history": "MATCH (u:User {{user_id: '{user}'}})-[p:PURCHASED]->(i:Item {{item_id: '{low}'}}) "
    "RETURN p.count AS count",
    "promotion": "MATCH (p:Promotion {{promotion_id: '{promotion_id}'}})-[o:OFFERS]->"
    "(i:Item {{item_id: '{low}'}}) RETURN o.discount AS discount",
    "popularity": "MATCH (i:Item {{item_id: '{low}'}}) RETURN i.baskets AS baskets",
}


def test_the_numbers_of_every_kind_of_reason_are_in_the_graph(shop: Shop, run: Run) -> None:
    home, _, _ = shop
    bodies: list[dict[str, object]] = [
        {"anchors": [product_code(1, 0)], "user_id": "C0001", "n": 20},
        {"anchors": [product_code(1, 0)], "constraints": {"promotion_id": "spring"}, "n": 20},
        {"anchors": [product_code(0, 0)], "constraints": {"items_require": [product_code(3, 3)]}, "n": 20},
    ]
    with open_recommender(home) as recommender:
        reasons = [
            reason
            for body in bodies
            for bundle in recommender.generate(GenerateRequest.model_validate(body)).bundles
            for reason in bundle.reasons
        ]
    user = load_key(home).pseudonym("C0001")

    assert {reason.kind for reason in reasons} >= {"co_purchase", "user_history", "promotion"}
    for reason in {(reason.kind, *reason.items): reason for reason in reasons}.values():
        low, high = min(reason.items), max(reason.items)
        statement = EVIDENCE_IN_GRAPH[reason.kind].format(low=low, high=high, user=user, **reason.evidence)
        (row,) = json.loads(must(run("cypher", statement, "--json", home=home)))
        for name, value in row.items():
            assert reason.evidence[name] == pytest.approx(value, abs=0.0006), (reason, row)


def test_the_terminal_takes_promotions_dates_links_and_discounts(shop: Shop, run: Run) -> None:
    home, _, _ = shop
    command = ("recommend", "--anchor", product_code(1, 0), "--size", "2", "-n", "1", "--json")

    offered = json.loads(must(run(*command, "--promotion", "spring", "--discount", "0.1", home=home)))
    floored = json.loads(must(run(*command, "--margin-floor", "0.3", "--min-link", "0.5", home=home)))
    out_of_season = run(*command, "--event-date", "2026-12-24", home=home)
    wrong = run(*command, "--event-date", "Christmas", home=home)

    (bundle,) = offered["bundles"]
    added = next(item for item in bundle["items"] if item["role"] == "added")
    assert added["item_id"][-1] == "1"
    # 20 % off the added item, then 10 % off the sum
    assert bundle["price"]["offer"] == pytest.approx(0.9 * (1.5 + 0.8 * added["price"]), abs=0.011)
    assert floored["bundles"][0]["objectives"]["margin"] >= 0.3
    assert floored["bundles"][0]["weakest_link"] >= 0.5
    assert (out_of_season.returncode, wrong.returncode) == (1, 2)
    assert "event_date" in out_of_season.stderr and "event_date" in wrong.stderr


def test_the_counts_behind_a_season_are_in_the_graph(shop: Shop, run: Run) -> None:
    home, _, _ = shop
    artifact, item_id, week = load_promoted(home / "models"), product_code(1, 0), 9
    item = artifact.catalogue.item_ids.find(item_id)
    assert item is not None

    found = SeasonLift(artifact.seasons, num_items=len(artifact.catalogue.item_ids)).evidence(item, week)
    (row,) = json.loads(must(run("query", "item_seasons", f"item_id={item_id}", "--json", home=home)))

    assert found is not None
    assert found.baskets == sum(row["baskets_by_week"][week - 2 : week + 1])
    assert found.of_baskets == sum(row["baskets_by_week"])


def test_the_explanation_of_the_gnn_adds_up_in_the_terminal_and_as_json(shop: Shop, run: Run) -> None:
    home, _, _ = shop
    anchor = product_code(1, 0)
    command = ("recommend", "--anchor", anchor, "-n", "1", "--explain")

    answer = json.loads(must(run(*command, "--json", home=home)))
    printed = must(run(*command, home=home))

    added = {item["item_id"] for item in answer["bundles"][0]["items"] if item["role"] == "added"}
    assert {explanation["item_id"] for explanation in answer["explanations"]} == added
    for explanation in answer["explanations"]:
        assert sum(explanation["relations"].values()) == pytest.approx(explanation["gnn_score"], abs=1e-3)
        (term,) = explanation["by_query"]
        assert (term["by"], term["name"]) == ("cart", "Corn Tortillas")
        assert term["value"] == pytest.approx(explanation["gnn_score"], abs=1e-3)
        assert f"{explanation['item_id']}: GNN score" in printed


def test_the_model_that_answers_is_the_one_that_is_explained(
    shop: Shop, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _, _ = shop
    loaded: list[str] = []

    def load_and_record(folder: Path) -> ModelArtifact:
        loaded.append(folder.name)
        return load_artifact(folder)

    monkeypatch.setattr("gnn.registry.load_artifact", load_and_record)
    command = ("recommend", "--anchor", product_code(1, 0), "-n", "1", "--explain", "--json")

    answer = json.loads(must(run(*command, home=home)))

    # Loaded twice, another could have been promoted between.
    assert loaded == [answer["model_version"]]
    assert answer["explanations"]


def test_a_named_query_takes_the_shops_own_user_id(shop: Shop, run: Run) -> None:
    home, export, _ = shop
    with (export / "orders.csv").open(encoding="utf-8", newline="") as file:
        orders = list(csv.DictReader(file, delimiter=";"))
    bought = {line["StockCode"] for line in orders if line["CustomerID"] == "C0003"}

    rows = json.loads(must(run("query", "user_history", "user_id=C0003", "--json", home=home)))

    assert rows
    assert {row["item_id"] for row in rows} <= bought


def test_status_shows_that_tables_graph_and_model_match(shop: Shop, run: Run) -> None:
    home, _, _ = shop

    status = json.loads(must(run("status", "--json", home=home)))

    assert status["match"] is True
    assert (
        status["model"]["version"]
        == json.loads(must(run("models", "list", "--json", home=home)))[0]["model_version"]
    )


def test_doing_it_twice_changes_nothing(shop: Shop, run: Run) -> None:
    home, export, _ = shop

    ingested = json.loads(must(run("ingest", str(export), "--json", home=home)))
    loaded = json.loads(must(run("load", "--json", home=home)))

    assert ingested["changed"] is False
    assert loaded["nodes_written"] == loaded["relationships_written"] == 0


def test_the_metrics_come_with_the_baselines(shop: Shop, run: Run, tmp_path: Path) -> None:
    home, _, _ = shop

    printed = must(run("evaluate", "--output", str(tmp_path / "report.html"), "--json", home=home))

    assert {"popularity", "co_purchase", "ease", "ease_user_frequency", "gnn", "served"} <= json.loads(
        printed
    )["test"].keys()
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "<svg" in page
    assert not re.search(r'(src|href)\s*=\s*"(?!#)', page), "the report loads something"


def test_users_are_stored_as_pseudonyms_alone(shop: Shop) -> None:
    home, _, _ = shop
    customer = b"C0007"

    for file in home.rglob("*"):
        if file.is_file() and file.name != "rejects.csv":
            assert customer not in file.read_bytes(), file.name


def test_retrain_adds_new_orders_and_prints_the_verdict_of_the_gate(
    shop: Shop, tmp_path: Path, run: Run
) -> None:
    home, export, _ = shop
    shutil.copytree(home, tmp_path / "home")
    more = export.parent / "export"
    shutil.copytree(more, tmp_path / "kept")
    with (export / "orders.csv").open("a", encoding="utf-8") as file:
        for order in range(40):
            for part in range(3):
                time = f"2026-06-20 1{order % 10}:00:00"
                file.write(f"N{order};C{order:04};{product_code(2, part)};{time};order;1;2.0\n")
    try:
        completed = run("retrain", "--config", "demo", "--json", home=tmp_path / "home")
    finally:
        shutil.copy(tmp_path / "kept" / "orders.csv", export / "orders.csv")

    verdict = json.loads(completed.stdout)
    assert completed.returncode == (0 if verdict["passes"] else 1)
    assert verdict["passes"] == (verdict["candidate_ndcg"] >= verdict["in_service_ndcg"])
    listed = json.loads(must(run("models", "list", "--json", home=tmp_path / "home")))
    assert len(listed) == 2
    assert [model["promoted"] for model in listed] == [not verdict["passes"], verdict["passes"]]


def test_a_model_is_promoted_and_rolled_back(shop: Shop, tmp_path: Path, run: Run) -> None:
    home = tmp_path / "home"
    shutil.copytree(shop[0], home)
    must(run("train", "--config", "demo", home=home))
    first, second = [
        model["model_version"] for model in json.loads(must(run("models", "list", "--json", home=home)))
    ]

    def in_service() -> str:
        return next(
            str(model["model_version"])
            for model in json.loads(must(run("models", "list", "--json", home=home)))
            if model["promoted"]
        )

    assert in_service() == first
    must(run("models", "promote", second, home=home))
    assert in_service() == second
    must(run("models", "rollback", home=home))
    assert in_service() == first


@pytest.mark.parametrize("route", [[], {}, 7, None])
def test_a_route_that_is_no_name_is_a_problem_of_its_line(route: object, shop: Shop) -> None:
    line = json.dumps({"route": route, "n": 1})

    with open_recommender(shop[0]) as recommender:
        answer = answer_line(recommender, line)

    assert answer.model_dump()["status"] == 404
