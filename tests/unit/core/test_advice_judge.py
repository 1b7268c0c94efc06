"""Which action is advised now, day by day: confirmations, cooldown, rivals, and what stands."""

from __future__ import annotations

import pytest

from bot.core.advice import Action, Advice, Cost, Why
from bot.core.advice_judge import NOTHING_SAID, Said, judge, said_after
from bot.core.advice_terms import AdviceTerms, Kind

DAY = 86_400
TERMS = AdviceTerms(confirmations=3, cooldown_s=5 * DAY)
FOLLOWING = AdviceTerms(confirmations=3, cooldown_s=5 * DAY, follow=True)


def worth(kind: Kind, action: Action, target: str, gain: int = 100, cost: int = 0) -> Advice:
    return Advice(
        pool="P", kind=kind, action=action, why=Why.AWAITS, target=target, gain_atoms=gain,
        cost=Cost(gas_atoms=cost),
    )  # fmt: skip


NARROW = worth(Kind.RANGE, Action.NARROW, "2500")
WIDEN = worth(Kind.RANGE, Action.WIDEN, "full")
TIER = worth(Kind.TIER, Action.MOVE_TIER, "5")
COMPOUND = worth(Kind.COMPOUND, Action.COMPOUND, "77")
STAY = Advice(pool="P", kind=Kind.RANGE, action=Action.KEEP, why=Why.BEST)


def days(
    *weighings: tuple[Advice, ...], terms: AdviceTerms = TERMS, said: Said = NOTHING_SAID
) -> list[list[Why]]:
    """What is said of each day's weighing, each piece's reason."""
    found = []
    for day, weighed in enumerate(weighings):
        judged = judge(weighed, said, terms, time_s=day * DAY)
        said = said_after(said, judged, time_s=day * DAY)
        found.append([one.why for one in judged])
    return found


def test_advice_is_given_on_the_third_weighing_in_a_row_and_stands_while_it_pays() -> None:
    assert days(*[(NARROW,)] * 5) == [[Why.AWAITS]] * 2 + [[Why.PAYS]] * 3


@pytest.mark.parametrize("between", [STAY, WIDEN])
def test_one_weighing_that_says_otherwise_begins_the_count_anew(between: Advice) -> None:
    told = days((NARROW,), (NARROW,), (between,), (NARROW,), (NARROW,), (NARROW,))
    assert [why for (why,) in told[3:]] == [Why.AWAITS, Why.AWAITS, Why.PAYS]


def test_an_amount_that_changes_is_the_same_advice_and_a_width_is_not() -> None:
    sizes = [(worth(Kind.RESIZE, Action.GROW, str(amount)),) for amount in (10, 20, 30)]
    assert days(*sizes)[2] == [Why.PAYS]
    widths = [(worth(Kind.RANGE, Action.NARROW, width),) for width in ("1000", "2500", "1000")]
    assert days(*widths)[2] == [Why.AWAITS]


@pytest.mark.parametrize("terms", [TERMS, FOLLOWING])
def test_other_advice_waits_for_the_whole_cooldown_and_not_a_weighing_longer(
    terms: AdviceTerms,
) -> None:
    """Given on day 2; five days later is day 7."""
    gone = [(NARROW, TIER), (STAY, TIER)]
    told = days((NARROW,), (NARROW, TIER), *gone[:1], *[gone[1]] * 5, terms=terms)
    given = Why.FOLLOWED if terms.follow else Why.PAYS
    assert told[2] == [given, Why.AWAITS]
    assert [tier for _, tier in told[3:7]] == [Why.SETTLING] * 4
    assert told[7] == [Why.BEST, given]


def test_what_was_followed_is_done_and_waits_for_the_cooldown_like_any_other() -> None:
    told = days(*[(NARROW,)] * 9, terms=FOLLOWING)
    expected = [Why.AWAITS] * 2 + [Why.FOLLOWED] + [Why.SETTLING] * 4 + [Why.FOLLOWED, Why.SETTLING]
    assert [why for (why,) in told] == expected


def test_the_cooldown_counts_from_when_advice_was_first_given() -> None:
    """Given on day 2 and standing since: on day 8 a better one takes its place at once, and then it
    has a cooldown of its own."""
    better = worth(Kind.TIER, Action.MOVE_TIER, "5", gain=200)
    told = days(*[(NARROW,)] * 6, *[(NARROW, better)] * 4, (NARROW,), (NARROW, better))
    assert told[5] == [Why.PAYS]
    assert told[6] == told[7] == [Why.PAYS, Why.AWAITS]
    assert told[8] == [Why.OUTBID, Why.PAYS]
    assert told[9] == [Why.SETTLING, Why.PAYS]


def test_what_fell_is_not_given_again_before_the_cooldown_is_over() -> None:
    told = days(*[(NARROW,)] * 3, (STAY,), *[(NARROW,)] * 4)
    assert [why for (why,) in told[4:]] == [Why.AWAITS, Why.AWAITS, Why.SETTLING, Why.PAYS]


def test_the_better_of_two_is_the_one_that_brings_more_after_its_cost() -> None:
    dear = worth(Kind.RANGE, Action.NARROW, "2500", gain=150, cost=60)
    assert days(*[(dear, TIER)] * 3)[2] == [Why.OUTBID, Why.PAYS]
    fair = worth(Kind.RANGE, Action.NARROW, "2500", gain=150, cost=40)
    assert days(*[(fair, TIER)] * 3)[2] == [Why.PAYS, Why.OUTBID]


def test_fees_are_put_back_in_a_cooldown_and_keep_nothing_waiting() -> None:
    told = days(*[(NARROW, COMPOUND)] * 3, *[(STAY, TIER, COMPOUND)] * 5, terms=FOLLOWING)
    assert told[2] == [Why.FOLLOWED, Why.OUTBID]
    assert all(one[2] is Why.FOLLOWED for one in told[3:7])
    assert told[7] == [Why.BEST, Why.FOLLOWED, Why.OUTBID]


def test_a_move_is_given_before_fees_are_put_back_whatever_these_bring() -> None:
    rich = worth(Kind.COMPOUND, Action.COMPOUND, "77", gain=10_000)
    assert days(*[(NARROW, rich)] * 3)[2] == [Why.PAYS, Why.OUTBID]


def test_what_is_not_worth_it_keeps_its_reason() -> None:
    for why in (Why.SMALL, Why.SLOW, Why.UNKNOWN, Why.NO_TARGET, Why.DOUBTED, Why.BY_ITSELF):
        kept = Advice(pool="P", kind=Kind.TIER, action=Action.KEEP, why=why)
        assert days(*[(kept,)] * 4) == [[why]] * 4
