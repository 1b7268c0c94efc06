"""The average of a sealed order: the bot's own to the last integer, and what bends it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from brownie.test import given
from hypothesis import settings
from hypothesis import strategies as st

from bot.core.twap import CLOCK_MODULUS, CUMULATIVE_MODULUS, twap_atoms
from tests.contract.sealing import (
    CLOSE_S,
    REST_S,
    WINDOW_S,
    Market,
    Path,
    next_at,
    now_s,
    open_market,
    quote_at,
)

EXAMPLES = 10
BPS = 10_000
QUARTER = Fraction(1, 4)

trades = st.tuples(
    st.booleans(), st.fractions(Fraction(1, 10**4), Fraction(1, 2)), st.integers(1, 400)
)
"""Whether base is sold, the share of its reserve, and the seconds since the trade before."""


# -- the same average as the bot's ----------------------------------------------------------------


@settings(max_examples=EXAMPLES)
@given(
    flipped=st.booleans(),
    moves=st.lists(trades, min_size=2, max_size=5),
    late_s=st.integers(0, CLOSE_S),
)
def test_a_whole_base_token_is_sold_at_the_average_that_the_bot_settles_by(
    market: Market, *, flipped: bool, moves: list[tuple[bool, Fraction, int]], late_s: int
) -> None:
    """Of the same blocks, every one seen, and of the first and the last alone."""
    market = market.flipped() if flipped else market
    decimals = int(market.base.decimals())
    terms = market.terms(is_buy=False, base_atoms=10**decimals)
    opened_s = market.commit(terms)
    seen = [market.seen()]
    last_s = closed_s = opened_s + WINDOW_S + late_s
    for sells_base, share, wait_s in moves:
        at_s = min(now_s() + wait_s, last_s - 1)
        if at_s <= now_s():
            break
        token = market.base if sells_base else market.quote
        reserve = market.reserves[0 if sells_base else 1]
        market.swap(token, max(1, int(reserve * share)), at_s=at_s)
        seen.append(market.seen())
    market.close(terms, at_s=closed_s)
    seen.append(market.seen())
    told = market.reveal(terms, at_s=closed_s + REST_S)
    for observations in (seen, (seen[0], seen[-1])):
        average = twap_atoms(
            observations,
            window_start_s=opened_s,
            window_end_s=closed_s,
            base_decimals=decimals,
        )
        assert told["quoteAtoms"] == average


@settings(max_examples=EXAMPLES)
@given(
    flipped=st.booleans(),
    is_buy=st.booleans(),
    base_atoms=st.integers(1, 2**112 - 1) | st.integers(1, 10**6),
    move_bps=st.integers(-5_000, 20_000).filter(bool),
    after_s=st.integers(1, WINDOW_S - 1),
)
def test_any_quantity_is_priced_exactly_and_rounded_against_its_owner(
    market: Market, *, flipped: bool, is_buy: bool, base_atoms: int, move_bps: int, after_s: int
) -> None:
    """Against the prices added up by hand, in fractions."""
    market = market.flipped() if flipped else market
    terms = market.terms(is_buy=is_buy, base_atoms=base_atoms)
    opened_s = market.commit(terms)
    path = Path(market, from_s=opened_s)
    market.push(Fraction(move_bps, BPS), at_s=opened_s + after_s)
    path.until(opened_s + after_s)
    closed_s = opened_s + WINDOW_S
    growth = path.until(closed_s)
    told = market.settle(terms, close_at_s=closed_s)
    assert told["quoteAtoms"] == quote_at(growth, window_s=WINDOW_S, terms=terms)


def test_the_sums_of_the_pair_may_wrap_within_the_average(
    market: Market, token_factory: Any
) -> None:
    """One atom against 2**112 - 1 adds 2**224 a second, which fills 256 bits in 2**32 seconds.

    The pair is touched once in between: its clock tells no more than that.
    """
    tokens = sorted((token_factory(0, "ONE"), token_factory(0, "MANY")), key=lambda t: t.address)
    steep = open_market(
        market.book,
        factory=market.factory,
        router=market.router,
        tokens=(tokens[0], tokens[1]),
        reserves=(1, 2**112 - 1),
    )
    began_s = now_s()
    next_at(began_s + 2**31)
    steep.pair.sync({"from": steep.trader})
    terms = steep.terms(is_buy=False, base_atoms=1)
    opened_s = steep.commit(terms, at_s=began_s + CLOCK_MODULUS - WINDOW_S // 2)
    before = steep.seen()
    closed = steep.close(terms, at_s=opened_s + WINDOW_S)
    after = steep.seen()
    assert after.cumulative < WINDOW_S << 224 < CUMULATIVE_MODULUS // 2 < before.cumulative
    assert closed["growth0"] == ((2**112 - 1) << 112) * WINDOW_S
    told = steep.reveal(terms, at_s=opened_s + WINDOW_S + REST_S)
    assert told["quoteAtoms"] == 2**112 - 1


def test_the_clock_of_the_pair_may_wrap_within_the_average(market: Market) -> None:
    """In the year 2106; traded before and after."""
    terms = market.terms(is_buy=False)
    opened_s = market.commit(terms, at_s=CLOCK_MODULUS - WINDOW_S // 2)
    path = Path(market, from_s=opened_s)
    before = market.seen()
    for at_s in (CLOCK_MODULUS - 5, CLOCK_MODULUS + 5):
        market.push(QUARTER, at_s=at_s)
        path.until(at_s)
    closed_s = opened_s + WINDOW_S
    market.close(terms, at_s=closed_s)
    told = market.reveal(terms, at_s=closed_s + REST_S)
    growth = path.until(closed_s)
    assert (market.seen().cumulative - before.cumulative) > growth
    assert told["quoteAtoms"] == quote_at(growth, window_s=WINDOW_S, terms=terms)
