"""Quality of substitutes: `python -m benchmarks.substitutes [--home FOLDER]`.

Substitutes are found in Complete Journey before week 46; the baskets from then on show which pairs are bought
together all the same. A pair's lift is how many times as often a basket holds both as by chance, for baskets
of these sizes (`gnn.components.substitutes.behaviour`).
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
from gnn.components import fit_components
from gnn.components.context import FitContext, Learned, Tuning
from gnn.components.learned import closed_form_links, fit_basket_ease
from gnn.components.substitutes.behaviour import expected_baskets
from gnn.config import STANDARD
from gnn.data.purchases import Purchases, read_purchases
from gnn.data.training_data import training_data
from gnn.scoring.catalogue import Catalogue
from gnn.scoring.statistics import shrunk_lift
from gnn.scoring.substitutes import Substitutes

#: Most lifted pairs of different types among which substitutes are counted.
NUM_LIFTED = 1_000
#: Baskets that hold a pair at least, where it is counted.
MIN_BASKETS = 5


@dataclass(frozen=True)
class CountedPairs:
    """Pairs of items in a basket together, each once, [num_pairs] each."""

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
        rows = substitute_rows(ingest("completejourney", home).tables)
    body = markdown_table(["measure", "value"], rows)
    write_section("Substitutes and complements", "python -m benchmarks.substitutes", body)


def substitute_rows(tables: Tables) -> list[tuple[str, str]]:
    """The rows of the section."""
    until = local_midnight(WEEK_46, tables.manifest.timezone)
    data = training_data(tables, config=STANDARD, is_sequence=False, until=until)
    past, everything = data.purchases, read_purchases(tables, data.edges)
    ease = fit_basket_ease(data.ranked_purchases, STANDARD)
    learned = Learned(closed_form_links(data.ranked_purchases), ease)
    context = FitContext(data, learned, Tuning(num_epochs=0, ease_top_k=1), STANDARD)
    components = fit_components(context, only=("catalogue", "substitutes"))
    catalogue: Catalogue = components["catalogue"]
    substitutes: Substitutes = components["substitutes"]
    pairs = count_pairs(past, catalogue, substitutes)
    different = np.flatnonzero(~pairs.is_one_type)
    lifted = different[np.argsort(-pairs.lift[different], kind="stable")[:NUM_LIFTED]]
    later = replace(everything, lines=everything.lines[past.lines.shape[0] :])
    of_one_type, of_two_types = lifts_of_types(later, catalogue)
    in_groups = [int((codes >= 0).sum()) for codes in (substitutes.product_type, substitutes.variant)]
    return [
        ("items of a product type", f"{in_groups[0]:,} of {len(catalogue.category):,}"),
        ("items that are one of several variants", f"{in_groups[1]:,}"),
        ("further pairs, of two product types", f"{len(substitutes.score.indices) // 2:,}"),
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
    expected = expected_baskets(purchases.lines)
    together = triu(expected.baskets.T @ expected.baskets, k=1).tocoo()
    is_counted = together.data >= MIN_BASKETS
    first, second = together.row[is_counted], together.col[is_counted]
    baskets = together.data[is_counted].astype(np.float64)
    return CountedPairs(
        lift=shrunk_lift(baskets, expected.of_pairs(first, second)),
        is_one_type=catalogue.category[first] == catalogue.category[second],
        is_substitute=_flags(substitutes, first, second),
    )


def lift_of_listed(purchases: Purchases, substitutes: Substitutes) -> str:
    """Observed over expected baskets of the further pairs together."""
    expected, score = expected_baskets(purchases.lines), substitutes.score
    first, second = np.repeat(np.arange(score.num_rows), score.lengths), score.indices
    is_flagged = (score.values > 0) & (first < second)
    first, second = first[is_flagged], second[is_flagged]
    columns = expected.baskets.tocsc()
    observed = columns[:, first].multiply(columns[:, second]).sum()
    by_chance = expected.of_pairs(first, second).sum()
    return f"{observed / by_chance:.2f} ({observed:,.0f} of {by_chance:,.0f} expected baskets)"


def lifts_of_types(purchases: Purchases, catalogue: Catalogue) -> tuple[str, str]:
    """The same of all pairs of one product type, and of all pairs of two."""
    expected = expected_baskets(purchases.lines)
    category, size = catalogue.category, np.diff(expected.baskets.indptr).astype(np.float64)
    kept = np.flatnonzero(category >= 0)
    shape = len(category), int(category.max()) + 1
    within = (expected.baskets @ csr_matrix((np.ones(len(kept)), (kept, category[kept])), shape=shape)).data
    bought = np.bincount(category[kept], expected.bought[kept])
    observed = (within * (within - 1)).sum(), (size**2).sum() - (within**2).sum()
    by_chance = (
        expected.scale * ((bought**2).sum() - (expected.bought**2).sum()),
        expected.scale * (expected.bought.sum() ** 2 - (bought**2).sum()),
    )
    return f"{observed[0] / by_chance[0]:.2f}", f"{observed[1] / by_chance[1]:.2f}"


def _flags(
    substitutes: Substitutes, first: NDArray[np.integer], second: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Which pairs are flagged, as `SubstitutePairs` has them."""
    in_group = np.zeros(len(first), dtype=np.bool_)
    for codes in (substitutes.product_type, substitutes.variant):
        in_group |= (codes[first] == codes[second]) & (codes[first] >= 0)
    score, num_items = substitutes.score, len(substitutes.variant)
    # Complements are listed with the score 0: adding 1 keeps them apart from pairs that are not listed.
    listed = csr_matrix((score.values + 1, score.indices, score.indptr), shape=(num_items,) * 2)
    of_pair = np.asarray(listed[first, second]).ravel()
    return np.where(of_pair > 0, of_pair > 1, in_group)


if __name__ == "__main__":
    main()
