"""What must hold between the events of a scenario: nothing may happen where it cannot."""

from __future__ import annotations

from collections.abc import Sequence

from bot.config.places import Place
from bot.core.scenario import (
    Cue,
    FeeCue,
    GateCue,
    PushCue,
    ReorgCue,
    StaleCue,
    StallCue,
    ThinCue,
)


def check_cues(cues: Sequence[Cue], place: Place) -> None:
    """Report every event that falls into another which leaves no room for it."""
    _refuse_overlaps(cues, place)
    _refuse_two_pushes(cues, place)
    _refuse_two_words(cues, place)
    if any(isinstance(cue, FeeCue) for cue in cues):
        for number, cue in enumerate(cues, start=1):
            if isinstance(cue, ThinCue):
                place.item(number).child("kind").report(
                    "cannot be where the protocol collects its fee", "leave one of them out"
                )


def steps_of(cue: Cue) -> range:
    """The steps at which a cue needs a block of its own, first to last.

    An attacker's way back takes whichever block comes next.
    """
    if isinstance(cue, PushCue):
        return range(cue.step, cue.step + max(1, cue.blocks))
    return range(cue.step, cue.step + 1)


def _refuse_overlaps(cues: Sequence[Cue], place: Place) -> None:
    """No event in a stall, and no reorg that reaches into a stall or into another reorg."""
    stalls = [range(cue.step, cue.step + cue.steps) for cue in cues if isinstance(cue, StallCue)]
    # The block that a cut-off reader sees must stay, too.
    stales = [range(c.step - 1, c.step + c.steps) for c in cues if isinstance(c, StaleCue)]
    taken: list[range] = [*stalls, *stales]
    for number, cue in enumerate(cues, start=1):
        here = place.item(number)
        back = cue.step + cue.steps if isinstance(cue, ThinCue) else cue.step
        if not isinstance(cue, StallCue) and any(
            back in stall or _meet(steps_of(cue), stall) for stall in stalls
        ):
            here.child("day").report("falls into a stall, which has no blocks", "move one of them")
        if isinstance(cue, ReorgCue):
            undone = range(cue.step - cue.depth, cue.step + 1)
            if any(_meet(undone, other) for other in taken):
                here.child("depth").report(
                    "reaches into a stall, a stale node or another reorg", "move one of them"
                )
            taken.append(undone)


def _refuse_two_pushes(cues: Sequence[Cue], place: Place) -> None:
    """An attacker who is not done yet leaves no room for another in the same pool."""
    seen: list[PushCue] = []
    for number, cue in enumerate(cues, start=1):
        if isinstance(cue, PushCue):
            if any(o.pool == cue.pool and _meet(steps_of(o), steps_of(cue)) for o in seen):
                place.item(number).child("day").report(
                    "falls into another attack on that pool", "move one of them"
                )
            seen.append(cue)


def _refuse_two_words(cues: Sequence[Cue], place: Place) -> None:
    """One transaction of the multisig a block: each is approved by its place in the line."""
    seen: set[int] = set()
    for number, cue in enumerate(cues, start=1):
        if isinstance(cue, GateCue):
            if cue.step in seen:
                place.item(number).child("day").report(
                    "has another word of the multisig", "give one gate event a step"
                )
            seen.add(cue.step)


def _meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
