"""Metrics of closed price bars: indicators stepped only where a rule speaks of them.

A value is that of the last closed bar and stays until the next one closes. It is unknown (None)
until the indicator is warm, and while the bar just before the running one is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from bot.core import divergence, macd, range_vol, rsi, vol_window
from bot.core.bar_terms import BarTerms
from bot.core.macd import MacdState
from bot.core.metric import Family, Metric
from bot.core.price_bars import PriceBar
from bot.core.rolling import EMPTY, Rolling
from bot.core.units import BPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicators:
    """The memory of each indicator, as of the last closed bar; bounded by the terms."""

    rsi: rsi.RsiState = rsi.START
    macd: MacdState = macd.START
    divergence: divergence.DivergenceState = divergence.START
    cone: vol_window.ConeState = vol_window.START
    vol_of_vol: Rolling = EMPTY
    ranges: Rolling = EMPTY


NOTHING_SEEN = Indicators()


Reader: TypeAlias = Callable[[Indicators, BarTerms], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarMetric:
    """A metric, the indicators that must be stepped for it, and how it is read."""

    metric: Metric
    needs: tuple[str, ...]
    read: Reader


def _rsi(seen: Indicators, terms: BarTerms) -> float | None:
    return rsi.rsi(seen.rsi, length=terms.rsi_bars)


def _histogram_bps(seen: Indicators, terms: BarTerms) -> float | None:
    histogram = macd.histogram(seen.macd, terms)
    return None if histogram is None else histogram / seen.macd.close * BPS


_TABLE = {
    "rsi": BarMetric(
        metric=Metric("0 to 100", "relative strength index of closes (Wilder); 50 without a move"),
        needs=("rsi",),
        read=_rsi,
    ),
    "divergence": BarMetric(
        metric=Metric(
            "-1, 0, 1", "price and RSI diverge over their last two pivots: 1 bullish, -1 bearish"
        ),
        needs=("rsi", "divergence"),
        read=lambda seen, terms: divergence.divergence(
            seen.divergence, reach=terms.divergence_bars
        ),
    ),
    "macd_histogram": BarMetric(
        metric=Metric("bps", "MACD line minus its signal, bps of the close, signed"),
        needs=("macd",),
        read=_histogram_bps,
    ),
    "macd_cross": BarMetric(
        metric=Metric(
            "-1, 0, 1", "the last bar crossed: 1 line above signal, -1 below; 0 on other bars"
        ),
        needs=("macd",),
        read=lambda seen, terms: macd.cross(seen.macd, terms),
    ),
    "macd_cross_bars": BarMetric(
        metric=Metric("bars", "bars since the last crossover, 0 on its own; unknown before one"),
        needs=("macd",),
        read=lambda seen, terms: macd.bars_since_cross(seen.macd),
    ),
    "bar_vol": BarMetric(
        metric=Metric(
            "fraction a year", "volatility of the last `vol_window_bars` closes: 0.65 is 65 %"
        ),
        needs=("cone",),
        read=lambda seen, terms: seen.cone.vol,
    ),
    "vol_cone_percentile": BarMetric(
        metric=Metric("0 to 100", "share of the last `cone_bars` values of bar_vol that are lower"),
        needs=("cone",),
        read=lambda seen, terms: seen.cone.percentile,
    ),
    "vol_of_vol": BarMetric(
        metric=Metric("fraction a year", "volatility of bar_vol: deviation of its log changes"),
        needs=("cone", "vol_of_vol"),
        read=lambda seen, terms: vol_window.vol_of_vol(seen.vol_of_vol, terms),
    ),
    "range_vol": BarMetric(
        metric=Metric(
            "fraction a year",
            "volatility from high and low of the last `vol_window_bars` bars; low if ticks are few",
        ),
        needs=("ranges",),
        read=lambda seen, terms: range_vol.range_vol(seen.ranges, terms),
    ),
}

BAR_METRICS: Family = {name: row.metric for name, row in _TABLE.items()}


@cache
def needs_of(names: frozenset[str]) -> frozenset[str]:
    """The indicators that these metrics are read off, by their names in `Indicators`."""
    return frozenset(need for name in names for need in _TABLE[name].needs)


def closed(seen: Indicators, bar: PriceBar, terms: BarTerms, names: frozenset[str]) -> Indicators:
    """The memory after one more closed bar; what none of these metrics needs is left alone."""
    needs = needs_of(names)
    index = rsi.step(seen.rsi, bar, length=terms.rsi_bars) if "rsi" in needs else seen.rsi
    cone = vol_window.step(seen.cone, bar, terms) if "cone" in needs else seen.cone
    return Indicators(
        rsi=index,
        macd=macd.step(seen.macd, bar, terms) if "macd" in needs else seen.macd,
        divergence=divergence.step(
            seen.divergence,
            bar,
            rsi=rsi.rsi(index, length=terms.rsi_bars),
            wing=terms.pivot_bars,
        )
        if "divergence" in needs
        else seen.divergence,
        cone=cone,
        vol_of_vol=vol_window.step_vol_of_vol(seen.vol_of_vol, cone.change, terms)
        if "vol_of_vol" in needs
        else seen.vol_of_vol,
        ranges=range_vol.step(seen.ranges, bar, terms) if "ranges" in needs else seen.ranges,
    )


def read(names: frozenset[str], seen: Indicators, terms: BarTerms) -> dict[str, float | None]:
    """The values of these metrics after the last closed bar, rounded to 6 decimals."""
    return {
        # + 0.0: a whole number becomes a float, and nought has no sign.
        name: None if (value := row.read(seen, terms)) is None else round(value, 6) + 0.0
        for name, row in _TABLE.items()
        if name in names
    }
