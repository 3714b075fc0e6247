"""`recommend`: bundles in the terminal, or a file of requests answered line by line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bundles.present.wording import Language
from cli import options
from cli.explaining import Account, GnnAccounts, print_account
from cli.output import err, out, print_json, print_line, print_warnings

if TYPE_CHECKING:
    from bundles.present.answers import GenerateAnswer, GeneratedBundle
    from bundles.recommender import Recommender


def recommend(
    anchor: Annotated[
        list[str] | None, typer.Option(help="An item that every bundle holds; may be given again.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="The shop's own id of the visitor.")] = None,
    cart: Annotated[list[str] | None, typer.Option(help="An item in the cart; may be given again.")] = None,
    size: Annotated[int, typer.Option(help="Items a bundle, anchors included.")] = 3,
    n: Annotated[int, typer.Option("-n", help="How many bundles.")] = 5,
    price_max: Annotated[float | None, typer.Option(help="Greatest offer price of a bundle.")] = None,
    min_categories: Annotated[int, typer.Option(help="Least number of level-0 categories in a bundle.")] = 1,
    min_link: Annotated[
        float | None, typer.Option(help="Least calibrated link of any two items; .5 is chance.")
    ] = None,
    promotion: Annotated[str | None, typer.Option(help="What is added is of this promotion.")] = None,
    event_date: Annotated[
        str | None, typer.Option(help="What is added is bought more around this day, as 2026-12-24.")
    ] = None,
    discount: Annotated[float | None, typer.Option(help="Share off the sum of the items, as 0.1.")] = None,
    margin_floor: Annotated[
        float | None, typer.Option(help="Least margin that a discount leaves; alone: discount down to it.")
    ] = None,
    language: Annotated[Language, typer.Option(help="Of the reasons.")] = "en",
    *,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell what carried the GNN's score of each added item.")
    ] = False,
    batch: Annotated[
        Path | None, typer.Option(help="A request body a line, with its route: items/recommend, ….")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", help="Where the answers of --batch go.")] = None,
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Compose bundles: for an item, for a user, or the best of the catalogue."""
    if (batch is None) != (output is None):
        raise typer.BadParameter("--batch and -o go together")
    recommender = open_recommender(home)
    if batch is not None and output is not None:
        from cli.batch import answer_lines

        print_line(f"{answer_lines(recommender, batch, output):,} lines answered in {output}")
        return

    answer = generate(
        recommender,
        {
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
        },
        language=language,
    )
    print_warnings(answer.warnings)
    body = answer.model_dump(mode="json")
    accounts = []
    if explain:
        accounts = _accounts(
            answer, recommender, home=home, items=[*(anchor or []), *(cart or [])], user=user
        )
    if as_json:
        print_json(body | {"explanations": accounts} if explain else body)
    else:
        print_bundles(answer, recommender.info.currency)
        for account in accounts:
            print_account(account)
    if not answer.bundles:
        raise typer.Exit(1)


def _accounts(
    answer: GenerateAnswer, recommender: Recommender, *, home: Path, items: list[str], user: str | None
) -> list[Account]:
    """What carried the GNN's score of each item that a bundle adds, in the order of the answer."""
    from etl.pseudonyms import load_key

    added = [item.item_id for bundle in answer.bundles for item in bundle.items if item.role == "added"]
    accounts = GnnAccounts(recommender.artifact, load_key(home), items=items, user=user)
    return accounts.of(dict.fromkeys(added))


def open_recommender(home: Path) -> Recommender:
    """What answers, on the model in service in `home`, as the merchandiser decided there.

    Raises:
        ArtifactError: If no model is in service, or its pseudonym key is another.
    """
    from bundles.recommender import Recommender
    from bundles.rules.log import DecisionLog
    from etl.pseudonyms import load_key
    from gnn.registry import load_promoted

    return Recommender(load_promoted(home / "models"), load_key(home), rules=DecisionLog(home).rules)


def generate(
    recommender: Recommender, body: dict[str, object], *, language: Language = "en"
) -> GenerateAnswer:
    """The answer to a body of `bundles/generate`.

    Raises:
        RequestError: If the request is wrong; the first mistake is named.
    """
    from pydantic import ValidationError

    from bundles.request.schemas import GenerateRequest, RequestError

    try:
        request = GenerateRequest.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise RequestError(field, first["msg"]) from error
    return recommender.generate(request, language=language)


def print_bundles(answer: GenerateAnswer, currency: str | None) -> None:
    """The bundles of `answer` as a person reads them: items, price, reasons."""
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
