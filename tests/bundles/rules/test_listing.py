from bundles.rules.active import NO_ACTIVE_RULES
from bundles.rules.decisions import Decision
from bundles.rules.listing import list_decisions
from bundles.rules.resolve import ResolvedRules
from tests.merchant import MADE_AT, request

HISTORY = [
    Decision(id=number, made_at=MADE_AT, **each.model_dump())
    for number, each in enumerate(
        [
            request("pin", "bread", "butter"),
            request("reject", "butter", "bread"),
            request("ban", "wine"),
            request("ban", "gone"),
        ],
        start=1,
    )
]
HISTORY[2] = HISTORY[2].model_copy(update={"revoked_by": "Bo", "revoked_at": MADE_AT})
RESOLVED = ResolvedRules(
    NO_ACTIVE_RULES,
    without_effect={4: "items: no item 'gone' in the catalogue"},
    hints={2: "'bread' is out of stock"},
)


def test_what_is_in_force_is_listed_the_latest_first_with_why_it_has_no_effect() -> None:
    listed = list_decisions(HISTORY, resolved=RESOLVED, everything=False)

    assert [(each.id, each.status, each.remark) for each in listed] == [
        (4, "no_effect", "items: no item 'gone' in the catalogue"),
        (2, "in_force", "'bread' is out of stock"),
    ]


def test_the_audit_trail_has_what_was_replaced_and_revoked_too() -> None:
    listed = list_decisions(HISTORY, resolved=None, everything=True)

    assert [(each.id, each.status, each.remark) for each in listed] == [
        (4, "in_force", ""),
        (3, "revoked", ""),
        (2, "in_force", ""),
        (1, "replaced", "by decision 2"),
    ]
    assert listed[1].revoked_by == "Bo"


def test_without_decisions_nothing_is_listed() -> None:
    assert list_decisions([], resolved=None, everything=True) == []
