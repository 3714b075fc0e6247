"""EASE of large catalogues: the cost of its approximation in quality, and its growth in time and memory.

Run `python -m benchmarks.closed_forms [--home FOLDER] [--sizes 10000 40000]`. Both parts learn from Complete
Journey's baskets before week 46. Quality: protocol B's validation queries, the exact form beside heads of
several lengths and item-kNN. Growth: the most bought items; where there are too few, the most bought are
split in two at random. Each fit is a process of its own, for its peak memory.
"""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack

from benchmarks.baselines.item_knn import fit_cosine_knn
from benchmarks.commands import home_parser, running
from benchmarks.process import run_measured
from benchmarks.quality.holdouts import protocol_b_config
from benchmarks.quality.options import BenchmarkError
from benchmarks.results import markdown_table, write_section
from etl.ingest import ingest
from gnn.components.ease import MAX_EXACT, NUM_HEAD, fit_ease
from gnn.components.learned import fit_basket_ease
from gnn.components.tasks import BasketCompletion
from gnn.config import STANDARD
from gnn.data.purchases import Purchases
from gnn.data.queries import CompletionQueries
from gnn.data.training_data import split_by_time, training_data
from gnn.evaluation.metrics import ScoreQueries, full_ranking, ndcg_at_k

HEADS = (1_000, 2_000)
_MIN_ITEM_BASKETS = 30


@dataclass(frozen=True)
class Data:
    """Complete Journey before week 46, and protocol B's validation."""

    purchases: Purchases
    """Of all items."""
    ranked: Purchases
    """Of those in 30 baskets or more."""
    validation: CompletionQueries


def main() -> None:
    """Measure, and write the section of the results."""
    parser = home_parser(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 40_000])
    parser.add_argument("--fit", type=Path, help="fit to these pickled purchases and leave: a measured part")
    arguments = parser.parse_args()
    if arguments.fit:
        fit_basket_ease(pickle.loads(arguments.fit.read_bytes()), STANDARD)
        return
    with running(parser, arguments.home) as (home, scratch):
        data = read(home)
        body = [
            "NDCG@20 on protocol B's validation queries, seconds of processor time to fit:",
            "",
            *markdown_table(["form", "NDCG@20", "processor s"], quality(data)),
            "",
            f"The product's form by size (exact up to {MAX_EXACT:,} items, then a head of {NUM_HEAD:,}), "
            "with what starting Python and reading the purchases takes:",
            "",
            *markdown_table(["items", "s", "peak GiB"], growth(data.purchases, arguments.sizes, scratch)),
        ]
    write_section("Closed forms: EASE by size", "python -m benchmarks.closed_forms", body)


def read(home: Path) -> Data:
    """Ingest Complete Journey into `home` and split it at week 46.

    Raises:
        BenchmarkError: If the tables end before.
    """
    tables = ingest("completejourney", home).tables
    config = replace(protocol_b_config(STANDARD.name), min_item_baskets=_MIN_ITEM_BASKETS)
    split = split_by_time(tables, config=config)
    if split is None:
        raise BenchmarkError("expected weeks 46 to 49 of Complete Journey, found none: ingest it anew")
    data = training_data(tables, config=config, is_sequence=False, until=split.validation_from)
    validation = BasketCompletion().queries(
        data, config=config, since=split.validation_from, until=split.test_from
    )
    return Data(data.purchases, data.ranked_purchases, validation)


def quality(data: Data) -> list[tuple[str, str, str]]:
    """The forms, their NDCG@20 on validation, and the seconds that fitting took."""
    rows = []

    def add(name: str, score: ScoreQueries, started: float) -> None:
        seconds = time.process_time() - started
        ndcg = ndcg_at_k(full_ranking(score, data.validation), 20)
        rows.append((name, f"{ndcg:.4f}", f"{seconds:.1f}"))

    started = time.process_time()
    add("exact", fit_basket_ease(data.ranked, STANDARD).score, started)
    for num_head in HEADS:
        started = time.process_time()
        large = fit_ease(
            data.ranked,
            ridge=STANDARD.ease_ridge,
            size_power=STANDARD.ease_size_power,
            half_life_weeks=STANDARD.ease_half_life_weeks,
            max_exact=0,
            num_head=num_head,
        )
        add(f"head of {num_head:,}", large.score, started)
    started = time.process_time()
    add("item-kNN, cosine, 200 neighbours", fit_cosine_knn(data.ranked.lines.sign()).score, started)
    return rows


def growth(purchases: Purchases, sizes: Sequence[int], scratch: Path) -> list[tuple[str, str, str]]:
    """Items, seconds and peak memory of a fit in a process of its own, a row a size."""
    rows = []
    for num_items in sizes:
        file = scratch / f"{num_items}.pickle"
        nobody = csr_matrix(np.zeros((0, num_items), dtype=np.float32))
        sized = replace(purchases, lines=with_items(purchases.lines, num_items), counts=nobody)
        file.write_bytes(pickle.dumps(sized))
        measured = run_measured([sys.executable, "-m", "benchmarks.closed_forms", "--fit", str(file)])
        file.unlink()
        rows.append((f"{num_items:,}", f"{measured.seconds:.0f}", f"{measured.peak_mib / 1024:.2f}"))
    return rows


def with_items(lines: csr_matrix, num_items: int) -> csr_matrix:
    """The `num_items` most bought columns; where there are fewer, the most bought are split in two."""
    counts = np.bincount(lines.indices, minlength=lines.shape[1])
    order = np.argsort(-counts, kind="stable")[: int((counts > 0).sum())]
    num_split = max(num_items - len(order), 0)
    if num_split > len(order):
        raise ValueError(f"expected at most {2 * len(order)} items, found {num_items}: choose fewer")
    split, whole = lines[:, order[:num_split]].tocoo(), lines[:, order[num_split:num_items]]
    column = split.col + num_split * np.random.default_rng(0).integers(2, size=split.nnz)
    halves = csr_matrix((split.data, (split.row, column)), shape=(lines.shape[0], 2 * num_split))
    return csr_matrix(hstack([halves, whole]), dtype=np.float32)


if __name__ == "__main__":
    main()
