"""`decisions`: list merchandising decisions; record and revoke them for the commands of `decide`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options
from cli.output import print_json, print_line, print_table, print_warnings
from cli.requests import read_request

if TYPE_CHECKING:
    from bundles.rules.listing import ListedDecision
    from bundles.rules.log import DecisionLog
    from bundles.rules.targets import DecisionTargets


def decisions(
    everything: Annotated[
        bool, typer.Option("--all", help="Also list replaced and revoked decisions.")
    ] = False,
    home: options.Home = options.DEFAULT_HOME,
    as_json: options.Json = False,
) -> None:
    """List merchandising decisions with author, time and status."""
    from bundles.rules.log import DecisionLog

    with DecisionLog(home) as log:
        listed = _listed(log, _targets(home), everything=everything)
    if as_json:
        print_json([each.model_dump(mode="json") for each in listed])
        return
    if not listed:
        print_line("No decisions in force; see bundlegraph decide --help")
        raise typer.Exit(1)
    print_table(
        None,
        ["id", "kind", "about", "", "by", "made (UTC)", "note", "status"],
        [
            [
                each.id,
                each.kind,
                _about(each),
                _value(each),
                each.made_by,
                f"{each.made_at:%Y-%m-%d %H:%M}",
                each.note,
                _status(each),
            ]
            for each in listed
        ],
    )


def record(home: Path, *, as_json: bool, **fields: object) -> None:
    """Record the decision of `fields` (those of `DecisionRequest`; None: not given) and print it.

    Raises:
        RequestError: If the decision is wrong; it names the first error.
    """
    from bundles.rules.decisions import DecisionRequest
    from bundles.rules.log import DecisionLog

    given = {name: value for name, value in fields.items() if value is not None}
    request = read_request(DecisionRequest, given)
    targets = _targets(home)
    if targets is None:
        print_warnings(["no model is in service yet: recorded without a check against the catalogue"])
    else:
        targets.check(request)
    with DecisionLog(home) as log:
        _print(_listed_one(log, log.record(request).id, targets), as_json=as_json)


def record_revocation(home: Path, decision_id: int, *, revoked_by: str, as_json: bool) -> None:
    """Revoke a decision and print it.

    Raises:
        DecisionError: If there is no decision with that id, or it was revoked before.
    """
    from bundles.rules.decisions import Revocation
    from bundles.rules.log import DecisionLog

    by = read_request(Revocation, {"revoked_by": revoked_by}).revoked_by
    with DecisionLog(home) as log:
        revoked = log.revoke(decision_id, revoked_by=by)
        _print(_listed_one(log, revoked.id, None), as_json=as_json)


def _targets(home: Path) -> DecisionTargets | None:
    """The items and bundles of the model in service; None without a model."""
    from bundles.catalogue import ItemCatalogue
    from bundles.rules.targets import DecisionTargets
    from gnn.registry import load_promoted, promoted

    models = home / "models"
    if promoted(models) is None:
        return None
    artifact = load_promoted(models)
    return DecisionTargets(artifact, catalogue=ItemCatalogue(artifact))


def _listed(log: DecisionLog, targets: DecisionTargets | None, *, everything: bool) -> list[ListedDecision]:
    from bundles.rules.listing import list_decisions
    from bundles.rules.resolve import resolve_rules

    resolved = None if targets is None else resolve_rules(log.rules(), targets=targets)
    return list_decisions(log.history(), resolved=resolved, everything=everything)


def _listed_one(log: DecisionLog, decision_id: int, targets: DecisionTargets | None) -> ListedDecision:
    return next(each for each in _listed(log, targets, everything=True) if each.id == decision_id)


def _print(decision: ListedDecision, *, as_json: bool) -> None:
    if as_json:
        print_json(decision.model_dump(mode="json"))
    else:
        print_line(f"Decision {decision.id}: {_sentence(decision)} ({_status(decision)})")


def _sentence(decision: ListedDecision) -> str:
    return " ".join(part for part in (decision.kind, _about(decision), _value(decision)) if part)


def _about(decision: ListedDecision) -> str:
    return decision.bundle_id or ", ".join(decision.items)


def _value(decision: ListedDecision) -> str:
    """The values of a decision, besides its target."""
    if decision.title is not None:
        return f"title {decision.title!r}"
    if decision.price is not None:
        return f"price {decision.price}"
    share = "" if decision.share is None else f"share {decision.share}"
    floor = "" if decision.margin_floor is None else f"margin floor {decision.margin_floor}"
    return ", ".join(part for part in (share, floor) if part)


def _status(decision: ListedDecision) -> str:
    status = decision.status.replace("_", " ")
    if decision.revoked_at is not None:
        return f"{status} by {decision.revoked_by}, {decision.revoked_at:%Y-%m-%d %H:%M}"
    return f"{status}: {decision.remark}" if decision.remark else status
