"""What each part of the model is worth: `python -m benchmarks.ablations [--home FOLDER] [--config demo]`.

Protocol B's validation baskets of Complete Journey, one seed. The first table takes parts of the encoder and
of its training away or puts one in, one at a time, and gives the GNN alone; the second takes features of the
blend and groups of features of the trees away from what is served; the third says what each source of
candidates finds. Test is not read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.commands import add_config, home_parser, running
from benchmarks.quality.candidate_recall import candidate_recall
from benchmarks.quality.text_neighbours import text_neighbours
from benchmarks.quality.trials import trial_of
from benchmarks.results import markdown_table, write_section
from etl.ingest import ingest
from etl.sources.completejourney import WEEK_46, WEEK_49
from gnn.components.choosing import served_score, starting_weights, with_weights
from gnn.components.ensemble import fit_blend
from gnn.components.fitting import FittedModel
from gnn.components.reranker import Shortlists, out_of_fold_ranks, read_shortlists
from gnn.components.trial import Trial
from gnn.config import CONFIGS, TrainingConfig
from gnn.data.content import Content, read_content
from gnn.data.queries import CompletionQueries
from gnn.evaluation.metrics import full_ranking, ndcg_at_k
from gnn.network.training import no_progress, train_links
from gnn.scoring.item_scorer import FEATURES, ItemScorer
from gnn.scoring.reranker import GROUPS, NAMES, Reranker
from gnn.scoring.weights import ServedWeights
from graph.edges import EdgeType

Row = tuple[str, float, float]


@dataclass(frozen=True)
class Variant:
    """One change to how the GNN is fitted."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    """To the configuration."""
    without: tuple[EdgeType, ...] = ()
    """Edge types that it does not see."""
    text_neighbours: int = 0
    """Nearest items by content that an item receives from besides."""


VARIANTS = {
    "without propagation (0 layers)": Variant({"num_layers": 0}),
    "2 layers": Variant({"num_layers": 2}),
    "without item–category edges": Variant(without=(("Item", "IN_CATEGORY", "Category"),)),
    "without category–category edges": Variant(without=(("Category", "CHILD_OF", "Category"),)),
    "without item–brand edges": Variant(without=(("Item", "MADE_BY", "Brand"),)),
    "with text-neighbour edges (10)": Variant(text_neighbours=10),
    "with text-neighbour edges (30)": Variant(text_neighbours=30),
    "half of each basket hidden, not a fifth": Variant({"hidden_share": 0.5}),
    "without dropout": Variant({"dropout": 0.0}),
    "sampled softmax with logQ, 2,048 draws": Variant({"full_softmax_items": 0, "num_negatives": 2048}),
}


def main() -> None:
    """Fit every variant, print the tables and keep them in `results.md`."""
    parser = home_parser(__doc__)
    add_config(parser, default="demo")
    asked = parser.parse_args()
    config = replace(CONFIGS[asked.config], validation_from=WEEK_46, test_from=WEEK_49)
    with running(parser, asked.home) as (home, scratch):
        tables = ingest("completejourney", home).tables
        trial = trial_of(tables, config, checkpoint=scratch / "full.pt")
        whole = ("the GNN as it is", _alone(trial, trial.model), 0.0)
        text_cache = home / "text.sqlite" if config.reads_texts else None
        content = read_content(tables, trial.edges, trial.model.ranked, text_cache=text_cache)
        encoder = [whole, *_encoder_rows(trial, config, content, whole[1], scratch)]
        served = list(_served_rows(trial, config))
        recall = candidate_recall(trial, _fit_blend(trial, starting_weights(trial.model, config)))
    lines = [
        f"Config `{config.name}`, seed {config.seed}, NDCG@20 on protocol B's {len(trial.validation)} "
        "validation baskets; what is served is measured out of fold.",
        "",
        *_table("GNN alone", encoder),
        "",
        *_table("Served", served),
        "",
        *recall,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    write_section("Quality: ablations", f"python -m benchmarks.ablations --config {config.name}", lines)


def _encoder_rows(
    trial: Trial, config: TrainingConfig, content: Content, whole: float, scratch: Path
) -> Iterator[Row]:
    for number, (name, variant) in enumerate(VARIANTS.items()):
        seen = {kind: table for kind, table in trial.edges.edges.items() if kind not in variant.without}
        k = variant.text_neighbours
        links = train_links(
            trial.model.ranked_purchases,
            replace(trial.edges, edges=seen),
            trial.model.ranked,
            config=replace(config, **variant.changes),
            validation=trial.validation,
            max_epochs=config.max_epochs,
            checkpoint=scratch / f"{number}.pt",
            progress=no_progress,
            further_relations={"text_neighbour": text_neighbours(content, k=k)} if k else {},
        )
        ndcg = _alone(trial, replace(trial.model, links=links))
        yield name, ndcg, ndcg - whole


def _served_rows(trial: Trial, config: TrainingConfig) -> Iterator[Row]:
    """Both stages as they are served; without each part of either."""
    start = starting_weights(trial.model, config)
    weights = _fit_blend(trial, start)
    at_cut = with_weights(trial.at_cut, trial.model, replace(weights, shortlist_size=config.shortlist_size))
    scorer = ItemScorer(at_cut)
    found = read_shortlists(
        Reranker(at_cut, scorer), scorer, trial.validation, trial.model.ranked, seed=config.seed
    )
    whole = _out_of_fold(found, trial.validation, config.seed)
    yield "both stages", whole, 0.0
    blend = _ndcg(trial, trial.model, weights)
    yield "the blend alone", blend, blend - whole
    for group, names in GROUPS.items():
        features = found.features.copy()
        features[:, :, [NAMES.index(name) for name in names]] = 0.0
        ndcg = _out_of_fold(replace(found, features=features), trial.validation, config.seed)
        yield f"trees without {group}", ndcg, ndcg - whole
    for feature in FEATURES:
        without = _fit_blend(trial, replace(start, blend={**start.blend, feature: 0.0}))
        ndcg = _ndcg(trial, trial.model, replace(without, blend={**without.blend, feature: 0.0}))
        yield f"the blend alone, without {feature}", ndcg, ndcg - blend


def _fit_blend(trial: Trial, start: ServedWeights) -> ServedWeights:
    scorer = ItemScorer(with_weights(trial.at_cut, trial.model, start))
    return replace(start, blend=fit_blend(scorer, trial.validation, trial.model.ranked, start.blend))


def _alone(trial: Trial, model: FittedModel) -> float:
    """The GNN with its own weights on counts, nothing else."""
    by_log, by_known = model.links.count_weights
    alone = {"gnn": 1.0, "bought": by_log, "known": by_known}
    return _ndcg(trial, model, ServedWeights(ease_top_k=1, blend=alone))


def _ndcg(trial: Trial, model: FittedModel, weights: ServedWeights) -> float:
    score = served_score(with_weights(trial.at_cut, model, weights), model.ranked)
    return ndcg_at_k(full_ranking(score, trial.validation), 20)


def _out_of_fold(found: Shortlists, validation: CompletionQueries, seed: int) -> float:
    ranks = out_of_fold_ranks(found, seed=seed)
    return max(ndcg_at_k(np.asarray(values[: len(validation)]), 20) for values in ranks.values())


def _table(title: str, rows: list[Row]) -> list[str]:
    cells = [(name, f"{ndcg:.4f}", f"{difference:+.4f}") for name, ndcg, difference in rows]
    return markdown_table([title, "NDCG@20", "difference"], cells)


if __name__ == "__main__":
    main()
