"""`decide`: the merchandiser's word from the terminal. A running server honours it at its next answer."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import options
from cli.decisions import record, take_back

decide_app = typer.Typer(
    help="Decide about items and bundles; every answer and export honours it at once.", no_args_is_help=True
)

Items = Annotated[
    list[str] | None, typer.Argument(metavar="ITEM…", help="The items of a composed bundle, in any order.")
]
Bundle = Annotated[str | None, typer.Option("--bundle", help="One of the shop's own bundles instead.")]
By = Annotated[str, typer.Option("--by", help="Who decides.")]
Note = Annotated[str, typer.Option("--note", help="Why, for those who read it later.")]


@decide_app.command()
def approve(
    items: Items = None,
    bundle: Bundle = None,
    *,
    by: By,
    note: Note = "",
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Mark a bundle as approved, and consider it wherever it satisfies a request.

    Example: bundlegraph decide approve 1082185 995242 --by Ann
    """
    record(home, as_json=as_json, kind="approve", items=items, bundle_id=bundle, made_by=by, note=note)


@decide_app.command()
def reject(
    items: Items = None,
    bundle: Bundle = None,
    *,
    by: By,
    note: Note = "",
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Never show a bundle of exactly these items.

    Example: bundlegraph decide reject 1082185 995242 --by Ann --note "sold out in May"
    """
    record(home, as_json=as_json, kind="reject", items=items, bundle_id=bundle, made_by=by, note=note)


@decide_app.command()
def pin(
    items: Items = None,
    bundle: Bundle = None,
    *,
    by: By,
    note: Note = "",
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Show a bundle first wherever it satisfies a request.

    Example: bundlegraph decide pin --bundle breakfast --by Ann
    """
    record(home, as_json=as_json, kind="pin", items=items, bundle_id=bundle, made_by=by, note=note)


@decide_app.command()
def ban(
    items: Annotated[
        list[str], typer.Argument(metavar="ITEM [ITEM]", help="An item, or two that must not meet.")
    ],
    *,
    by: By,
    note: Note = "",
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Recommend an item nowhere; of two items, not the one beside the other.

    Example: bundlegraph decide ban 1082185 --by Ann
    """
    record(home, as_json=as_json, kind="ban", items=items, made_by=by, note=note)


@decide_app.command()
def rename(
    items: Items = None,
    bundle: Bundle = None,
    *,
    title: Annotated[str, typer.Option(help="What the bundle is called.")],
    by: By,
    note: Note = "",
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Give a bundle a title.

    Example: bundlegraph decide rename 1082185 995242 --title "Breakfast for two" --by Ann
    """
    record(
        home,
        as_json=as_json,
        kind="rename",
        items=items,
        bundle_id=bundle,
        title=title,
        made_by=by,
        note=note,
    )


@decide_app.command()
def price(
    items: Items = None,
    bundle: Bundle = None,
    *,
    price: Annotated[float, typer.Option(help="In the shop's currency, at most the list price.")],
    by: By,
    note: Note = "",
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Fix what the customer pays for a bundle, whatever the discounts.

    Example: bundlegraph decide price 1082185 995242 --price 2.99 --by Ann
    """
    record(
        home,
        as_json=as_json,
        kind="price",
        items=items,
        bundle_id=bundle,
        price=price,
        made_by=by,
        note=note,
    )


@decide_app.command()
def discount(
    share: Annotated[
        float | None, typer.Option(help="Of the sum of the item offers; none: what the floor leaves.")
    ] = None,
    margin_floor: Annotated[
        float | None, typer.Option(help="Least (offer - cost) / offer of every bundle.")
    ] = None,
    *,
    by: By,
    note: Note = "",
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Set the shop's discount policy, for requests that give none.

    Example: bundlegraph decide discount --share 0.1 --margin-floor 0.2 --by Ann
    """
    record(
        home, as_json=as_json, kind="discount", share=share, margin_floor=margin_floor, made_by=by, note=note
    )


@decide_app.command()
def revoke(
    decision_id: Annotated[int, typer.Argument(metavar="ID", help="As `bundlegraph decisions` prints it.")],
    *,
    by: By,
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Take a decision back: what it had replaced stands again.

    Example: bundlegraph decide revoke 7 --by Ann
    """
    take_back(home, decision_id, revoked_by=by, as_json=as_json)
