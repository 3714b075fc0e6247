"""The word that stands now, against the artifact that answers."""

from __future__ import annotations

from collections.abc import Callable

from bundles.rules.decided import Decided
from bundles.rules.resolve import ResolvedWord, resolve_word
from bundles.rules.targets import DecisionTargets
from bundles.rules.word import MerchantWord


class StandingWord:
    """Asks `word` for what stands at every request, and resolves it once a version. Threads may share it."""

    def __init__(self, word: Callable[[], MerchantWord], *, targets: DecisionTargets) -> None:
        self._word, self.targets = word, targets
        self._known: tuple[MerchantWord, ResolvedWord] | None = None

    def resolved(self) -> ResolvedWord:
        """What stands now.

        Raises:
            JournalError: If the decisions cannot be read: then nothing is answered that they might forbid.
        """
        word, known = self._word(), self._known
        if known is not None and known[0] is word:
            return known[1]
        resolved = resolve_word(word, targets=self.targets)
        self._known = (word, resolved)
        return resolved

    def decided(self) -> Decided:
        """The same, as answers need it."""
        return self.resolved().decided
