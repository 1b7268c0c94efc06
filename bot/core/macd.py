"""Moving average convergence/divergence of closes (Appel), with its crossovers.

Line = fast minus slow exponential average, signal = exponential average of the line, histogram =
line minus signal. Seeded as TA-Lib does: both averages of price begin on the bar on which the slow
one is full, each with the plain mean of its last closes, and the signal with the plain mean of its
first lines; so the first figures come with bar slow + signal - 1. Only + - * / of doubles, in one
order: every machine gives the same bits. Missing bars are passed over; when as many are missing as
the slow average is long, it starts anew. docs/maths.md section 5.8.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.bar_terms import BarTerms
from bot.core.price_bars import PriceBar


@dataclass(frozen=True, slots=True, kw_only=True)
class MacdState:
    """closes: bars seen, counted up to slow; lines: counted up to signal.

    fast, slow, signal: sums until the counts are full, then the averages; in the unit of price.
    close: of the last bar. side: sign of the last histogram that was not nought; 0 before one.
    crossed: +1 when the line last crossed above its signal, -1 below, 0 never yet; cross_bars:
    bars since then, 0 on its own bar.
    """

    closes: int = 0
    lines: int = 0
    fast: float = 0.0
    slow: float = 0.0
    signal: float = 0.0
    close: float = 0.0
    side: int = 0
    crossed: int = 0
    cross_bars: int = 0


START = MacdState()


def step(state: MacdState, bar: PriceBar, terms: BarTerms) -> MacdState:
    """One more closed bar."""
    if bar.missing >= terms.macd_slow_bars:
        state = START
    if state.closes == terms.macd_slow_bars:
        closes = state.closes
        fast = _averaged(state.fast, bar.close, terms.macd_fast_bars)
        slow = _averaged(state.slow, bar.close, terms.macd_slow_bars)
    else:
        closes, slow, fast = state.closes + 1, state.slow + bar.close, state.fast
        if closes > terms.macd_slow_bars - terms.macd_fast_bars:
            fast += bar.close
        if closes < terms.macd_slow_bars:
            return MacdState(closes=closes, fast=fast, slow=slow, close=bar.close)
        fast, slow = fast / terms.macd_fast_bars, slow / terms.macd_slow_bars
    line, lines = fast - slow, state.lines
    if lines == terms.macd_signal_bars:
        signal = _averaged(state.signal, line, terms.macd_signal_bars)
    else:
        lines, signal = lines + 1, state.signal + line
        if lines == terms.macd_signal_bars:
            signal /= terms.macd_signal_bars
    side, crossed, cross_bars = state.side, state.crossed, state.cross_bars + 1
    if lines == terms.macd_signal_bars:
        side = (line > signal) - (line < signal) or state.side
        if state.side and side != state.side:
            crossed, cross_bars = side, 0
    return MacdState(
        closes=closes, lines=lines, fast=fast, slow=slow, signal=signal, close=bar.close,
        side=side, crossed=crossed, cross_bars=cross_bars,
    )  # fmt: skip


def is_warm(state: MacdState, terms: BarTerms) -> bool:
    """Whether line, signal and histogram are known."""
    return state.lines == terms.macd_signal_bars


def line(state: MacdState, terms: BarTerms) -> float | None:
    """Fast minus slow average, in the unit of the price; None until warm."""
    return state.fast - state.slow if is_warm(state, terms) else None


def signal(state: MacdState, terms: BarTerms) -> float | None:
    """Average of the line, in the unit of the price; None until warm."""
    return state.signal if is_warm(state, terms) else None


def histogram(state: MacdState, terms: BarTerms) -> float | None:
    """Line minus signal, in the unit of the price; None until warm."""
    return (state.fast - state.slow) - state.signal if is_warm(state, terms) else None


def cross(state: MacdState, terms: BarTerms) -> int | None:
    """+1 or -1 when the last closed bar crossed, else 0; None until warm.

    A histogram of exactly nought is on neither side: line and signal that only touch do not cross.
    """
    if not is_warm(state, terms):
        return None
    return 0 if state.cross_bars else state.crossed


def bars_since_cross(state: MacdState) -> int | None:
    """Bars since the last crossover, 0 on its own bar; None before the first."""
    return state.cross_bars if state.crossed else None


def _averaged(average: float, value: float, length: int) -> float:
    """Exponential average with weight 2 / (length + 1) on the new value."""
    return (value - average) * (2.0 / (length + 1)) + average
