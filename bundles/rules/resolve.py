"""Resolve merchandising rules against one catalogue: ids become indices, inactive rules get a remark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from bundles.present.discounts import DiscountPolicy
from bundles.rules.active import NO_BUNDLE_RULE, ActiveRules, BundleRule, Verdict
from bundles.rules.decisions import Decision, MerchandisingRules
from bundles.rules.targets import DecisionTargets

_VERDICTS: dict[str, Verdict] = {"approve": "approved", "pin": "pinned", "reject": "rejected"}
_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True)
class ResolvedRules:
    """Merchandising rules in the indices of one catalogue."""

    active: ActiveRules
    without_effect: Mapping[int, str]
    """Why an active decision has no effect in this catalogue, by its id."""
    hints: Mapping[int, str]
    """What keeps an approved or pinned bundle from being shown, by the id of the decision."""


class RuleResolver:
    """Reads the active rules at every request and resolves them once a version. Threads may share it."""

    def __init__(self, rules: Callable[[], MerchandisingRules], *, targets: DecisionTargets) -> None:
        self._rules, self.targets = rules, targets
        self._latest: tuple[MerchandisingRules, ResolvedRules] | None = None

    def resolved(self) -> ResolvedRules:
        """The rules that are active now.

        Raises:
            JournalError: If the decisions cannot be read: an answer could hold what they forbid.
        """
        rules, latest = self._rules(), self._latest
        if latest is not None and latest[0] is rules:
            return latest[1]
        resolved = resolve_rules(rules, targets=self.targets)
        self._latest = (rules, resolved)
        return resolved

    def active(self) -> ActiveRules:
        """The rules that are active now, without their audit trail; raises as `resolved` does."""
        return self.resolved().active


def resolve_rules(rules: MerchandisingRules, *, targets: DecisionTargets) -> ResolvedRules:
    """`rules` in the indices of the catalogue of `targets`.

    A rule for a set of items applies to the composed bundle of exactly these items. Except for a price, it
    also applies to the shop's own bundles that hold the same items (`BundleRule.with_fallback`). A rule for a
    `bundle_id` applies to that bundle alone, but a rejection also rejects the composed bundle of its items,
    unless that has a verdict of its own. A ban overrides approve and pin.
    """
    faults = {decision.id: targets.fault_of(decision) for decision in rules.decisions}
    without_effect = {which: f"{fault.field}: {fault.message}" for which, fault in faults.items() if fault}
    effective = [decision for decision in rules.decisions if decision.id not in without_effect]

    bans = {frozenset(targets.items_of(each)): each.id for each in effective if each.kind == "ban"}
    shown = [each for each in effective if each.kind in ("approve", "pin")]
    for decision in shown:
        held = frozenset(targets.items_of(decision))
        blocking = [ban for items, ban in bans.items() if items <= held]
        if blocking:
            without_effect[decision.id] = f"it holds what decision {min(blocking)} bans"

    bundles: dict[frozenset[int], BundleRule] = {}
    shop_bundles: dict[int, BundleRule] = {}
    for decision in effective:
        if decision.kind not in ("ban", "discount"):
            bundle = targets.bundle_of(decision)
            if bundle is None:
                _add(decision, bundles, frozenset(targets.items_of(decision)), targets)
            else:
                _add(decision, shop_bundles, bundle, targets)
    _copy_rejections(shop_bundles, bundles, targets)
    policies = [
        DiscountPolicy(each.share, each.margin_floor) for each in effective if each.kind == "discount"
    ]
    return ResolvedRules(
        ActiveRules(
            banned=frozenset(item for items in bans if len(items) == 1 for item in items),
            banned_with=_banned_with(items for items in bans if len(items) == 2),
            bundles=bundles,
            shop_bundles=shop_bundles,
            discount=policies[0] if policies else None,
        ),
        without_effect,
        hints={each.id: hint for each in shown if (hint := targets.hint_on(each))},
    )


def _add(decision: Decision, rules: dict[_Key, BundleRule], key: _Key, targets: DecisionTargets) -> None:
    # Removed and added again, so that the latest rule is the last entry.
    rule = rules.pop(key, NO_BUNDLE_RULE)
    if decision.kind == "rename":
        rules[key] = replace(rule, title=decision.title or "")
    elif decision.kind == "price" and decision.price is not None:
        rules[key] = replace(rule, offer=targets.minor_units(decision.price))
    else:
        rules[key] = replace(rule, verdict=_VERDICTS[decision.kind])


def _copy_rejections(
    shop_bundles: Mapping[int, BundleRule],
    bundles: dict[frozenset[int], BundleRule],
    targets: DecisionTargets,
) -> None:
    for bundle, rule in shop_bundles.items():
        items = frozenset(targets.items_of_bundle(bundle))
        own = bundles.get(items, NO_BUNDLE_RULE)
        if rule.verdict == "rejected" and own.verdict is None:
            bundles[items] = replace(own, verdict="rejected")


def _banned_with(pairs: Iterable[frozenset[int]]) -> dict[int, frozenset[int]]:
    banned_with: defaultdict[int, frozenset[int]] = defaultdict(frozenset)
    for pair in pairs:
        for item in pair:
            banned_with[item] |= pair - {item}
    return dict(banned_with)
