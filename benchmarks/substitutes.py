"""Whether substitutes are told from complements: `python -m benchmarks.substitutes [--home FOLDER]`.

Complete Journey before week 46 says which items replace each other; the baskets from then on say what was
bought together all the same. A pair's lift is how many times as often a basket holds both as by chance, for
baskets of these sizes (`gnn.components.substitutes.chance`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, triu

from benchmarks.commands import home_parser, running
from benchmarks.results import markdown_table, write_section
from etl.ingest import ingest
from etl.sources.completejourney import WEEK_46
from etl.tables import Tables
from etl.times import local_midnight
from gnn.artifact.model import Catalogue
from gnn.components.shop import pack_catalogue
from gnn.components.substitutes.chance import chance_of
from gnn.components.substitutes.fitting import fit_substitutes
from gnn.data.purchases import Purchases, read_purchases
from gnn.scoring.statistics import shrunk_lift
from gnn.scoring.substitutes_model import Substitutes
from graph.edges import edge_tables

#: Of the most lifted pairs of different types, how many are looked at.
NUM_LIFTED = 1_000
#: Baskets that hold a pair at least, where it is counted.
MIN_BASKETS = 5


@dataclass(frozen=True)
class CountedPairs:
    """Pairs of items in a basket together, each once, with what is said of them."""

    lift: NDArray[np.float64]
    """Shrunk, so that few baskets are no lift."""
    is_one_type: NDArray[np.bool_]
    """Both are of one product type of the shop."""
    is_substitute: NDArray[np.bool_]
    """They are flagged."""


def main() -> None:
    """Fit, count, and write the section."""
    parser = home_parser(__doc__)
    with running(parser, parser.parse_args().home) as (home, _):
        rows = measure(ingest("completejourney", home).tables)
    body = markdown_table(["measure", "value"], rows)
    write_section("Substitutes and complements", "python -m benchmarks.substitutes", body)


def measure(tables: Tables) -> list[tuple[str, str]]:
    """The rows of the section."""
    until = local_midnight(WEEK_46, tables.manifest.timezone)
    edges = edge_tables(tables, until=until)
    past, everything = read_purchases(tables, edges, until=until), read_purchases(tables, edges)
    catalogue = pack_catalogue(tables, edges, past)
    substitutes = fit_substitutes(edges, past, catalogue)
    pairs = count_pairs(past, catalogue, substitutes)
    different = np.flatnonzero(~pairs.is_one_type)
    lifted = different[np.argsort(-pairs.lift[different], kind="stable")[:NUM_LIFTED]]
    later = replace(everything, lines=everything.lines[past.lines.shape[0] :])
    of_one_type, of_two_types = lifts_of_types(later, catalogue)
    in_groups = [int((codes >= 0).sum()) for codes in (substitutes.product_type, substitutes.variant)]
    return [
        ("items of a product type", f"{in_groups[0]:,} of {len(catalogue.category):,}"),
        ("items that are one of several variants", f"{in_groups[1]:,}"),
        ("further pairs, of two product types", f"{len(substitutes.item) // 2:,}"),
        (
            "pairs of one product type that are flagged",
            f"{pairs.is_substitute[pairs.is_one_type].mean():.1%}",
        ),
        (
            f"flagged among the {len(lifted):,} most lifted pairs of two product types",
            f"{pairs.is_substitute[lifted].sum()}",
        ),
        ("lift from week 46 on: further pairs", lift_of_listed(later, substitutes)),
        ("lift from week 46 on: pairs of two product types", of_two_types),
        ("lift from week 46 on: pairs of one product type, bought for variety", of_one_type),
    ]


def count_pairs(purchases: Purchases, catalogue: Catalogue, substitutes: Substitutes) -> CountedPairs:
    """All pairs that `MIN_BASKETS` baskets of `purchases` hold."""
    chance = chance_of(purchases.lines)
    together = triu(chance.baskets.T @ chance.baskets, k=1).tocoo()
    is_counted = together.data >= MIN_BASKETS
    first, second = together.row[is_counted], together.col[is_counted]
    baskets = together.data[is_counted].astype(np.float64)
    return CountedPairs(
        lift=shrunk_lift(baskets, chance.expected_of(first, second)),
        is_one_type=catalogue.category[first] == catalogue.category[second],
        is_substitute=_flags(substitutes, first, second),
    )


def lift_of_listed(purchases: Purchases, substitutes: Substitutes) -> str:
    """Observed over expected baskets of the further pairs together."""
    chance = chance_of(purchases.lines)
    first = np.repeat(np.arange(len(substitutes.variant)), np.diff(substitutes.indptr))
    is_flagged = (substitutes.score > 0) & (first < substitutes.item)
    first, second = first[is_flagged], substitutes.item[is_flagged]
    columns = chance.baskets.tocsc()
    observed = columns[:, first].multiply(columns[:, second]).sum()
    expected = chance.expected_of(first, second).sum()
    return f"{observed / expected:.2f} ({observed:,.0f} of {expected:,.0f} expected baskets)"


def lifts_of_types(purchases: Purchases, catalogue: Catalogue) -> tuple[str, str]:
    """The same of all pairs of one product type, and of all of two."""
    chance = chance_of(purchases.lines)
    category, size = catalogue.category, np.diff(chance.baskets.indptr).astype(np.float64)
    kept = np.flatnonzero(category >= 0)
    shape = len(category), int(category.max()) + 1
    within = (chance.baskets @ csr_matrix((np.ones(len(kept)), (kept, category[kept])), shape=shape)).data
    bought = np.bincount(category[kept], chance.bought[kept])
    observed = (within * (within - 1)).sum(), (size**2).sum() - (within**2).sum()
    expected = (
        chance.scale * ((bought**2).sum() - (chance.bought**2).sum()),
        chance.scale * (chance.bought.sum() ** 2 - (bought**2).sum()),
    )
    return f"{observed[0] / expected[0]:.2f}", f"{observed[1] / expected[1]:.2f}"


def _flags(
    substitutes: Substitutes, first: NDArray[np.integer], second: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Which pairs are flagged, as `SubstitutePairs` says of each."""
    in_group = np.zeros(len(first), dtype=np.bool_)
    for codes in (substitutes.product_type, substitutes.variant):
        in_group |= (codes[first] == codes[second]) & (codes[first] >= 0)
    num_items = len(substitutes.variant)
    # A score of 0 says that a pair goes together: one more tells it from a pair that is not listed.
    listed = csr_matrix((substitutes.score + 1, substitutes.item, substitutes.indptr), shape=(num_items,) * 2)
    score = np.asarray(listed[first, second]).ravel()
    return np.where(score > 0, score > 1, in_group)


if __name__ == "__main__":
    main()
