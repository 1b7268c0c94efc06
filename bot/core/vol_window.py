"""Volatility of the last closes, its place among those before it, and its own volatility.

The live form of the cone (bot/core/cone.py): one horizon, the last so many rolling volatilities,
all of them (windows overlap, nothing is thinned out). No return is taken across a missing bar; the
returns on both sides stay, until as many bars are missing as the window is long: then it starts
anew, and only what the cone remembers is kept. docs/maths.md section 5.8.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from struct import Struct

from bot.core.bar_terms import BarTerms
from bot.core.price_bars import PriceBar
from bot.core.rolling import EMPTY, Rolling, deviation, log_grains, pushed

DOUBLE = Struct("d")
"""A volatility of the cone, in this machine's own bytes: they are never written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConeState:
    """close: of the last bar. returns: the last ones.

    vol: their annualised deviation, a fraction; None until warm.
    seen: the volatilities before this one, oldest first; ranked: the same in order of size;
    both packed, as thousands of them are copied with every bar.
    percentile: where `vol` stands among them, 0 to 100; None until enough were seen.
    change: what `vol` changed by with this bar, log grains; None when it has none before it.
    """

    close: float | None = None
    returns: Rolling = EMPTY
    vol: float | None = None
    seen: bytes = b""
    ranked: bytes = b""
    percentile: float | None = None
    change: int | None = None


START = ConeState()


def step(state: ConeState, bar: PriceBar, terms: BarTerms) -> ConeState:
    """One more closed bar. One after a hole gives a previous close and nothing else."""
    if bar.missing >= terms.vol_window_bars:
        seen, ranked = _remembered(state, terms)
        return ConeState(close=bar.close, seen=seen, ranked=ranked)
    if state.close is None or bar.missing:
        return replace(state, close=bar.close, change=None)
    length = terms.vol_window_bars
    returns = pushed(state.returns, log_grains(bar.close / state.close), length=length)
    vol = deviation(returns, length=length, step_s=terms.bar_s)
    seen, ranked = _remembered(state, terms)
    return ConeState(
        close=bar.close,
        returns=returns,
        vol=vol,
        seen=seen,
        ranked=ranked,
        percentile=None if vol is None else _percentile(ranked, vol, terms),
        change=log_grains(vol / state.vol) if vol and state.vol else None,
    )


def step_vol_of_vol(state: Rolling, change: int | None, terms: BarTerms) -> Rolling:
    """One more change of the volatility; the changes on both sides of a missing one stay."""
    return state if change is None else pushed(state, change, length=terms.vol_of_vol_bars)


def vol_of_vol(state: Rolling, terms: BarTerms) -> float | None:
    """Annualised deviation of the changes of ln(volatility), a fraction; None until warm."""
    return deviation(state, length=terms.vol_of_vol_bars, step_s=terms.bar_s)


def _remembered(state: ConeState, terms: BarTerms) -> tuple[bytes, bytes]:
    """The cone with the last volatility in it, by age and by size."""
    seen, ranked, vol = state.seen, state.ranked, state.vol
    if vol is None:
        return seen, ranked
    if len(seen) == terms.cone_bars * DOUBLE.size:
        at = bisect_left(_unpacked(ranked), _unpacked(seen)[0]) * DOUBLE.size
        seen, ranked = seen[DOUBLE.size :], ranked[:at] + ranked[at + DOUBLE.size :]
    at = bisect_left(_unpacked(ranked), vol) * DOUBLE.size
    packed = DOUBLE.pack(vol)
    return seen + packed, ranked[:at] + packed + ranked[at:]


def _percentile(ranked: bytes, vol: float, terms: BarTerms) -> float | None:
    """Share of them below `vol`, plus half of those equal to it, of a hundred."""
    vols = _unpacked(ranked)
    if len(vols) < terms.cone_bars_min:
        return None
    return 50.0 * (bisect_left(vols, vol) + bisect_right(vols, vol)) / len(vols)


def _unpacked(packed: bytes) -> memoryview[float]:
    return memoryview(packed).cast("d")
