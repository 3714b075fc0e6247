"""Explain the GNN's score of each added item: `recommend --explain`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypedDict

from rich.markup import escape

from cli.output import out

if TYPE_CHECKING:
    from etl.pseudonyms import PseudonymKey
    from gnn.artifact.model import ModelArtifact
    from gnn.scoring.explanation import Term

#: Largest terms to show in each list.
NUM_SHOWN = 4

#: Terms that are no item, category or brand.
_WITHOUT_ID = {"user": "this customer", "average": "the average item"}


class NamedTerm(TypedDict):
    """One term of a score."""

    by: str
    """`cart`, `bought`, `user`, `item`, `category`, `brand`, or the name of an item–item relation."""
    name: str
    value: float


class GnnExplanation(TypedDict):
    """The terms of the GNN's score of one item; the lists hold only the largest."""

    item_id: str
    gnn_score: float
    by_query: list[NamedTerm]
    """By the items of the query and the user."""
    relations: dict[str, float]
    """By kind of node or relation; they sum to `gnn_score`."""
    by_node: list[NamedTerm]
    """By nodes of the graph."""


class GnnExplainer:
    """Explains the GNN's scores of one model for one visitor."""

    def __init__(
        self, artifact: ModelArtifact, key: PseudonymKey, *, items: Sequence[str], user: str | None
    ) -> None:
        """Explain for a visitor with `items` (anchors and cart) and `user`, by the shop's own ids.

        Raises:
            ExplanationError: If the model has no GNN that can be explained.
        """
        from gnn.artifact.scorers import item_scorer
        from gnn.scoring.explanation import ScoreExplainer
        from gnn.scoring.item_scorer import ItemQuery

        self._artifact = artifact
        self._scorer = item_scorer(artifact)
        self._explainer = ScoreExplainer(
            artifact.encoder, self._scorer, num_categories=len(artifact.categories.category_ids)
        )
        found = [artifact.catalogue.item_ids.find(item_id) for item_id in items]
        self._query = ItemQuery(
            cart=[item for item in found if item is not None],
            user_index=None if user is None else artifact.histories.user_ids.find(key.pseudonym(user)),
        )

    def explain(self, item_ids: Iterable[str]) -> list[GnnExplanation]:
        """The explanation of each item that the model ranks."""
        explanations = [self._explain_item(item_id) for item_id in item_ids]
        return [explanation for explanation in explanations if explanation is not None]

    def _explain_item(self, item_id: str) -> GnnExplanation | None:
        item = self._artifact.catalogue.item_ids.find(item_id)
        ranked = -1 if item is None else int(self._scorer.ranked_index([item])[0])
        if ranked < 0:
            return None
        found = self._explainer.explain(self._query, ranked)
        return GnnExplanation(
            item_id=item_id,
            gnn_score=round(found.total, 4),
            by_query=[self._term(*entry) for entry in list(found.by_query.items())[:NUM_SHOWN]],
            relations={name: round(value, 4) for name, value in found.by_relation().items()},
            by_node=[self._term(*entry) for entry in list(found.by_node.items())[:NUM_SHOWN]],
        )

    def _term(self, term: Term, value: float) -> NamedTerm:
        return NamedTerm(by=term.relation, name=self._name(term), value=round(value, 4))

    def _name(self, term: Term) -> str:
        if term.relation in _WITHOUT_ID:
            return _WITHOUT_ID[term.relation]
        if term.relation == "category":
            return self._artifact.categories.category_ids[term.node]
        if term.relation == "brand":
            return "the brand"
        item = int(self._artifact.ranked.item[term.node])
        return self._artifact.catalogue.titles[item] or self._artifact.catalogue.item_ids[item]


def print_explanation(explanation: GnnExplanation) -> None:
    """Print one explanation."""
    shares = ", ".join(f"{name} {value:+.2f}" for name, value in explanation["relations"].items())
    out.print(
        f"   [cyan]{escape(explanation['item_id'])}[/]: GNN score {explanation['gnn_score']:+.2f} above the "
        f"average item: {shares}",
        highlight=False,
    )
    for title, terms in (("query:", explanation["by_query"]), ("graph:", explanation["by_node"])):
        listed = "; ".join(f"{escape(term['name'])} ({term['by']}) {term['value']:+.2f}" for term in terms)
        out.print(f"     [dim]{title} {listed or 'none'}[/]", highlight=False)
