"""The import contract: the tables of an export, their columns, and the rules that a row must satisfy.

A rule is an SQL predicate that is true for a bad row. For a column `x` it can use the typed value `x`, the
raw cell `x_cell` (null if it is empty) and, for times, `x_seconds` (if the cell is a number). A row is
rejected with the message of the first rule that it breaks: missing cells, then wrong types, then the rules of
its table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from etl.errors import StageError

#: From strongest to weakest: associations count the first one that an export has.
EVENTS = ("purchase", "cart", "favourite", "view")

#: A number this large means 5138-11-16 in seconds, 1973-03-03 in milliseconds: it must be milliseconds.
FIRST_MILLISECONDS = 100_000_000_000


class IngestError(StageError):
    """The export cannot be used; the tables are unchanged."""


class Kind(Enum):
    """How a cell is converted."""

    ID = "id"
    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    #: The time at which something ends: a date without a time means the end of that day.
    END_TIME = "end time"
    EVENT = "event"
    FLAG = "flag"
    VECTOR = "vector"


@dataclass(frozen=True)
class Column:
    """A column of the contract."""

    name: str
    kind: Kind
    is_required: bool = False


@dataclass(frozen=True)
class Rule:
    """A condition that makes a row bad, and the reason to report."""

    is_bad: str
    """SQL predicate; null counts as false."""
    message: str


@dataclass(frozen=True)
class Contract:
    """The columns and rules of one table of an export."""

    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    key: tuple[str, ...] = ()
    """Catalogue tables: the columns that identify a row."""
    keeps_unknown: bool = False
    """If true, columns that are not listed become attributes; otherwise a warning names them."""

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must exist and have a value in every row."""
        return tuple(column.name for column in self.columns if column.is_required)


def rules_of(table: str) -> list[Rule]:
    """All rules of `table`, in the order in which they are checked."""
    contract = CONTRACTS[table]
    rules = [Rule(f"{name}_cell IS NULL", f"{name} is missing") for name in contract.required]
    for column in contract.columns:
        rules += _rules_of_kind(column)
    return [*rules, *contract.rules]


def _rules_of_kind(column: Column) -> list[Rule]:
    name = column.name
    match column.kind:
        case Kind.NUMBER:
            return [
                Rule(f"{name}_cell IS NOT NULL AND {name} IS NULL", f"{name} is not a number"),
                Rule(f"NOT isfinite({name})", f"{name} is not a finite number"),
            ]
        case Kind.TIME | Kind.END_TIME:
            return [
                Rule(
                    f"isfinite({name}_seconds) AND abs({name}_seconds) >= {FIRST_MILLISECONDS}",
                    f"{name} looks like milliseconds since 1970: give seconds, or ISO 8601",
                ),
                Rule(
                    f"{name}_cell IS NOT NULL AND ({name} IS NULL OR NOT isfinite({name}))",
                    f"{name} is neither ISO 8601 nor seconds since 1970",
                ),
                Rule(f"{name} < TIMESTAMPTZ '1900-01-01 00:00:00Z'", f"{name} lies before 1900"),
            ]
        case Kind.EVENT:
            return [
                Rule(
                    f"{name}_cell IS NOT NULL AND {name} IS NULL",
                    f"{name} is none of {', '.join(EVENTS)}: map it under [TABLE.events] in mapping.toml",
                )
            ]
        case Kind.FLAG:
            return [Rule(f"{name}_cell IS NOT NULL AND {name} IS NULL", f"{name} is neither true nor false")]
        case Kind.VECTOR:
            return [
                Rule(
                    f"len({name}) = 0 OR len(list_filter({name}, lambda x: isfinite(x))) < len({name})",
                    f"{name} is empty or has an element that is not a finite number",
                )
            ]
        case Kind.ID | Kind.TEXT:
            return []


_NOT_IN_FUTURE = Rule("timestamp > now() + INTERVAL 1 DAY", "timestamp lies more than a day ahead")


def _share(name: str) -> Rule:
    return Rule(f"{name} < 0 OR {name} > 1", f"{name} is not a share between 0 and 1")


def _not_negative(name: str) -> Rule:
    return Rule(f"{name} < 0", f"{name} is negative")


def _columns(*required: str, **kinds: Kind) -> tuple[Column, ...]:
    return tuple(Column(name, kind, is_required=name in required) for name, kind in kinds.items())


_ID, _TEXT, _NUMBER, _TIME = Kind.ID, Kind.TEXT, Kind.NUMBER, Kind.TIME

CONTRACTS: dict[str, Contract] = {
    "interactions": Contract(
        columns=_columns(
            "item_id", "timestamp",
            item_id=_ID, timestamp=_TIME, user_id=_ID, event=Kind.EVENT, basket_id=_ID, quantity=_NUMBER,
            unit_price=_NUMBER, event_id=_ID,
        ),
        rules=(
            _NOT_IN_FUTURE,
            Rule("quantity = 0", "quantity is zero"),
            # A return may have a negative price; returns are counted, not rejected.
            Rule("unit_price < 0 AND NOT coalesce(quantity < 0, FALSE)", "unit_price is negative"),
            Rule("starts_with(basket_id, 'made:')", "basket_id starts with made:, which is reserved"),
        ),
    ),
    "items": Contract(
        columns=_columns(
            "item_id",
            item_id=_ID, title=_TEXT, category=_TEXT, brand=_TEXT, description=_TEXT, price=_NUMBER,
            cost=_NUMBER, in_stock=Kind.FLAG,
        ),
        rules=(_not_negative("price"), _not_negative("cost")),
        key=("item_id",),
        keeps_unknown=True,
    ),
    "users": Contract(columns=_columns("user_id", user_id=_ID), key=("user_id",), keeps_unknown=True),
    "bundles": Contract(
        columns=_columns("bundle_id", bundle_id=_ID, title=_TEXT, discount=_NUMBER),
        rules=(_share("discount"),),
        key=("bundle_id",),
    ),
    "bundle_items": Contract(
        columns=_columns("bundle_id", "item_id", bundle_id=_ID, item_id=_ID, quantity=_NUMBER),
        rules=(Rule("quantity <= 0", "quantity is not above zero"),),
        key=("bundle_id", "item_id"),
    ),
    "bundle_interactions": Contract(
        columns=_columns(
            "user_id", "bundle_id",
            user_id=_ID, bundle_id=_ID, timestamp=_TIME, event=Kind.EVENT, event_id=_ID,
        ),
        rules=(_NOT_IN_FUTURE,),
    ),
    "promotions": Contract(
        columns=_columns(
            "promotion_id", promotion_id=_ID, name=_TEXT, starts_at=_TIME, ends_at=Kind.END_TIME
        ),
        rules=(Rule("ends_at < starts_at", "ends_at lies before starts_at"),),
        key=("promotion_id",),
    ),
    "promotion_items": Contract(
        columns=_columns("promotion_id", "item_id", promotion_id=_ID, item_id=_ID, discount=_NUMBER),
        rules=(_share("discount"),),
        key=("promotion_id", "item_id"),
    ),
    "reviews": Contract(
        columns=_columns(
            "user_id", "item_id",
            user_id=_ID, item_id=_ID, text=_TEXT, rating=_NUMBER, timestamp=_TIME, event_id=_ID,
        ),
        rules=(_NOT_IN_FUTURE,),
    ),
    "item_vectors": Contract(
        columns=_columns("item_id", "vector", item_id=_ID, vector=Kind.VECTOR),
        rules=(Rule("len(vector) <> mode(len(vector)) OVER ()", "vector has another length than most"),),
        key=("item_id",),
    ),
    "item_links": Contract(
        columns=_columns("item_id", "related_item_id", item_id=_ID, related_item_id=_ID, kind=_TEXT),
        rules=(Rule("item_id = related_item_id", "an item is linked to itself"),),
        key=("item_id", "related_item_id", "kind"),
    ),
}  # fmt: skip
