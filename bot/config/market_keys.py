"""The keys of [strategy] that the signals on market, value and macro go by."""

from __future__ import annotations

from bot.config.keys import Key, Number, Scaled, Text, Whole
from bot.core.market_terms import PLAIN_MARKET
from bot.core.units import BPS

HOURS = Scaled(number=Number(lowest="0", highest="744"), factor=3_600, grain="seconds")

MARKET_KEYS = {
    "market_half_life_hours": Key(
        Scaled(number=Number(lowest="1", highest="87840"), factor=3_600, grain="seconds"),
        "half-life of the moving averages of volume, fees and gas; until then they are unknown",
        PLAIN_MARKET.half_life_s,
    ),
    "beta_index": Key(
        Text(pattern="[^ ]+", wanted="the name of a watched pool, BASE-QUOTE"),
        "the watched pool that stands for the market; `beta` and `wacc` need it",
        None,
    ),
    "beta_bars": Key(
        Whole(lowest=3, highest=2_000), "returns that `beta` regresses", PLAIN_MARKET.beta_bars
    ),
    "market_premium_bps": Key(
        Whole(lowest=0, highest=BPS),
        "what the market must bring a year above lending the quote token, bps, in `wacc`",
        PLAIN_MARKET.market_premium_bps,
    ),
    "debt_share_bps": Key(
        Whole(lowest=0, highest=BPS - 1),
        "part of a position that is borrowed, half in either token, bps, in `wacc`",
        PLAIN_MARKET.debt_share_bps,
    ),
    "range_bps": Key(
        Whole(lowest=1, highest=BPS - 1),
        "how far the range of `il_range_bps` reaches on either side of the entry price, bps of it",
        PLAIN_MARKET.range_bps,
    ),
    "calendar": Key(
        Text(wanted="a path in quotes"),
        "a newer calendar of macro events, relative to this file; left out, the shipped one",
        None,
    ),
    "macro_hours_before": Key(
        HOURS, "the macro window begins so long before an event", PLAIN_MARKET.macro_before_s
    ),
    "macro_hours_after": Key(HOURS, "and ends so long after it", PLAIN_MARKET.macro_after_s),
}
