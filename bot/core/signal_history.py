"""The signals of a whole price history at once: at every tick the live path's value, to the bit.

Bars are built by grouping, then the few that closed walk through the very functions that a tick
calls; between two bars no value changes. Tick by tick: bot/core/signals.py. docs/maths.md
section 5.8.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from bot.core.bar_metrics import NOTHING_SEEN, closed, read
from bot.core.bar_signals import wanted_of
from bot.core.bars import Floats, Times
from bot.core.columns import held
from bot.core.errors import MarketDataError
from bot.core.guard import Doubt
from bot.core.price_bars import PriceBar
from bot.core.rules import Rules
from bot.core.signals import PoolSignals, VolState, realised_vol, sampled, taken_by_bars

History: TypeAlias = dict[str, Floats]
"""Metric name -> its value at every tick; nan where the tick finds it unknown."""

REALISED_VOL = "realised_vol"


def signal_history(
    *, time_s: Any, price: Any, rules: Rules, doubts: Sequence[Doubt | None] | None = None
) -> History:
    """Realised volatility and every metric of bars that the rules speak of, at every tick.

    time_s: unix seconds, whole, never falling; price: in any one unit, > 0; arrays of one length.
    The prices of one block are one tick: of several with one time all are taken, in order.
    doubts: the guard's verdict on each tick (core/guard_history.py), where the rules have a guard.
    """
    times, prices = np.asarray(time_s, np.int64), np.asarray(price, np.float64)
    _refuse(times, prices)
    if doubts is not None:
        return _guarded_history(times, prices, rules, doubts)
    history = bar_history(times, prices, rules)
    history[REALISED_VOL] = realised_vol_history(times, prices, rules)
    return history


def _guarded_history(
    times: Times, prices: Floats, rules: Rules, doubts: Sequence[Doubt | None]
) -> History:
    """The same, as far as the guard lets a tick's price through; what it does not is carried."""
    last: float | None = None
    taken: list[float | None] = []
    for price, doubt in zip(prices.tolist(), doubts, strict=True):
        taken.append(taken_by_bars(price, doubt, last=last))
        last = price if doubt is None else last
    at = np.flatnonzero([price is not None for price in taken])
    kept = np.array([price for price in taken if price is not None], np.float64)
    history = {
        name: held(values, at, times.size)
        for name, values in bar_history(times[at], kept, rules).items()
    }
    at = np.flatnonzero([doubt is None for doubt in doubts])
    vols = realised_vol_history(times[at], prices[at], rules)
    history[REALISED_VOL] = held(vols, at, times.size)
    return history


def bar_history(times: Times, prices: Floats, rules: Rules) -> History:
    """The metrics of bars that the rules speak of, at every tick. See `signal_history`."""
    wanted = wanted_of(rules.metric_names)
    history = {name: np.full(times.size, np.nan) for name in wanted}
    if not wanted or not times.size:
        return history
    first = _first_of_bars(times, rules.bars.bar_s)
    bars = price_bars(times, prices, first, rules.bars.bar_s)
    ticks = np.diff(first, append=times.size)
    rows: dict[str, list[float | None]] = {name: [None] for name in wanted}
    seen = NOTHING_SEEN
    for bar, running in pairwise(bars):
        seen = closed(seen, bar, rules.bars, wanted)
        values = {} if running.missing else read(wanted, seen, rules.bars)
        for name in wanted:
            rows[name].append(values.get(name))
    for name, row in rows.items():
        history[name] = np.repeat(np.array(row, dtype=np.float64), ticks)
    return history


def price_bars(times: Times, prices: Floats, first: Times, bar_s: int) -> list[PriceBar]:
    """The bars of a history, the running one last. first: index of the first tick of each."""
    starts = times[first] // bar_s * bar_s
    columns = (
        starts,
        np.diff(starts, prepend=starts[:1] - bar_s) // bar_s - 1,
        prices[first],
        np.maximum.reduceat(prices, first),
        np.minimum.reduceat(prices, first),
        prices[np.append(first[1:], times.size) - 1],
    )
    return [PriceBar(*row) for row in zip(*(each.tolist() for each in columns), strict=True)]


def realised_vol_history(times: Times, prices: Floats, rules: Rules) -> Floats:
    """`realised_vol` at every tick: hops from sample to sample, each by the live function."""
    history = np.full(times.size, np.nan)
    vol, at = VolState(), 0
    while at < times.size:
        vol = sampled(vol, prices[at].item(), time_s=times[at].item(), rules=rules)
        after = int(np.searchsorted(times, vol.sample_time_s + rules.vol_sample_s))
        value = realised_vol(PoolSignals(vol=vol), rules)
        history[at:after] = np.nan if value is None else value
        at = after
    return history


def _first_of_bars(times: Times, bar_s: int) -> Times:
    starts = times // bar_s
    return np.flatnonzero(np.diff(starts, prepend=starts[:1] - 1))


def _refuse(times: Times, prices: Floats) -> None:
    problem = None
    if not times.shape == prices.shape == (times.size,):
        problem = "times and prices are not of one length"
    elif (np.diff(times) < 0).any():
        problem = "a tick comes after a later one"
    elif not (np.isfinite(prices) & (prices > 0.0)).all():
        problem = "a price is not a finite number above 0"
    if problem is not None:
        raise MarketDataError(source="price history", problem=problem)
