"""Advice does not flap, over drawn histories of what would have paid."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.core.advice import Action, Advice, Cost, Why
from bot.core.advice_judge import NOTHING_SAID, judge, said_after
from bot.core.advice_terms import AdviceTerms, Kind

MOVES = {
    Kind.RESIZE: (Action.GROW, Action.SHRINK),
    Kind.RANGE: (Action.NARROW, Action.WIDEN),
    Kind.TIER: (Action.MOVE_TIER,),
    Kind.MIGRATE: (Action.MIGRATE,),
    Kind.COMPOUND: (Action.COMPOUND,),
}


@st.composite
def weighings(draw: st.DrawFn) -> tuple[Advice, ...]:
    found = []
    for kind in Kind:
        worth = draw(st.booleans())
        action = draw(st.sampled_from(MOVES[kind])) if worth else Action.KEEP
        found.append(
            Advice(
                pool="P",
                kind=kind,
                action=action,
                why=Why.AWAITS if worth else draw(st.sampled_from([Why.SMALL, Why.UNKNOWN])),
                target=draw(st.sampled_from(["1", "2"])),
                gain_atoms=draw(st.integers(1, 1_000)) if worth else 0,
                cost=Cost(gas_atoms=draw(st.integers(0, 100))),
            )
        )
    return tuple(found)


TERMS = st.builds(
    AdviceTerms,
    follow=st.booleans(),
    confirmations=st.integers(1, 4),
    cooldown_s=st.integers(0, 10),
)
HISTORIES = st.lists(st.tuples(st.integers(1, 4), weighings()), max_size=40)


def told(terms: AdviceTerms, history: list[tuple[int, tuple[Advice, ...]]]):  # type: ignore[no-untyped-def]
    said, time_s = NOTHING_SAID, 0
    for elapsed_s, found in history:
        time_s += elapsed_s
        judged = judge(found, said, terms, time_s=time_s)
        yield time_s, found, judged, said
        said = said_after(said, judged, time_s=time_s)


@given(terms=TERMS, history=HISTORIES)
def test_at_most_one_piece_of_advice_is_given_at_a_time(
    terms: AdviceTerms, history: list[tuple[int, tuple[Advice, ...]]]
) -> None:
    for _, found, judged, _ in told(terms, history):
        given_now = [one for one in judged if one.is_given]
        assert len(given_now) <= 1
        assert all(one.why is (Why.FOLLOWED if terms.follow else Why.PAYS) for one in given_now)
        for before, after in zip(found, judged, strict=True):
            assert replace(after, why=before.why) == before
            assert before.why is Why.AWAITS or after.why is before.why


@given(terms=TERMS, history=HISTORIES)
def test_other_advice_comes_no_sooner_than_the_cooldown_after_the_last(
    terms: AdviceTerms, history: list[tuple[int, tuple[Advice, ...]]]
) -> None:
    """Compounding apart: that is no change of mind."""
    last: tuple[str, int] | None = None
    for time_s, _, judged, _ in told(terms, history):
        for one in judged:
            if not one.is_given or one.kind is Kind.COMPOUND:
                continue
            if last is not None and (one.key != last[0] or terms.follow):
                assert time_s - last[1] >= terms.cooldown_s
            if last is None or one.key != last[0] or terms.follow:
                last = (one.key, time_s)


@given(terms=TERMS, history=HISTORIES)
def test_advice_is_given_only_after_so_many_weighings_in_a_row_have_agreed(
    terms: AdviceTerms, history: list[tuple[int, tuple[Advice, ...]]]
) -> None:
    seen: list[tuple[Advice, ...]] = []
    standing = ""
    for _, found, judged, _ in told(terms, history):
        seen.append(found)
        for place, one in enumerate(judged):
            if one.is_given and one.key != standing:
                row = [weighed[place] for weighed in seen[-terms.confirmations :]]
                assert len(row) == terms.confirmations
                assert all(each.why is Why.AWAITS and each.key == one.key for each in row)
        given_now = [one for one in judged if one.is_given and one.kind is not Kind.COMPOUND]
        standing = given_now[0].key if given_now and not terms.follow else ""


@given(terms=TERMS, history=HISTORIES)
def test_what_is_given_earns_the_most_of_what_could_be_given(
    terms: AdviceTerms, history: list[tuple[int, tuple[Advice, ...]]]
) -> None:
    for _, _, judged, _ in told(terms, history):
        best = next((one for one in judged if one.is_given), None)
        outbid = [one for one in judged if one.why is Why.OUTBID]
        if best is None:
            assert not outbid
            continue
        for one in outbid:
            if one.kind is not Kind.COMPOUND:
                assert one.gain_atoms - one.cost.atoms <= best.gain_atoms - best.cost.atoms
