"""A last check of the finished tables before they replace the old ones.

Bad rows were removed before (`etl.contract`), so a failure here is a bug of this package. Each check needs
one pass over a column.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import ibis
import pyarrow.parquet as pq
from pandera.errors import SchemaErrors
from pandera.ibis import Check, Column, DataFrameSchema

from etl.contract import EVENTS, IngestError
from etl.engine import open_engine

_SHARE = Check.in_range(0, 1)
_PSEUDONYM = Check.str_matches("^[0-9a-f]{64}$")
_ASSOCIATION = {
    "baskets": Column(int, Check.ge(1)),
    "support": Column(float, _SHARE),
    "confidence_forward": Column(float, _SHARE),
    "confidence_backward": Column(float, _SHARE),
    "lift": Column(float, Check.gt(0)),
    "npmi": Column(float, Check.in_range(-1, 1)),
}

_CHECKS = {
    "interactions": DataFrameSchema(
        {
            "event_key": Column(str),
            "user_id": Column(str, _PSEUDONYM, nullable=True),
            "item_id": Column(str),
            "event": Column(str, Check.isin(EVENTS)),
            "quantity": Column(float, Check.gt(0)),
            "unit_price": Column(float, Check.ge(0), nullable=True),
        }
    ),
    "items": DataFrameSchema(
        {
            "item_id": Column(str, unique=True),
            "price": Column(float, Check.ge(0), nullable=True),
            "cost": Column(float, Check.ge(0), nullable=True),
            "in_stock": Column(bool),
            "listed": Column(bool),
            "attributes": Column(str),
        }
    ),
    "categories": DataFrameSchema({"category_id": Column(str, unique=True), "name": Column(str)}),
    "users": DataFrameSchema({"user_id": Column(str, _PSEUDONYM, unique=True), "attributes": Column(str)}),
    "bundles": DataFrameSchema(
        {"bundle_id": Column(str, unique=True), "discount": Column(float, _SHARE, nullable=True)}
    ),
    "bundle_items": DataFrameSchema({"quantity": Column(float, Check.gt(0))}),
    "bundle_interactions": DataFrameSchema(
        {"user_id": Column(str, _PSEUDONYM), "event": Column(str, Check.isin(EVENTS))}
    ),
    "promotions": DataFrameSchema({"promotion_id": Column(str, unique=True)}),
    "promotion_items": DataFrameSchema({"discount": Column(float, _SHARE, nullable=True)}),
    "reviews": DataFrameSchema({"user_id": Column(str, _PSEUDONYM), "item_id": Column(str)}),
    "item_vectors": DataFrameSchema({"item_id": Column(str, unique=True)}),
    "item_links": DataFrameSchema({"item_id": Column(str), "related_item_id": Column(str)}),
    "co_purchases": DataFrameSchema(_ASSOCIATION),
    "category_pairs": DataFrameSchema(_ASSOCIATION),
}


def check_tables(files: Mapping[str, Path]) -> None:
    """Check the tables in `files`, keyed by name.

    Raises:
        IngestError: For the first table that fails a check.
    """
    with open_engine() as engine, warnings.catch_warnings():
        # Ibis 12 reads an option that pandas 3 deprecates.
        warnings.filterwarnings("ignore", message="The 'future.infer_string' option")
        connection = ibis.duckdb.from_connection(engine)
        for name, schema in _CHECKS.items():
            # pandera's Ibis backend takes the missing minimum of an empty column for a null in it.
            if pq.read_metadata(files[name]).num_rows == 0:
                continue
            try:
                schema.validate(connection.read_parquet(files[name]), lazy=True)
            except SchemaErrors as error:
                first = error.schema_errors[0]
                raise IngestError(
                    f"internal error: table {name} is wrong, {first.schema.name or name} fails "
                    f"{first.check}; the old tables are kept: please report this"
                ) from error
