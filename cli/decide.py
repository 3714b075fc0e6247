"""`decide`: record merchandising decisions. A running server applies them from its next answer on."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import options
from cli.decisions import record, record_revocation

decide_app = typer.Typer(
    help="Set merchandising rules; every answer and export applies them at once.", no_args_is_help=True
)

Items = Annotated[
    list[str] | None,
    typer.Argument(metavar="ITEM…", help="Decide about the bundle of these items, in any order."),
]
Bundle = Annotated[str | None, typer.Option("--bundle", help="Decide about this bundle of the shop instead.")]
By = Annotated[str, typer.Option("--by", help="Record this name as the author.")]
Note = Annotated[str, typer.Option("--note", help="Record this reason.")]


def _add_verdict(kind: str, text: str, example: str) -> None:
    """Add the command of one verdict on a bundle; these take the same options."""

    def verdict(
        items: Items = None,
        bundle: Bundle = None,
        *,
        by: By,
        note: Note = "",
        home: options.Home = options.DEFAULT_HOME,
        as_json: options.Json = False,
    ) -> None:
        record(home, as_json=as_json, kind=kind, items=items, bundle_id=bundle, made_by=by, note=note)

    decide_app.command(kind, help=f"{text}\n\nExample: bundlegraph decide {kind} {example}")(verdict)


_add_verdict(
    "approve",
    "Approve a bundle, and consider it in every request that it satisfies.",
    "1082185 995242 --by Ann",
)
_add_verdict(
    "reject",
    "Never show the bundle of exactly these items.",
    '1082185 995242 --by Ann --note "sold out in May"',
)
_add_verdict("pin", "Rank a bundle first in every request that it satisfies.", "--bundle breakfast --by Ann")


@decide_app.command()
def ban(
    items: Annotated[
        list[str], typer.Argument(metavar="ITEM [ITEM]", help="Ban this item, or these two from one bundle.")
    ],
    *,
    by: By,
    note: Note = "",
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Never show an item; of two items, never show them together.

    Example: bundlegraph decide ban 1082185 --by Ann
    """
    record(home, as_json=as_json, kind="ban", items=items, made_by=by, note=note)


@decide_app.command()
def rename(
    items: Items = None,
    bundle: Bundle = None,
    *,
    title: Annotated[str, typer.Option(help="Use this title.")],
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
    price: Annotated[float, typer.Option(help="Offer the bundle at this price, at most its list price.")],
    by: By,
    note: Note = "",
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Fix the offer price of a bundle, independent of discounts.

    Example: bundlegraph decide price 1082185 995242 --price 2.99 --by Ann
    """
    record(
        home, as_json=as_json, kind="price", items=items, bundle_id=bundle, price=price, made_by=by, note=note
    )


@decide_app.command()
def discount(
    share: Annotated[
        float | None, typer.Option(help="Take this share off; without it, discount down to the margin floor.")
    ] = None,
    margin_floor: Annotated[
        float | None, typer.Option(help="Keep at least this margin, (offer - cost) / offer.")
    ] = None,
    *,
    by: By,
    note: Note = "",
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Set the default discount policy, for requests without one.

    Example: bundlegraph decide discount --share 0.1 --margin-floor 0.2 --by Ann
    """
    record(
        home, as_json=as_json, kind="discount", share=share, margin_floor=margin_floor, made_by=by, note=note
    )


@decide_app.command()
def revoke(
    decision_id: Annotated[
        int,
        typer.Argument(metavar="ID", help="Revoke the decision with this id (see bundlegraph decisions)."),
    ],
    *,
    by: By,
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Revoke a decision; the one that it replaced is active again.

    Example: bundlegraph decide revoke 7 --by Ann
    """
    record_revocation(home, decision_id, revoked_by=by, as_json=as_json)
