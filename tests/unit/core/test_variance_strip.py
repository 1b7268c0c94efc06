"""The variance-strip index: both white papers, flat chains with a known answer, and refusals."""

from __future__ import annotations

import math

import pytest

from bot.core.errors import MarketDataError, VolIndexError
from bot.core.units import DAY_S, YEAR_S
from bot.core.variance_strip import interpolated, strip_variance, vol_index
from tests.builders.chains import (
    Quote,
    chain_of,
    flat_quotes,
    old_white_paper_quotes,
    white_paper_quotes,
)

STRIKES = [float(strike) for strike in range(200, 8000, 10)]


def test_the_white_papers_example_comes_out_to_the_last_digit() -> None:
    """Source: the CBOE's VIX white paper (13.69) and the project's reference values, section 7.4:
    rates 0.0305 and 0.0286 %, 35,924 and 46,394 minutes to expiry."""
    quotes = white_paper_quotes("vixnearterm.dat", minutes=35_924)
    chain = chain_of(quotes + white_paper_quotes("vixnextterm.dat", minutes=46_394))
    near = strip_variance(chain, expiry_s=35_924 * 60.0, at_s=0.0, rate=0.000305)
    following = strip_variance(chain, expiry_s=46_394 * 60.0, at_s=0.0, rate=0.000286)
    assert (round(near.years, 7), round(following.years, 7)) == (0.0683486, 0.0882686)
    assert round(near.forward, 5) == 1962.89996
    assert round(following.forward, 5) == 1962.40006
    assert near.k0 == following.k0 == 1960.0
    assert near.variance == pytest.approx(0.018462923922302192, rel=1e-13)
    assert following.variance == pytest.approx(0.018821007683628224, rel=1e-13)
    index = interpolated(near, following, years=30 / 365)
    assert 100.0 * index == pytest.approx(13.68582053794788, rel=1e-13)


def test_the_example_of_the_older_white_paper_comes_out_too() -> None:
    """Source: the CBOE's white paper of 2009: forwards 920.50 and 921.00 at 0.38 %, K0 920,
    VIX 61.22 of 30 days between expiries in 9 and 37 days."""
    found = vol_index(chain_of(old_white_paper_quotes()), at_s=0.0, days=30.0, rate=0.0038)
    assert round(found.near.forward, 2) == 920.50
    assert round(found.next.forward, 2) == 921.00
    assert found.near.k0 == found.next.k0 == 920.0
    assert round(100.0 * found.index, 2) == 61.22


def test_two_strikes_in_a_row_without_a_bid_end_the_strip_and_one_is_left_out() -> None:
    """By hand: puts 60, 80 and calls 120, 140; 70 has no bid, 40 and 30 have none, 20 has one
    too far out, the other side likewise."""
    bids = {
        20: 1,
        30: 0,
        40: 0,
        60: 1,
        70: 0,
        80: 4,
        120: 4,
        130: 0,
        140: 1,
        150: 0,
        160: 0,
        170: 1,
    }
    far = 1e6
    quotes = [Quote(YEAR_S, 100.0, is_call, 10.0, 12.0) for is_call in (True, False)]
    for strike, bid in bids.items():
        is_call = strike > 100
        quotes.append(Quote(YEAR_S, float(strike), is_call, float(bid), bid + 2.0))
        quotes.append(Quote(YEAR_S, float(strike), not is_call, far, far))
    found = strip_variance(chain_of(quotes), expiry_s=YEAR_S, at_s=0.0)
    assert (found.forward, found.k0, found.strikes) == (100.0, 100.0, 5)
    strip = [(60, 20, 2), (80, 20, 5), (100, 20, 11), (120, 20, 5), (140, 20, 2)]
    expected = 2.0 * sum(width / strike**2 * price for strike, width, price in strip)
    assert found.variance == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("rate", [0.0, 0.05])
def test_a_fine_strip_of_one_volatility_gives_that_volatility_back(rate: float) -> None:
    """The strip is model-free: in Black's own world it finds the volatility put in."""
    quotes = flat_quotes(days=20, vol=0.6, forward=2003.0, strikes=STRIKES, rate=rate)
    quotes += flat_quotes(days=50, vol=0.6, forward=2003.0, strikes=STRIKES, rate=rate)
    found = vol_index(chain_of(quotes), at_s=0.0, days=30.0, rate=rate)
    assert found.index == pytest.approx(0.6, abs=1e-4)
    assert found.near.forward == pytest.approx(2003.0, abs=1e-6)


def test_the_index_is_linear_in_total_variance_between_two_expiries() -> None:
    quotes = flat_quotes(days=10, vol=0.8, forward=2000.0, strikes=STRIKES)
    quotes += flat_quotes(days=40, vol=0.5, forward=2000.0, strikes=STRIKES)
    found = vol_index(chain_of(quotes), at_s=0.0, days=30.0)
    total = (10 * found.near.variance + 2 * 40 * found.next.variance) / 3
    assert found.index == pytest.approx(math.sqrt(total / 30), rel=1e-13)


@pytest.mark.parametrize(
    ("days", "near_days", "next_days"),
    [(5, 10, 10), (10, 10, 20), (15, 10, 20), (20, 20, 40), (40, 40, 40), (60, 40, 40)],
)
def test_the_expiries_around_the_wanted_day_are_taken(
    days: float, near_days: int, next_days: int
) -> None:
    """At or before it, and after it; outside of all, the nearest one stands alone."""
    quotes = [
        quote
        for each, vol in ((10, 0.8), (20, 0.6), (40, 0.5))
        for quote in flat_quotes(days=each, vol=vol, forward=2000.0, strikes=STRIKES)
    ]
    found = vol_index(chain_of(quotes), at_s=0.0, days=days)
    assert found.near.expiry_s == near_days * DAY_S
    assert found.next.expiry_s == next_days * DAY_S
    if near_days in (days, next_days):
        assert found.index == pytest.approx(math.sqrt(found.near.variance), rel=1e-13)


def test_expiries_that_have_passed_are_not_looked_at() -> None:
    quotes = flat_quotes(days=1, vol=0.8, forward=2000.0, strikes=STRIKES)
    quotes += flat_quotes(days=40, vol=0.5, forward=2000.0, strikes=STRIKES)
    found = vol_index(chain_of(quotes), at_s=1.0 * DAY_S, days=10.0)
    assert found.near.expiry_s == 40 * DAY_S
    with pytest.raises(VolIndexError, match="none of its 2 expiries comes after the time"):
        vol_index(chain_of(quotes), at_s=40.0 * DAY_S, days=10.0)


def test_the_scale_of_prices_does_not_matter() -> None:
    quotes = flat_quotes(days=30, vol=0.7, forward=2000.0, strikes=STRIKES)
    scaled = [
        q._replace(strike=q.strike * 1000, bid=q.bid * 1000, ask=q.ask * 1000) for q in quotes
    ]
    small, large = (vol_index(chain_of(each), at_s=0.0, days=30.0) for each in (quotes, scaled))
    assert large.index == pytest.approx(small.index, rel=1e-12)


def test_the_order_of_the_rows_does_not_matter() -> None:
    quotes = flat_quotes(days=30, vol=0.7, forward=2000.0, strikes=STRIKES[::7])
    there = vol_index(chain_of(quotes), at_s=0.0, days=30.0)
    assert vol_index(chain_of(quotes[::-1]), at_s=0.0, days=30.0) == there


NEAR = flat_quotes(days=30, vol=0.7, forward=2000.0, strikes=[1600.0, 1800.0, 2000.0, 2200.0])


@pytest.mark.parametrize(
    ("quotes", "problem"),
    [
        ([q for q in NEAR if q.is_call], "no strike has both its call and its put quoted"),
        ([q for q in NEAR if q.strike >= 2000.0], "no put below the strike 2000 is quoted"),
        ([q for q in NEAR if q.strike <= 2000.0], "no call above the strike 2000 is quoted"),
        ([q for q in NEAR if q.strike > 2000.0], "no strike is at or below its forward"),
        (
            [q for q in NEAR if q.strike != 2000.0 or q.is_call]
            + [Quote(30.0 * DAY_S, 1999.0, True, 500.0, 501.0)],
            "call or put is not quoted at",
        ),
        (
            [
                Quote(30.0 * DAY_S, strike, is_call, price, price)
                for strike, is_call, price in (
                    (990.0, False, 1e-9),
                    (1000.0, False, 1e-9),
                    (1000.0, True, 200.0),
                    (1210.0, True, 1e-9),
                )
            ],
            "strikes sum to a variance of",
        ),
    ],
)
def test_a_chain_that_cannot_give_an_index_says_why(quotes: list[Quote], problem: str) -> None:
    with pytest.raises(VolIndexError, match=problem):
        vol_index(chain_of(quotes), at_s=0.0, days=30.0)


@pytest.mark.parametrize(
    ("days", "rate", "problem"),
    [
        (0.0, 0.0, "days 0.0 are not above 0"),
        (float("nan"), 0.0, "days nan are not above 0"),
        (30.0, float("nan"), "rate nan is impossible"),
        (30.0, 1e9, "is impossible"),
    ],
)
def test_an_impossible_question_is_refused(days: float, rate: float, problem: str) -> None:
    with pytest.raises(VolIndexError, match=problem):
        vol_index(chain_of(NEAR), at_s=0.0, days=days, rate=rate)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"bid": -1.0}, "a price is not a number of 0 or more"),
        ({"ask": float("inf")}, "a price is not a number of 0 or more"),
        ({"bid": 5.0, "ask": 4.0}, "the bid is above the ask"),
        ({"strike": 0.0}, "the strike is not a number above 0"),
        ({"expiry_s": float("nan")}, "the expiry is no time"),
        ({"strike": 1800.0}, "the option is there twice"),
    ],
)
def test_what_no_venue_can_have_quoted_is_refused(changed: dict[str, float], problem: str) -> None:
    with pytest.raises(MarketDataError, match=problem):
        chain_of([NEAR[0]._replace(**changed), *NEAR[1:]])
