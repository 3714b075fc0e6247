"""Ablations of the model: `python -m benchmarks.ablations [--home FOLDER] [--config demo]`.

Protocol B's validation baskets of Complete Journey, one seed. The first table changes one part of the encoder
or of its training at a time, and gives the GNN alone; the second takes features from the first stage and
groups of features from the trees; the third gives the recall of each source of candidates. Test is not read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.commands import add_config, home_parser, running
from benchmarks.quality.candidate_recall import candidate_recall
from benchmarks.quality.holdouts import holdout_of, protocol_b_config
from benchmarks.results import markdown_table, write_section
from etl.ingest import ingest
from gnn.artifact.model import ModelArtifact
from gnn.artifact.scorers import first_stage, item_scorer
from gnn.components.context import Learned
from gnn.components.ensemble import fit_ensemble
from gnn.components.holdout import Holdout
from gnn.components.learned import fit_item_network
from gnn.components.reranker import Shortlists, out_of_fold_ranks, read_shortlists
from gnn.components.tuning import served_score
from gnn.evaluation.metrics import ScoreQueries, full_ranking, ndcg_at_k
from gnn.network.training import no_progress, train_links
from gnn.scoring.item_model import FEATURES, Ensemble
from graph.edges import EdgeType

Row = tuple[str, float, float]


@dataclass(frozen=True)
class Variant:
    """One change to how the GNN is fitted."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `TrainingConfig` and their changed values."""
    without: tuple[EdgeType, ...] = ()
    """Edge types that are left out of the graph."""


VARIANTS = {
    "without propagation (0 layers)": Variant({"num_layers": 0}),
    "2 layers": Variant({"num_layers": 2}),
    "without item–category edges": Variant(without=(("Item", "IN_CATEGORY", "Category"),)),
    "without category–category edges": Variant(without=(("Category", "CHILD_OF", "Category"),)),
    "without item–brand edges": Variant(without=(("Item", "MADE_BY", "Brand"),)),
    "half of each basket hidden, not a fifth": Variant({"hidden_share": 0.5}),
    "without dropout": Variant({"dropout": 0.0}),
    "sampled softmax with logQ, 2,048 draws": Variant({"full_softmax_items": 0, "num_negatives": 2048}),
}


def main() -> None:
    """Fit every variant, print the tables and keep them in `results.md`."""
    parser = home_parser(__doc__)
    add_config(parser, default="demo")
    arguments = parser.parse_args()
    config = protocol_b_config(arguments.config)
    with running(parser, arguments.home) as (home, scratch):
        tables = ingest("completejourney", home).tables
        holdout = holdout_of(tables, config, checkpoint=scratch / "full.pt")
        encoder = list(_encoder_rows(holdout, scratch))
        artifact = _with_ensemble(holdout, holdout.artifact.ensemble)
        stages = list(_stage_rows(holdout, artifact))
        recall = candidate_recall(holdout, artifact)
    lines = [
        f"Config `{config.name}`, seed {config.seed}, NDCG@20 on protocol B's {len(holdout.validation)} "
        "validation baskets; both stages are measured out of fold.",
        "",
        *_table("GNN alone", encoder),
        "",
        *_table("Served", stages),
        "",
        *recall,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    write_section("Quality: ablations", f"python -m benchmarks.ablations --config {config.name}", lines)


def _encoder_rows(holdout: Holdout, scratch: Path) -> Iterator[Row]:
    """The network alone, with its own weights on counts: as it is, then each variant."""
    data, config = holdout.context.data, holdout.context.config
    learned = holdout.context.learned
    whole = _network_ndcg(holdout, learned)
    yield "the GNN as it is", whole, 0.0
    for number, (name, variant) in enumerate(VARIANTS.items()):
        kept = {kind: table for kind, table in data.edges.edges.items() if kind not in variant.without}
        links = train_links(
            data.ranked_purchases,
            replace(data.edges, edges=kept),
            data.ranked,
            config=replace(config, **variant.changes),
            validation=holdout.validation,
            max_epochs=config.max_epochs,
            checkpoint=scratch / f"{number}.pt",
            progress=no_progress,
        )
        ndcg = _network_ndcg(holdout, replace(learned, links=links))
        yield name, ndcg, ndcg - whole


def _stage_rows(holdout: Holdout, artifact: ModelArtifact) -> Iterator[Row]:
    """Both stages as they are served, then without a group or a feature; `artifact` has no trees."""
    config, ranked = holdout.context.config, holdout.context.data.ranked
    stage = first_stage(artifact, item_scorer(artifact))
    training = holdout.task.training_queries(holdout.validation, ranked, seed=config.seed)
    found = read_shortlists(stage, training, size=min(config.shortlist_size, stage.num_ranked))
    names = [name for group in stage.feature_groups.values() for name in group]

    def out_of_fold(shortlists: Shortlists) -> float:
        ranks = out_of_fold_ranks(shortlists, names=names, params=holdout.task.tree_params, seed=config.seed)
        return max(ndcg_at_k(of_weight[: training.num_validation], 20) for of_weight in ranks.values())

    whole = out_of_fold(found)
    yield "both stages", whole, 0.0
    alone = _ndcg(holdout, served_score(artifact, ranked))
    yield "the first stage alone", alone, alone - whole
    for group, of_group in stage.feature_groups.items():
        features = found.features.copy()
        features[:, :, [names.index(name) for name in of_group]] = 0.0
        ndcg = out_of_fold(replace(found, features=features))
        yield f"trees without {group}", ndcg, ndcg - whole
    for feature in FEATURES:
        # Fitting may raise the weight above 0 again.
        fitted = _with_ensemble(holdout, replace(holdout.artifact.ensemble, **{feature: 0.0}))
        without = replace(fitted, ensemble=replace(fitted.ensemble, **{feature: 0.0}))
        ndcg = _ndcg(holdout, served_score(without, ranked))
        yield f"the first stage alone, without {feature}", ndcg, ndcg - alone


def _with_ensemble(holdout: Holdout, start: Ensemble) -> ModelArtifact:
    """The artifact of `holdout` with the ensemble fitted to its validation queries."""
    artifact = replace(holdout.artifact, ensemble=start)
    ranked = holdout.context.data.ranked
    return replace(artifact, ensemble=fit_ensemble(item_scorer(artifact), holdout.validation, ranked, start))


def _network_ndcg(holdout: Holdout, learned: Learned) -> float:
    context = replace(holdout.context, learned=learned)
    artifact = replace(holdout.artifact, network=fit_item_network(context))
    return _ndcg(holdout, holdout.task.network_score(artifact, context))


def _ndcg(holdout: Holdout, score: ScoreQueries) -> float:
    return ndcg_at_k(full_ranking(score, holdout.validation), 20)


def _table(title: str, rows: list[Row]) -> list[str]:
    cells = [(name, f"{ndcg:.4f}", f"{difference:+.4f}") for name, ndcg, difference in rows]
    return markdown_table([title, "NDCG@20", "difference"], cells)


if __name__ == "__main__":
    main()
