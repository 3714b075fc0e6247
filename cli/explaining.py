"""What carried the GNN's score of each added item: `recommend --explain`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypedDict

from rich.markup import escape

from cli.output import out

if TYPE_CHECKING:
    from etl.pseudonyms import PseudonymKey
    from gnn.artifact.model import ModelArtifact
    from gnn.scoring.explanation_vectors import Part

#: Of each account, the largest terms that are told.
NUM_TOLD = 4

#: Parts that are no item, category or brand.
_WITHOUT_ID = {"user": "this customer", "average": "the average item"}


class Term(TypedDict):
    """One term of a score."""

    by: str
    """`cart`, `bought`, `user`, `item`, `category`, `brand`, or the name of an item–item relation."""
    name: str
    value: float


class Account(TypedDict):
    """What carried the GNN's score of one item; each list holds the largest terms alone."""

    item_id: str
    gnn_score: float
    asked: list[Term]
    relations: dict[str, float]
    """They sum to `gnn_score`."""
    carried: list[Term]


class GnnAccounts:
    """The accounts of one model, for one visitor."""

    def __init__(
        self, artifact: ModelArtifact, key: PseudonymKey, *, items: Sequence[str], user: str | None
    ) -> None:
        """Explain for a visitor that has `items`, anchors and cart, by the shop's own ids.

        Raises:
            ExplanationError: If the model has no GNN that can be taken apart.
        """
        from gnn.scoring.explanation import ScoreExplainer
        from gnn.scoring.item_scorer import ItemQuery, ItemScorer

        self._artifact = artifact
        self._scorer = ItemScorer(artifact)
        self._explainer = ScoreExplainer(artifact, self._scorer)
        found = [artifact.catalogue.item_ids.find(item_id) for item_id in items]
        self._query = ItemQuery(
            cart=[item for item in found if item is not None],
            user_index=None if user is None else artifact.histories.user_ids.find(key.pseudonym(user)),
        )

    def of(self, item_ids: Iterable[str]) -> list[Account]:
        """The account of each item that the model ranks."""
        accounts = [self._account(item_id) for item_id in item_ids]
        return [account for account in accounts if account is not None]

    def _account(self, item_id: str) -> Account | None:
        item = self._artifact.catalogue.item_ids.find(item_id)
        ranked = -1 if item is None else int(self._scorer.ranked_index([item])[0])
        if ranked < 0:
            return None
        found = self._explainer.explain(self._query, ranked)
        return Account(
            item_id=item_id,
            gnn_score=round(found.total, 4),
            asked=[self._term(*entry) for entry in list(found.asked.items())[:NUM_TOLD]],
            relations={name: round(value, 4) for name, value in found.by_relation().items()},
            carried=[self._term(*entry) for entry in list(found.carried.items())[:NUM_TOLD]],
        )

    def _term(self, part: Part, value: float) -> Term:
        return Term(by=part.relation, name=self._name(part), value=round(value, 4))

    def _name(self, part: Part) -> str:
        if part.relation in _WITHOUT_ID:
            return _WITHOUT_ID[part.relation]
        if part.relation == "category":
            return self._artifact.categories.category_ids[part.node]
        if part.relation == "brand":
            return "the brand"
        item = int(self._artifact.model.ranked[part.node])
        return self._artifact.catalogue.titles[item] or self._artifact.catalogue.item_ids[item]


def print_account(account: Account) -> None:
    """One account as a person reads it."""
    shares = ", ".join(f"{name} {value:+.2f}" for name, value in account["relations"].items())
    out.print(
        f"   [cyan]{escape(account['item_id'])}[/]: the GNN says {account['gnn_score']:+.2f} beside the "
        f"average item, by {shares}",
        highlight=False,
    )
    for title, terms in (("asked by", account["asked"]), ("carried by", account["carried"])):
        told = "; ".join(f"{escape(term['name'])} ({term['by']}) {term['value']:+.2f}" for term in terms)
        out.print(f"     [dim]{title} {told or 'nothing'}[/]", highlight=False)
