"""The constant-maturity vol token: what a position in the 30-day vol future is worth, rolled daily.

It holds one future with 30 days to go, and at the first tick at or after each 08:00 UTC sells it
and buys the one that then has 30 days again, at the model's price and a fixed cost:

    value now  = value at the last roll * F(now, what is left of its 30 days) / F(roll, 30 days)
    at a roll: value after = value before * (1 - token_roll_ppm / 1,000,000)

F(t, T) is the venue's price of the vol future at t with T to go. Where later futures are dearer
(contango) the token loses the difference day by day, where they are cheaper it gains it. It starts
at the price of the future on the first tick. docs/maths.md section 4.8.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.listing import EXPIRY_OF_DAY_S
from bot.core.market import Market
from bot.core.surface import Surface
from bot.core.units import DAY_S, MILLION, mul_div_down
from bot.core.vol_index import INDEX_S
from bot.core.vol_quotes import future_micro
from bot.core.vol_terms import VolTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSeen:
    """The token after its last roll: its value and the price of the future that it then bought,
    millionths of a vol point, and when that was."""

    rolled_s: int
    value_micro: int
    future_micro: int


def value_micro(seen: TokenSeen, market: Market, *, surface: Surface, terms: VolTerms) -> int:
    """What one token is worth, millionths of a quote token, rounded down.

    A future that ran out while nobody looked is worth the index now.
    Worked: rolled at 66.00 and worth 60.00, a day later the future stands at 65.45: 60 * 65.45/66 =
    59.50; at the roll 333 ppm go, 59.480186 stay.
    """
    left_s = INDEX_S - (market.time_s - seen.rolled_s)
    now = future_micro(left_s, surface=surface, realised_vol=market.realised_vol, terms=terms)
    return mul_div_down(seen.value_micro, now, seen.future_micro)


def carried_on(
    seen: TokenSeen | None, market: Market, *, surface: Surface, terms: VolTerms
) -> TokenSeen:
    """The token rolled if a roll is due; without one before, begun at the price of its future."""
    time_s = market.time_s
    if seen is not None and _roll_day(seen.rolled_s) == _roll_day(time_s):
        return seen
    fresh = future_micro(INDEX_S, surface=surface, realised_vol=market.realised_vol, terms=terms)
    if seen is None:
        return TokenSeen(rolled_s=time_s, value_micro=fresh, future_micro=fresh)
    value = value_micro(seen, market, surface=surface, terms=terms)
    kept = mul_div_down(value, MILLION - terms.token_roll_ppm, MILLION)
    return TokenSeen(rolled_s=time_s, value_micro=kept, future_micro=fresh)


def _roll_day(time_s: int) -> int:
    """Number of the last 08:00 UTC at or before a time."""
    return (time_s - EXPIRY_OF_DAY_S) // DAY_S
