from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.checks import check_tables
from etl.contract import IngestError
from etl.tables import SCHEMAS
from tests.etl.shop import Shop, day


def test_a_wrong_table_is_reported_with_its_column(shop: Shop) -> None:
    tables = shop.write(interactions=f"item_id,timestamp,user_id\na,{day(1)},u\n").ingest().tables
    files = {name: tables.path(name) for name in SCHEMAS}
    check_tables(files)

    raw = pa.table({"user_id": ["not a pseudonym"], "attributes": ["{}"]}, schema=SCHEMAS["users"])
    pq.write_table(raw, shop.folder / "users.parquet")

    with pytest.raises(
        IngestError, match=r"internal error: table users is wrong, user_id fails .*; the old tables are kept"
    ):
        check_tables(files | {"users": shop.folder / "users.parquet"})
