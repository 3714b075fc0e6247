"""Named queries: parameterised Cypher that returns the same rows from both stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph.errors import GraphError
from graph.store import Parameter


@dataclass(frozen=True)
class QueryParameter:
    """A parameter of a named query."""

    name: str
    kind: type[str] | type[int] | type[float]
    description: str
    default: str | int | float | None = None
    """None if the parameter is required."""


@dataclass(frozen=True)
class NamedQuery:
    """A statement with a name, a one-line description and parameters."""

    name: str
    description: str
    statement: str
    parameters: tuple[QueryParameter, ...]

    def parameters_from(self, arguments: Sequence[str]) -> dict[str, Parameter]:
        """Parameters of the statement from the `key=value` arguments of a command line.

        Raises:
            GraphError: If a parameter is unknown, missing, or of another type.
        """
        without_value = [argument for argument in arguments if "=" not in argument]
        if without_value:
            raise GraphError(f"expected key=value, got {without_value[0]!r}: {self._usage()}")
        return self.bind(dict(argument.split("=", 1) for argument in arguments))

    def bind(self, values: Mapping[str, str | int | float]) -> dict[str, Parameter]:
        """Parameters of the statement from `values`, converted to their types and completed with defaults.

        Raises:
            GraphError: If a parameter is unknown, missing, or of another type.
        """
        unknown = sorted(values.keys() - {parameter.name for parameter in self.parameters})
        if unknown:
            raise GraphError(f"query {self.name} has no parameter {unknown[0]}: {self._usage()}")
        return {parameter.name: self._value(parameter, values) for parameter in self.parameters}

    def _value(self, parameter: QueryParameter, values: Mapping[str, str | int | float]) -> Parameter:
        value = values.get(parameter.name, parameter.default)
        if value is None:
            raise GraphError(f"query {self.name} needs {parameter.name}: {self._usage()}")
        try:
            return parameter.kind(value)
        except ValueError as error:
            raise GraphError(
                f"expected {parameter.name} as {parameter.kind.__name__}, got {value!r}: {self._usage()}"
            ) from error

    def _usage(self) -> str:
        forms = [
            f"{parameter.name}={'…' if parameter.default is None else parameter.default}"
            for parameter in self.parameters
        ]
        return " ".join([f"bundlegraph query {self.name}", *forms])


def find_query(name: str) -> NamedQuery:
    """The query called `name`.

    Raises:
        GraphError: If there is no such query; the message lists all names.
    """
    if name not in QUERIES:
        raise GraphError(f"no query is called {name!r}: choose one of {', '.join(sorted(QUERIES))}")
    return QUERIES[name]


BOUGHT_WITH = """
MATCH (a:Item {item_id: $item_id})-[c:CO_PURCHASED]-(b:Item)
RETURN b.item_id AS item_id,
       b.title AS title,
       c.baskets AS baskets,
       CASE WHEN a.item_id < b.item_id THEN c.confidence_forward ELSE c.confidence_backward END AS confidence,
       c.lift AS lift,
       c.npmi AS npmi
ORDER BY baskets DESC, item_id
LIMIT $limit
"""

TOP_CO_PURCHASES = """
MATCH (a:Item)-[c:CO_PURCHASED]->(b:Item)
RETURN a.item_id AS from_item_id,
       a.title AS from_title,
       b.item_id AS to_item_id,
       b.title AS to_title,
       c.baskets AS baskets,
       c.lift AS lift,
       c.npmi AS npmi
ORDER BY baskets DESC, from_item_id, to_item_id
LIMIT $limit
"""

STRONGEST_CO_PURCHASES = """
MATCH (a:Item)-[c:CO_PURCHASED]->(b:Item)
WHERE c.baskets >= $min_baskets
RETURN a.item_id AS from_item_id,
       a.title AS from_title,
       b.item_id AS to_item_id,
       b.title AS to_title,
       c.npmi AS npmi,
       c.lift AS lift,
       c.baskets AS baskets
ORDER BY npmi DESC, from_item_id, to_item_id
LIMIT $limit
"""

# The condition on `c` comes after WITH, because LadybugDB 0.22 ignores it next to paths of variable length.
CROSS_CATEGORY_PAIRS = """
MATCH (a:Item)-[c:CO_PURCHASED]->(b:Item)
MATCH (a)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..9]->(x:Category {level: 0})
MATCH (b)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..9]->(y:Category {level: 0})
WITH a, b, c, x, y
WHERE c.baskets >= $min_baskets AND x.category_id <> y.category_id
RETURN a.item_id AS from_item_id,
       a.title AS from_title,
       x.name AS from_category,
       b.item_id AS to_item_id,
       b.title AS to_title,
       y.name AS to_category,
       c.lift AS lift,
       c.baskets AS baskets
ORDER BY lift DESC, from_item_id, to_item_id
LIMIT $limit
"""

CATEGORY_ASSOCIATIONS = """
MATCH (a:Category)-[w:BOUGHT_WITH]->(b:Category)
WHERE w.baskets >= $min_baskets
RETURN a.name AS from_category,
       b.name AS to_category,
       w.lift AS lift,
       w.npmi AS npmi,
       w.baskets AS baskets
ORDER BY lift DESC, a.category_id, b.category_id
LIMIT $limit
"""

ITEM_NEIGHBOURHOOD = """
MATCH (a:Item {item_id: $item_id})-[:CO_PURCHASED]-(b:Item)-[d:CO_PURCHASED]-(c:Item)
WHERE c.item_id <> $item_id AND NOT EXISTS { MATCH (a)-[:CO_PURCHASED]-(c) }
RETURN c.item_id AS item_id,
       c.title AS title,
       count(b) AS paths,
       max(d.npmi) AS npmi
ORDER BY paths DESC, npmi DESC, item_id
LIMIT $limit
"""

USER_HISTORY = """
MATCH (u:User {user_id: $user_id})-[p:PURCHASED]->(i:Item)
RETURN i.item_id AS item_id,
       i.title AS title,
       p.count AS count,
       p.first_at AS first_at,
       p.last_at AS last_at
ORDER BY last_at DESC, item_id
LIMIT $limit
"""

TOP_ITEMS = """
MATCH (u:User)-[p:PURCHASED]->(i:Item)
RETURN i.item_id AS item_id,
       i.title AS title,
       count(u) AS users,
       sum(p.count) AS purchases
ORDER BY users DESC, purchases DESC, item_id
LIMIT $limit
"""

CATEGORY_ITEMS = """
MATCH (i:Item)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..9]->(:Category {category_id: $category_id})
OPTIONAL MATCH (u:User)-[:PURCHASED]->(i)
RETURN i.item_id AS item_id,
       i.title AS title,
       i.price AS price,
       count(u) AS users
ORDER BY users DESC, item_id
LIMIT $limit
"""

ITEM_SEASONS = """
MATCH (i:Item {item_id: $item_id})
RETURN i.title AS title,
       i.baskets AS baskets,
       i.baskets_by_week AS baskets_by_week
"""

COLD_ITEMS = """
MATCH (i:Item)
WHERE NOT EXISTS { MATCH (i)<-[:PURCHASED]-(:User) }
OPTIONAL MATCH (i)-[:IN_CATEGORY]->(c:Category)
RETURN i.item_id AS item_id,
       i.title AS title,
       c.category_id AS category_id,
       i.price AS price
ORDER BY item_id
LIMIT $limit
"""

BRAND_LOYALTY = """
MATCH (u:User)-[p:PURCHASED]->(:Item)-[:MADE_BY]->(b:Brand)
WITH b, u, sum(p.count) AS purchases
WITH b, count(u) AS users, sum(purchases) AS purchases
WHERE users >= $min_users
RETURN b.name AS brand,
       users,
       purchases,
       1.0 * purchases / users AS purchases_per_user
ORDER BY purchases_per_user DESC, b.brand_id
LIMIT $limit
"""

FIND_ITEMS = """
MATCH (i:Item)
WHERE toLower(i.title) CONTAINS toLower($text)
RETURN i.item_id AS item_id,
       i.title AS title,
       i.brand AS brand,
       i.price AS price
ORDER BY item_id
LIMIT $limit
"""

_LIMIT = QueryParameter("limit", int, "maximum number of rows", 10)
_ITEM = QueryParameter("item_id", str, "an item's id")
_MIN_BASKETS = QueryParameter("min_baskets", int, "minimum number of baskets with both", 20)

#: All named queries, by name.
QUERIES: dict[str, NamedQuery] = {
    query.name: query
    for query in (
        NamedQuery("bought_with", "Items bought together with an item", BOUGHT_WITH, (_ITEM, _LIMIT)),
        NamedQuery("top_co_purchases", "Pairs in the most baskets", TOP_CO_PURCHASES, (_LIMIT,)),
        NamedQuery(
            "strongest_co_purchases",
            "Pairs with the strongest association, by NPMI",
            STRONGEST_CO_PURCHASES,
            (_MIN_BASKETS, _LIMIT),
        ),
        NamedQuery(
            "cross_category_pairs",
            "Pairs across two top-level categories, by lift",
            CROSS_CATEGORY_PAIRS,
            (_MIN_BASKETS, _LIMIT),
        ),
        NamedQuery(
            "category_associations",
            "Top-level categories bought together, by lift",
            CATEGORY_ASSOCIATIONS,
            (_MIN_BASKETS, _LIMIT),
        ),
        NamedQuery(
            "item_neighbourhood",
            "Items two co-purchases away from an item but never bought with it",
            ITEM_NEIGHBOURHOOD,
            (_ITEM, _LIMIT),
        ),
        NamedQuery(
            "user_history",
            "Items that a user bought, latest first",
            USER_HISTORY,
            (QueryParameter("user_id", str, "a user's pseudonym"), _LIMIT),
        ),
        NamedQuery("top_items", "Items bought by the most users", TOP_ITEMS, (_LIMIT,)),
        NamedQuery(
            "category_items",
            "Items of a category and its subcategories, most bought first",
            CATEGORY_ITEMS,
            (QueryParameter("category_id", str, "a category's full path"), _LIMIT),
        ),
        NamedQuery(
            "item_seasons",
            "Baskets of an item by week of the year, 53 weeks from 1 January",
            ITEM_SEASONS,
            (_ITEM,),
        ),
        NamedQuery("cold_items", "Items that no user has bought", COLD_ITEMS, (_LIMIT,)),
        NamedQuery(
            "brand_loyalty",
            "Brands with the most purchases per buyer",
            BRAND_LOYALTY,
            (QueryParameter("min_users", int, "minimum number of buyers of the brand", 20), _LIMIT),
        ),
        NamedQuery(
            "find_items",
            "Items whose title contains a text, ignoring case",
            FIND_ITEMS,
            (QueryParameter("text", str, "part of a title"), _LIMIT),
        ),
    )
}
