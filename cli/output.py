"""Output of the commands: results on stdout, progress and warnings on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

#: Width of tables in files and pipes, so that ids and titles do not wrap.
_WIDTH_OF_FILES = 200

err = Console(stderr=True, soft_wrap=True)
out = Console(soft_wrap=True)
if not out.is_terminal:
    out.width = _WIDTH_OF_FILES


def print_json(value: object) -> None:
    """Print `value` as indented JSON on stdout."""
    out.print(
        json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=_encode),
        markup=False,
        highlight=False,
    )


def _encode(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_line(text: str) -> None:
    """Print one plain line on stdout."""
    out.print(text, markup=False, highlight=False)


def print_warnings(warnings: Iterable[str]) -> None:
    """Print each warning as a line on stderr."""
    for warning in warnings:
        err.print(f"[yellow]warning:[/] {escape(warning)}")


def print_table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on stdout, with numbers aligned to the right."""
    rows = [list(row) for row in rows]
    table = Table(title=title, title_justify="left", title_style="", box=SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[position], int | float | None) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(format_cell(value)) for value in row))
    out.print(table)


def format_cell(value: object) -> str:
    """A table cell: floats with 4 decimals, None as empty text."""
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


@contextmanager
def working(message: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on stderr during the block; call the yielded function with the name of each stage.

    Nothing is shown if stderr is no terminal.
    """
    if not err.is_terminal:
        yield lambda stage: None
        return
    with err.status(escape(message)) as spinner:
        yield lambda stage: spinner.update(escape(f"{message}: {stage}"))


@contextmanager
def training_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar for each stage on stderr; call the yielded function with stage, done and total."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield show
