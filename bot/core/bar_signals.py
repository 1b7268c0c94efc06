"""A pool's price bars and what is read off them, carried from tick to tick.

A tick costs one bar update; the indicators are stepped when a bar closes, only those that the rules
speak of. The same over a whole history: bot/core/signal_history.py. docs/maths.md section 5.8.
Why so: docs/adr/0018-bar-signals.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from bot.core.bar_metrics import BAR_METRICS, NOTHING_SEEN, Indicators, closed, read
from bot.core.bar_terms import BarTerms
from bot.core.price_bars import PriceBar, with_tick


@dataclass(frozen=True, slots=True, kw_only=True)
class BarSignals:
    """bar: the running one; None before the first tick. seen: the indicators' memory.

    values: the wanted metrics after the last closed bar.
    """

    bar: PriceBar | None = None
    seen: Indicators = NOTHING_SEEN
    values: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """The wanted metrics now: unknown while the bar before the running one is missing."""
        if self.bar is not None and self.bar.missing:
            return dict.fromkeys(self.values)
        return self.values


NO_BARS = BarSignals()


@cache
def wanted_of(names: frozenset[str]) -> frozenset[str]:
    """Those of these metrics that are read off bars."""
    return names.intersection(BAR_METRICS)


def observed(
    signals: BarSignals, *, time_s: int, price: float, terms: BarTerms, wanted: frozenset[str]
) -> BarSignals:
    """The signals with one more tick. price: in any one unit, > 0. wanted: metrics of bars."""
    bar = with_tick(signals.bar, time_s=time_s, price=price, bar_s=terms.bar_s)
    if bar is signals.bar:
        return signals
    if signals.bar is None:
        return BarSignals(bar=bar, values=read(wanted, signals.seen, terms))
    if bar.start_s == signals.bar.start_s:
        return BarSignals(bar=bar, seen=signals.seen, values=signals.values)
    seen = closed(signals.seen, signals.bar, terms, wanted)
    return BarSignals(bar=bar, seen=seen, values=read(wanted, seen, terms))
