"""`pareto`: the Pareto front of bundles over several objectives, as a table and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli import options
from cli.answers import open_recommender
from cli.front_scatter import scatter_lines
from cli.output import err, print_json, print_line, print_table, print_warnings
from cli.requests import read_request

if TYPE_CHECKING:
    from bundles.compose.pareto.schemas import ParetoAnswer

_PICTURES = (".png", ".html")


def pareto(
    anchor: options.Anchors = None,
    user: options.User = None,
    cart: options.Cart = None,
    objectives: Annotated[
        str | None,
        typer.Option(
            help="Compare bundles on two to five of: coherence, user_fit, breadth, margin, discount.",
            show_default="coherence,user_fit, and margin where costs are known, else breadth",
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="Set the number of items of a bundle, anchors included.", show_default="2 to 4"),
    ] = None,
    n: Annotated[int, typer.Option("-n", help="Set the number of bundles, spread over the front.")] = 20,
    price_max: options.PriceMax = None,
    min_categories: options.MinCategories = 1,
    language: options.ReasonLanguage = "en",
    *,
    plot: Annotated[
        Path | None, typer.Option(help="Plot the front to this file, .png or .html.", dir_okay=False)
    ] = None,
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Find the Pareto front: bundles that are not dominated on the objectives."""
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
    with open_recommender(home) as recommender:
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
        err.print(f"[dim]plotted in {escape(str(plot))}[/]", highlight=False)


def _print_front(answer: ParetoAnswer, currency: str | None) -> None:
    """Print a table of the bundles, and a scatter plot over the first two objectives."""
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
