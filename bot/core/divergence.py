"""Divergence of price and RSI over pivots: the price goes further, its strength does not.

A bar is a pivot low when its close is below those of the `wing` bars before it and not above
those of the `wing` bars after it; a pivot high the other way round. So a pivot is known `wing` bars
late, and of a flat bottom the first bar counts. The divergence is bullish when the last two pivot
lows both lie within the last `reach` bars, and the later one has the lower close and the higher
RSI; bearish when the last two pivot highs do and the later one has the higher close and the lower
RSI. Where both hold, the one with the later pivot counts. It ends when a newer pivot takes part, or
the older one is out of reach.

Bars are counted as they came, so missing ones are passed over; where the RSI starts anew, so do the
pivots. docs/maths.md section 5.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from bot.core.price_bars import PriceBar


class Pivot(NamedTuple):
    """at: number of the bar, counted from 1. close and rsi of that bar."""

    at: int
    close: float
    rsi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceState:
    """at: bars seen. recent: the last 2 wing + 1 of them, oldest first. lows, highs: the last two
    pivots of each kind, oldest first."""

    at: int = 0
    recent: tuple[Pivot, ...] = ()
    lows: tuple[Pivot, ...] = ()
    highs: tuple[Pivot, ...] = ()


START = DivergenceState()


def step(state: DivergenceState, bar: PriceBar, *, rsi: float | None, wing: int) -> DivergenceState:
    """One more closed bar. rsi: of that bar; None, and nothing is remembered, until it is warm."""
    if rsi is None:
        return START
    at = state.at + 1
    recent = (*state.recent[-2 * wing :], Pivot(at, bar.close, rsi))
    lows, highs = state.lows, state.highs
    if len(recent) == 2 * wing + 1:
        middle = recent[wing]
        before = [seen.close for seen in recent[:wing]]
        after = [seen.close for seen in recent[wing + 1 :]]
        if middle.close < min(before) and middle.close <= min(after):
            lows = (*lows[-1:], middle)
        elif middle.close > max(before) and middle.close >= max(after):
            highs = (*highs[-1:], middle)
    return DivergenceState(at=at, recent=recent, lows=lows, highs=highs)


def divergence(state: DivergenceState, *, reach: int) -> int | None:
    """+1 bullish, -1 bearish, 0 neither; None until `reach` bars with an RSI were seen."""
    if state.at < reach:
        return None
    low, high = (
        _later_of(state.lows, 1, state.at - reach),
        _later_of(state.highs, -1, state.at - reach),
    )
    if low == high == 0:
        return 0
    return 1 if low > high else -1


def _later_of(pivots: tuple[Pivot, ...], sign: int, gone: int) -> int:
    """Number of the later pivot's bar where the two diverge, else 0. gone: the last bar too old."""
    if len(pivots) < 2:
        return 0
    older, newer = pivots
    diverges = sign * (newer.close - older.close) < 0.0 < sign * (newer.rsi - older.rsi)
    return newer.at if diverges and older.at > gone else 0
