"""`recommend`: print bundles, or answer a file of requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bundles.present.wording import Language
from cli import options
from cli.explaining import GnnExplainer, GnnExplanation, print_explanation
from cli.output import err, out, print_json, print_line, print_warnings
from cli.requests import read_request

if TYPE_CHECKING:
    from bundles.present.answers import GenerateAnswer, GeneratedBundle
    from bundles.recommender import Recommender


def recommend(
    anchor: options.Anchors = None,
    user: options.User = None,
    cart: options.Cart = None,
    size: Annotated[int, typer.Option(help="Set the number of items of a bundle, anchors included.")] = 3,
    n: Annotated[int, typer.Option("-n", help="Set the number of bundles.")] = 5,
    price_max: options.PriceMax = None,
    min_categories: options.MinCategories = 1,
    min_link: Annotated[
        float | None, typer.Option(help="Set the minimum link of any two items (probability; .5 is chance).")
    ] = None,
    promotion: Annotated[str | None, typer.Option(help="Only add items of this promotion.")] = None,
    event_date: Annotated[
        str | None,
        typer.Option(help="Only add items that are bought more than usual around this day, e.g. 2026-12-24."),
    ] = None,
    discount: Annotated[
        float | None, typer.Option(help="Take this share off the sum of the items, e.g. 0.1.")
    ] = None,
    margin_floor: Annotated[
        float | None, typer.Option(help="Keep at least this margin; without --discount, discount down to it.")
    ] = None,
    language: options.ReasonLanguage = "en",
    *,
    explain: Annotated[
        bool, typer.Option("--explain", help="Explain the GNN's score of each added item.")
    ] = False,
    batch: Annotated[
        Path | None, typer.Option(help="Answer a file of requests, one JSON body with its route a line.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", help="Write the answers of --batch to this file.")
    ] = None,
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Compose bundles for an item, for a user, or the best ones of the catalogue."""
    if (batch is None) != (output is None):
        raise typer.BadParameter("give both --batch and -o, or none of them")
    body: dict[str, object] = {
        "anchors": anchor or [],
        "user_id": user,
        "cart": cart or [],
        "size": size,
        "n": n,
        "constraints": {
            "price_max": price_max,
            "min_categories": min_categories,
            "min_link": min_link,
            "promotion_id": promotion,
            "event_date": event_date,
        },
        "discount": None
        if discount is None and margin_floor is None
        else {"share": discount, "margin_floor": margin_floor},
    }
    with open_recommender(home) as recommender:
        if batch is not None and output is not None:
            from cli.batch import answer_lines

            print_line(f"{answer_lines(recommender, batch, output):,} lines answered in {output}")
            return
        answer = generate(recommender, body, language=language)
        explanations = []
        if explain:
            items = [*(anchor or []), *(cart or [])]
            explanations = _explanations(answer, recommender, home=home, items=items, user=user)
    print_warnings(answer.warnings)
    if as_json:
        found = answer.model_dump(mode="json")
        print_json(found | {"explanations": explanations} if explain else found)
    else:
        print_bundles(answer, recommender.info.currency)
        for explanation in explanations:
            print_explanation(explanation)
    if not answer.bundles:
        raise typer.Exit(1)


def _explanations(
    answer: GenerateAnswer, recommender: Recommender, *, home: Path, items: list[str], user: str | None
) -> list[GnnExplanation]:
    """Explanations of the GNN's score of each added item, in the order of the answer."""
    from etl.pseudonyms import load_key

    added = [item.item_id for bundle in answer.bundles for item in bundle.items if item.role == "added"]
    explainer = GnnExplainer(recommender.artifact, load_key(home), items=items, user=user)
    return explainer.explain(dict.fromkeys(added))


@contextmanager
def open_recommender(home: Path) -> Iterator[Recommender]:
    """The model in service in `home`, under its merchandising rules; closes the journal at the end.

    Raises:
        ArtifactError: If no model is in service, or it was trained under another pseudonym key.
    """
    from bundles.recommender import Recommender
    from bundles.rules.log import DecisionLog
    from etl.pseudonyms import load_key
    from gnn.registry import load_promoted

    with DecisionLog(home) as log:
        yield Recommender(load_promoted(home / "models"), load_key(home), rules=log.rules)


def generate(
    recommender: Recommender, body: dict[str, object], *, language: Language = "en"
) -> GenerateAnswer:
    """The answer to a body of `bundles/generate`.

    Raises:
        RequestError: If the request is wrong; it names the first error.
    """
    from bundles.request.schemas import GenerateRequest

    return recommender.generate(read_request(GenerateRequest, body), language=language)


def print_bundles(answer: GenerateAnswer, currency: str | None) -> None:
    """Print the bundles of `answer` with items, prices and reasons."""
    for bundle in answer.bundles:
        _print_bundle(bundle, currency)
    err.print(
        f"[dim]{len(answer.bundles)} bundles, source {answer.source}, model {answer.model_version}[/]",
        highlight=False,
    )


def _print_bundle(bundle: GeneratedBundle, currency: str | None) -> None:
    price = bundle.price
    amount = "no price" if price.offer is None else f"{price.offer:.2f} {currency or ''}".rstrip()
    if price.discount:
        amount += f" instead of {price.list:.2f} (-{price.discount:.0%})"
    title = f"{escape(bundle.title)}: " if bundle.title else ""
    decision = "" if bundle.decision is None else f", {bundle.decision}"
    out.print(
        f"[bold]{bundle.rank}. {title}{amount}[/]  [dim]score {bundle.score:.2f}{decision}[/]",
        highlight=False,
    )
    for item in bundle.items:
        mark = "•" if item.role == "anchor" else "+"
        cost = "" if item.price is None else f"{item.price:.2f}"
        where = " > ".join(item.category)
        out.print(
            f"   {mark} {escape(item.title or item.item_id)}  {cost}  [dim]{escape(where)}[/]",
            highlight=False,
        )
    titles = {item.item_id: item.title or item.item_id for item in bundle.items}
    for reason in bundle.reasons:
        about = " + ".join(titles.get(item_id, item_id) for item_id in reason.items)
        out.print(f"     [green]{escape(about)}: {escape(reason.text)}[/]", highlight=False)
    out.print()
