from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from etl.ingest import IngestOptions, ingest
from etl.pseudonyms import KEY_VARIABLE
from etl.tables import Tables
from gnn.data.bundle_choices import bundle_choices, new_choices
from gnn.data.purchases import read_purchases
from graph.edges import EdgeTables, edge_tables

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 3, tzinfo=UTC)

EXPORT = {
    "interactions": "user_id,item_id,timestamp\nann,tea,2026-03-02T09:00:00Z\nann,jam,2026-03-02T13:00:00Z\n"
    "ann,tea,2026-03-02T10:00:00Z\n",
    "bundles": "bundle_id\nb1\nb2\nb3\n",
    "bundle_items": "bundle_id,item_id\nb1,tea\nb1,jam\nb3,jam\n",
    "bundle_interactions": "user_id,bundle_id,timestamp\nann,b1,2026-03-02T09:00:00Z\n"
    "ann,b1,2026-03-02T14:00:00Z\nann,b2,2026-03-02T14:00:00Z\nbob,b3,2026-03-03T09:00:00Z\nann,b3,\n",
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("export")
    for name, text in EXPORT.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, "one key for all runs of these tests")
        return ingest(str(folder), folder / "home", options=IngestOptions(min_baskets=1)).tables


def ann_and_bob(edges: EdgeTables, tables: Tables) -> tuple[int, int]:
    """Their rows: pseudonyms have no order that a test could know; Ann is the one with purchases."""
    ann = tables.read("interactions")["user_id"][0].as_py()
    users = edges.nodes["User"]["user_id"].to_pylist()
    return users.index(ann), 1 - users.index(ann)


def test_choices_and_purchases_end_at_the_moment(tables: Tables) -> None:
    edges = edge_tables(tables, until=NOON)
    ann, bob = ann_and_bob(edges, tables)

    choices = bundle_choices(edges, read_purchases(tables, edges, until=NOON))

    # What has no time counts as before: Ann's b3. Items are jam and tea, in this order.
    np.testing.assert_array_equal(choices.chosen.toarray()[[ann, bob]], [[1, 0, 1], [0, 0, 0]])
    np.testing.assert_array_equal(choices.bought.toarray()[[ann, bob]], [[0, 1], [0, 0]])
    np.testing.assert_array_equal(choices.contains.toarray(), [[1, 1], [0, 0], [1, 0]])
    np.testing.assert_array_equal(choices.popularity, [1, 0, 1])


def test_new_choices_are_not_those_that_were_made_before(tables: Tables) -> None:
    edges = edge_tables(tables, until=NOON)
    ann, bob = ann_and_bob(edges, tables)

    between = new_choices(tables, edges, since=NOON, until=LATER)
    after = new_choices(tables, edges, since=LATER, until=None)

    np.testing.assert_array_equal(between.toarray()[[ann, bob]], [[0, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(after.toarray()[[ann, bob]], [[0, 0, 0], [0, 0, 1]])
