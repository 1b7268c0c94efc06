"""Price bars of given closes, a history of ticks, and rules that speak of every metric of bars."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.core.bar_metrics import BAR_METRICS
from bot.core.bar_terms import BarTerms
from bot.core.conditions import AnyOf, Comparison
from bot.core.price_bars import PriceBar
from bot.core.rules import Rules
from tests.builders.runs import layer, rules_of

HOUR_S = 3_600

SHORT = BarTerms(
    bar_s=HOUR_S,
    rsi_bars=3,
    macd_fast_bars=2,
    macd_slow_bars=4,
    macd_signal_bars=3,
    pivot_bars=1,
    divergence_bars=8,
    vol_window_bars=4,
    cone_bars=6,
    cone_bars_min=3,
    vol_of_vol_bars=3,
)
"""Every indicator is warm within a dozen bars and forgets within another."""


def bar(close: float, *, missing: int = 0, high: float | None = None) -> PriceBar:
    """A bar with this close; what opened it, and where it stands, no indicator asks for."""
    return PriceBar(0, missing, close, high or close, close, close)


def bars_of_closes(closes: Iterable[float]) -> list[PriceBar]:
    """Bars one behind the other."""
    return [bar(close) for close in closes]


def rules_on_bars(*names: str, bars: BarTerms = SHORT, **changes: Any) -> Rules:
    """Rules that speak of these metrics; of all metrics of bars when none is named."""
    spoken_of = tuple(Comparison(metric=name, above=1e9) for name in names or BAR_METRICS)
    waits = layer(
        "waits", arm=AnyOf(parts=spoken_of), disarm=Comparison(metric="move_bps", below=-1e9)
    )
    return rules_of(waits, bars=bars, **changes)
