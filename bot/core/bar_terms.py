"""What the signals on price bars go by: lengths, counted in bars. Part of the rules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BarTerms:
    """bar_s: length of a bar, seconds, a divisor of the UTC day; all else is counted in bars.

    rsi_bars: moves that the RSI averages. macd_fast_bars, macd_slow_bars, macd_signal_bars: the
    MACD's three averages, fast below slow. pivot_bars: bars on each side that a pivot stands out
    from; divergence_bars: how far back both pivots of a divergence may lie.
    vol_window_bars: returns in the volatility whose place in the cone is told; cone_bars: such
    volatilities remembered, cone_bars_min: seen before that place is known. vol_of_vol_bars:
    changes of that volatility in its own volatility.
    """

    bar_s: int = 3_600
    rsi_bars: int = 14
    macd_fast_bars: int = 12
    macd_slow_bars: int = 26
    macd_signal_bars: int = 9
    pivot_bars: int = 3
    divergence_bars: int = 50
    vol_window_bars: int = 168
    cone_bars: int = 2_160
    cone_bars_min: int = 168
    vol_of_vol_bars: int = 168


PLAIN_BARS = BarTerms()
"""What holds where a rule file says nothing else."""
