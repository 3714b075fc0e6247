"""`pareto`: the bundles to choose from when several objectives count, as a table and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bundles.present.wording import Language
from cli import options
from cli.answers import open_recommender
from cli.front_scatter import scatter_lines
from cli.output import err, print_json, print_line, print_table, print_warnings
from cli.requests import read_request

if TYPE_CHECKING:
    from bundles.compose.pareto.schemas import ParetoAnswer

_PICTURES = (".png", ".html")


def pareto(
    anchor: Annotated[
        list[str] | None, typer.Option(help="An item that every bundle holds; may be given again.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="The shop's own id of the visitor.")] = None,
    cart: Annotated[list[str] | None, typer.Option(help="An item in the cart; may be given again.")] = None,
    objectives: Annotated[
        str | None,
        typer.Option(
            help="Two to five of coherence, user_fit, breadth, margin, discount; the first orders.",
            show_default="coherence,user_fit, and margin where costs are known, else breadth",
        ),
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Items a bundle, anchors included.", show_default="2 to 4")
    ] = None,
    n: Annotated[int, typer.Option("-n", help="How many bundles, spread over the front.")] = 20,
    price_max: Annotated[float | None, typer.Option(help="Greatest offer price of a bundle.")] = None,
    min_categories: Annotated[int, typer.Option(help="Least number of level-0 categories in a bundle.")] = 1,
    language: Annotated[Language, typer.Option(help="Of the reasons.")] = "en",
    *,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the front into this file, .png or .html.", dir_okay=False)
    ] = None,
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Find the bundles of which none is better than another on all objectives."""
    if plot is not None and plot.suffix not in _PICTURES:
        raise typer.BadParameter(
            f"expected a name that ends in {' or '.join(_PICTURES)}", param_hint="--plot"
        )
    from bundles.compose.pareto.schemas import ParetoRequest

    body: dict[str, object] = {
        "anchors": anchor or [],
        "user_id": user,
        "cart": cart or [],
        "objectives": objectives and [name.strip() for name in objectives.split(",")],
        "n": n,
        "constraints": {"price_max": price_max, "min_categories": min_categories},
        # The table has no room for reasons.
        "explain": as_json,
    }
    request = read_request(ParetoRequest, body if size is None else body | {"size": size})
    recommender = open_recommender(home)
    answer = recommender.pareto(request, language=language)
    print_warnings(answer.warnings)
    if as_json:
        print_json(answer.model_dump(mode="json"))
    if not answer.bundles:
        raise typer.Exit(1)
    if not as_json:
        _print_front(answer, recommender.info.currency)
    if plot is not None:
        from cli.front_pictures import write_picture

        write_picture(answer, plot, currency=recommender.info.currency)
        err.print(f"[dim]drawn in {escape(str(plot))}[/]", highlight=False)


def _print_front(answer: ParetoAnswer, currency: str | None) -> None:
    """A row a bundle, and where each stands on the first two objectives."""
    first, second, *_ = answer.objectives
    rows, points = [], []
    for bundle in answer.bundles:
        values = bundle.objectives.model_dump()
        titles = " + ".join(item.title or item.item_id for item in bundle.items)
        offer = "" if bundle.price.offer is None else f"{bundle.price.offer:9.2f}"
        rows.append([bundle.rank, *(values[name] for name in answer.objectives), offer, titles])
        points.append((values[first] or 0.0, values[second] or 0.0))
    print_table(None, ["rank", *answer.objectives, f"offer {currency or ''}".strip(), "items"], rows)
    for line in scatter_lines(points, across=first, up=second):
        print_line(line)
    err.print(
        f"[dim]{len(answer.bundles)} of {answer.num_points} bundles of the front, hypervolume "
        f"{answer.hypervolume:.4f} by {answer.num_evaluations:,} sets, model {answer.model_version}[/]",
        highlight=False,
    )
