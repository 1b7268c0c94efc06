"""Which of the actions that would pay is advised now: what has been said before counts.

Advice that flaps is none. An action must pay in so many weighings in a row; then it is advised,
alone, and for a while nothing else is; what stands is taken back only when it is clearly untrue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot.core.advice import WORTH, Advice, Why
from bot.core.advice_terms import AdviceTerms, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The advice that was given last. key: empty once it was taken back. since_s: block time."""

    key: str = ""
    since_s: int | None = None

    def is_fresh(self, time_s: int, terms: AdviceTerms) -> bool:
        """Whether it is too early for any other."""
        return self.since_s is not None and time_s - self.since_s < terms.cooldown_s


NEVER_GIVEN = Given()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What has been said of a position. streaks: by kind, what would have paid and how often in
    a row."""

    given: Given = NEVER_GIVEN
    streaks: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def streak(self, advice: Advice) -> int:
        """How often in a row this would have paid before now."""
        key, count = self.streaks.get(advice.kind.value, ("", 0))
        return count if key == advice.key else 0


NOTHING_SAID = Said()


def judge(
    found: Iterable[Advice], said: Said, terms: AdviceTerms, *, time_s: int
) -> tuple[Advice, ...]:
    """The same advice with what was said before held against it; at most one is given.

    Fees are put back whenever nothing else is done, which puts them back too: that is no change of
    mind, so neither does it wait for other advice nor is other advice kept waiting.
    """
    weighed = tuple(found)
    ripe = [advice for advice in weighed if _is_ripe(advice, said, terms, time_s=time_s)]
    moves = [advice for advice in ripe if advice.kind is not Kind.COMPOUND]
    best = max(moves or ripe, key=lambda one: one.gain_atoms - one.cost.atoms, default=None)
    return tuple(
        replace(advice, why=_why(advice, best, said, terms, time_s=time_s))
        if advice.why is Why.AWAITS
        else advice
        for advice in weighed
    )


def said_after(said: Said, judged: Iterable[Advice], *, time_s: int) -> Said:
    """What has been said once these were recorded."""
    told = tuple(judged)
    streaks = {
        advice.kind.value: (advice.key, said.streak(advice) + 1)
        for advice in told
        if advice.why in WORTH
    }
    given = said.given
    moves = [advice for advice in told if advice.kind is not Kind.COMPOUND]
    fresh = next((advice for advice in moves if advice.is_given), None)
    if fresh is not None and fresh.key != given.key:  # what was followed leaves no key standing
        given = Given(key="" if fresh.why is Why.FOLLOWED else fresh.key, since_s=time_s)
    elif fresh is None and given.key:
        given = replace(given, key="")
    return Said(given=given, streaks=streaks)


def _is_ripe(advice: Advice, said: Said, terms: AdviceTerms, *, time_s: int) -> bool:
    if advice.why is not Why.AWAITS:
        return False
    if advice.key == said.given.key:
        return True
    enough = said.streak(advice) + 1 >= terms.confirmations
    return enough and not _is_held_back(advice, said, terms, time_s=time_s)


def _is_held_back(advice: Advice, said: Said, terms: AdviceTerms, *, time_s: int) -> bool:
    return advice.kind is not Kind.COMPOUND and said.given.is_fresh(time_s, terms)


def _why(
    advice: Advice, best: Advice | None, said: Said, terms: AdviceTerms, *, time_s: int
) -> Why:
    if advice is best:
        return Why.FOLLOWED if terms.follow else Why.PAYS
    if said.streak(advice) + 1 < terms.confirmations and advice.key != said.given.key:
        return Why.AWAITS
    is_held_back = _is_held_back(advice, said, terms, time_s=time_s)
    return Why.SETTLING if is_held_back else Why.OUTBID
