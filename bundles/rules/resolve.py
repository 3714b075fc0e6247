"""The merchandiser's word against one catalogue: ids become indices; what has no effect there is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from bundles.present.discounts import DiscountPolicy
from bundles.rules.decided import UNDECIDED, BundleWord, Decided, Verdict
from bundles.rules.requests import Decision
from bundles.rules.targets import DecisionTargets
from bundles.rules.word import MerchantWord

_VERDICTS: dict[str, Verdict] = {"approve": "approved", "pin": "pinned", "reject": "rejected"}
_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True)
class ResolvedWord:
    """What stands in one catalogue."""

    decided: Decided
    without_effect: Mapping[int, str]
    """Why, by the id of a decision in force that has no effect there."""
    hints: Mapping[int, str]
    """What is in the way of a bundle that was approved or pinned, by the id of the decision."""


def resolve_word(word: MerchantWord, *, targets: DecisionTargets) -> ResolvedWord:
    """`word` in the indices of the catalogue of `targets`.

    A decision about items is about the composed bundle of exactly these and, but for a price, about a bundle
    of the shop's own that holds the same (`BundleWord.over`); one about a `bundle_id` is about that bundle
    alone, but that what is rejected so is not composed either, unless it has a verdict as composed. A bundle
    that was approved or pinned and holds what is banned stays banned.
    """
    faults = {decision.id: targets.fault_of(decision) for decision in word.decisions}
    without_effect = {which: f"{fault.field}: {fault.message}" for which, fault in faults.items() if fault}
    effective = [decision for decision in word.decisions if decision.id not in without_effect]

    bans = {frozenset(targets.items_of(each)): each.id for each in effective if each.kind == "ban"}
    shown = [each for each in effective if each.kind in ("approve", "pin")]
    for decision in shown:
        held = frozenset(targets.items_of(decision))
        guilty = [ban for items, ban in bans.items() if items <= held]
        if guilty:
            without_effect[decision.id] = f"it holds what decision {min(guilty)} bans"

    sets: dict[frozenset[int], BundleWord] = {}
    shop_bundles: dict[int, BundleWord] = {}
    for decision in effective:
        if decision.kind not in ("ban", "discount"):
            bundle = targets.bundle_of(decision)
            if bundle is None:
                _add(decision, sets, frozenset(targets.items_of(decision)), targets)
            else:
                _add(decision, shop_bundles, bundle, targets)
    _carry_rejections(shop_bundles, sets, targets)
    return ResolvedWord(
        Decided(
            banned=frozenset(item for items in bans if len(items) == 1 for item in items),
            partners=_partners(items for items in bans if len(items) == 2),
            sets=sets,
            shop_bundles=shop_bundles,
            discount=next(
                (
                    DiscountPolicy(each.share, each.margin_floor)
                    for each in effective
                    if each.kind == "discount"
                ),
                None,
            ),
        ),
        without_effect,
        hints={each.id: hint for each in shown if (hint := targets.hint_on(each))},
    )


def _add(decision: Decision, words: dict[_Key, BundleWord], key: _Key, targets: DecisionTargets) -> None:
    # Put in again, at the end: what was last decided about comes last.
    known = words.pop(key, UNDECIDED)
    if decision.kind == "rename":
        words[key] = replace(known, title=decision.title or "")
    elif decision.kind == "price" and decision.price is not None:
        words[key] = replace(known, offer=targets.minor_units(decision.price))
    else:
        words[key] = replace(known, verdict=_VERDICTS[decision.kind])


def _carry_rejections(
    shop_bundles: Mapping[int, BundleWord], sets: dict[frozenset[int], BundleWord], targets: DecisionTargets
) -> None:
    for bundle, known in shop_bundles.items():
        items = frozenset(targets.items_of_bundle(bundle))
        own = sets.get(items, UNDECIDED)
        if known.verdict == "rejected" and own.verdict is None:
            sets[items] = replace(own, verdict="rejected")


def _partners(pairs: Iterable[frozenset[int]]) -> dict[int, frozenset[int]]:
    partners: defaultdict[int, frozenset[int]] = defaultdict(frozenset)
    for pair in pairs:
        for item in pair:
            partners[item] |= pair - {item}
    return dict(partners)
