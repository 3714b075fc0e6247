"""`export bundles`: write the best bundles of the whole catalogue to a file."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import cache, partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options
from cli.answers import open_recommender
from cli.output import err, print_json, print_line
from etl.errors import StageError

if TYPE_CHECKING:
    from bundles.present.answers import GeneratedBundle
    from bundles.recommender import Recommender

export_app = typer.Typer(help="Write bundles of the model in service to a file.", no_args_is_help=True)

FORMATS = (".csv", ".jsonl", ".parquet")
#: Anchors of one task of a process, of one wave of tasks, and the least number that is worth processes.
_BATCH, _WAVE, _WORTH_PROCESSES = 50, 400, 400
_WORKER = ExitStack()
_COLUMNS = (
    *("rank", "bundle_id", "title", "decision", "score"),
    *("coherence", "user_fit", "breadth", "margin", "discount", "weakest_link"),
    *("list_price", "offer_price", "item_ids", "item_titles", "reasons"),
)


Compose = Callable[["Recommender", Sequence[str]], list["GeneratedBundle"]]
Spread = Callable[[Compose, Sequence[str]], Iterable["GeneratedBundle"]]


class ExportError(StageError):
    """The file cannot be written, or there is nothing to write."""


@export_app.command()
def bundles(
    output: Annotated[Path, typer.Option("-o", help="Write to FILE.csv, FILE.jsonl or FILE.parquet.")],
    n: Annotated[int, typer.Option("-n", min=1, help="Set the maximum number of bundles.")] = 1_000,
    *,
    size_min: Annotated[int, typer.Option(min=2, max=12, help="Set the minimum size of a bundle.")] = 2,
    size_max: Annotated[int, typer.Option(min=2, max=12, help="Set the maximum size of a bundle.")] = 4,
    max_exposure: Annotated[
        int | None,
        typer.Option(
            min=1, help="Put an item into at most this many bundles (default: 1 % of -n, at least 5)."
        ),
    ] = None,
    min_categories: Annotated[
        int, typer.Option(min=1, help="Set the minimum number of level-0 categories in a bundle.")
    ] = 1,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Use this many processes (default: one a core).")
    ] = None,
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """Write the best bundles of the whole catalogue, with limited exposure of each item."""
    from bundles.catalogue_bundles import (
        PER_ANCHOR,
        bundles_around,
        choose_bundles,
        default_exposure,
        exhausted_items,
    )
    from bundles.request.schemas import Constraints, SizeRange
    from cli.export_figures import figures_of

    if output.suffix not in FORMATS:
        raise typer.BadParameter(f"expected a name that ends in {', '.join(FORMATS)}", param_hint="-o")
    if size_max < size_min:
        raise typer.BadParameter(
            f"expected at least --size-min, which is {size_min}", param_hint="--size-max"
        )
    with open_recommender(home) as recommender:
        item_ids = recommender.sellable_items()
        if not item_ids:
            raise ExportError("no item can be sold: none is in stock and priced, or all are banned")
        limit = max_exposure or default_exposure(n)
        found: list[GeneratedBundle] = []
        chosen: list[GeneratedBundle] = []
        anchors = list(dict.fromkeys([*recommender.curated_anchors(), *item_ids]))
        if min(n, len(anchors)) < _WORTH_PROCESSES:
            jobs = 1
        with _processes(recommender, home, jobs=jobs or os.cpu_count() or 1) as spread:
            # Items that reached their limit in one wave are excluded from the next.
            for start in range(0, len(anchors), _WAVE):
                exhausted = exhausted_items(chosen, max_exposure=limit)
                compose = partial(
                    bundles_around,
                    per_anchor=PER_ANCHOR,
                    size=SizeRange(min=size_min, max=size_max),
                    constraints=Constraints(min_categories=min_categories, items_exclude=tuple(exhausted)),
                )
                found += spread(
                    compose, [each for each in anchors[start : start + _WAVE] if each not in exhausted]
                )
                chosen = choose_bundles(found, count=n, max_exposure=limit)
                if len(chosen) == n:
                    break
    if not chosen:
        err.print("[yellow]nothing found:[/] no bundle satisfies the constraints")
        raise typer.Exit(1)
    _write(output, chosen)
    figures = figures_of(chosen, item_ids)
    if as_json:
        print_json(asdict(figures))
    else:
        print_line(
            f"{figures.num_bundles:,} bundles in {output}: {figures.coverage:.1%} of {figures.num_items:,} "
            f"items are in one, the most shown in {figures.max_exposure:,}, Gini {figures.gini:.2f}"
        )


@contextmanager
def _processes(recommender: Recommender, home: Path, *, jobs: int) -> Iterator[Spread]:
    """Compose around many anchors in `jobs` processes; the order of the results does not depend on `jobs`."""
    if jobs == 1:
        yield lambda compose, anchors: _compose(recommender, compose, anchors)
        return
    # A forked child would inherit the locks of this process's threads.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield lambda compose, anchors: chain.from_iterable(
            pool.map(
                partial(_compose_in_worker, home, compose),
                [anchors[start : start + _BATCH] for start in range(0, len(anchors), _BATCH)],
            )
        )


def _compose_in_worker(home: Path, compose: Compose, anchors: Sequence[str]) -> list[GeneratedBundle]:
    return _compose(_worker_recommender(home), compose, anchors)


@cache
def _worker_recommender(home: Path) -> Recommender:
    """The recommender of a worker process, which keeps it until it ends."""
    return _WORKER.enter_context(open_recommender(home))


def _compose(recommender: Recommender, compose: Compose, anchors: Sequence[str]) -> list[GeneratedBundle]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        return compose(recommender, anchors)


def _write(output: Path, chosen: Sequence[GeneratedBundle]) -> None:
    """Write `chosen` and replace `output` in one rename.

    Raises:
        ExportError: If it cannot be written.
    """
    unfinished = output.with_name(f"{output.name}.unfinished")
    try:
        _WRITERS[output.suffix](unfinished, chosen)
        unfinished.replace(output)
    except OSError as error:
        raise ExportError(f"{output}: {error.strerror}") from error


def _write_jsonl(file: Path, chosen: Sequence[GeneratedBundle]) -> None:
    with file.open("w", encoding="utf-8") as opened:
        opened.writelines(bundle.model_dump_json() + "\n" for bundle in chosen)


def _write_csv(file: Path, chosen: Sequence[GeneratedBundle]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, _COLUMNS)
        writer.writeheader()
        # Lists are JSON in a cell, since ids may contain any separator.
        writer.writerows(
            {
                name: json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
                for name, value in _row(bundle).items()
            }
            for bundle in chosen
        )


def _write_parquet(file: Path, chosen: Sequence[GeneratedBundle]) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise ExportError("Parquet needs pyarrow: pip install 'bundlegraph[etl]', or write .csv") from error
    rows = [_row(bundle) for bundle in chosen]
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in _COLUMNS}), file)


_WRITERS: dict[str, Callable[[Path, Sequence[GeneratedBundle]], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
}


def _row(bundle: GeneratedBundle) -> dict[str, object]:
    """One flat row with the columns `_COLUMNS`."""
    return {
        "rank": bundle.rank,
        "bundle_id": bundle.bundle_id,
        "title": bundle.title,
        "decision": bundle.decision,
        "score": bundle.score,
        **bundle.objectives.model_dump(),
        "weakest_link": bundle.weakest_link,
        "list_price": bundle.price.list,
        "offer_price": bundle.price.offer,
        "item_ids": [item.item_id for item in bundle.items],
        "item_titles": [item.title for item in bundle.items],
        "reasons": [reason.text for reason in bundle.reasons],
    }
