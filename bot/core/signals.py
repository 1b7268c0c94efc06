"""What the bot remembers of a pool's prices, tick by tick: observations and realised volatility.

Every signal is incremental and bounded; one that is not warm yet is None, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log, sqrt

from bot.core.bar_signals import NO_BARS, BarSignals, observed, wanted_of
from bot.core.rules import Rules
from bot.core.snapshot import PoolSpec, PoolState
from bot.core.twap import Observation, cumulative_now, remember
from bot.core.units import YEAR_S

SAMPLE_DIGITS = 12
"""Digits that a float keeps when it is carried from tick to tick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolState:
    """EWMA of the annualised variance of log returns.

    sample_price: quote atoms per base atom at the last sample; None before the first.
    samples: returns seen so far. variance: per year, 0 before the first return.
    """

    sample_time_s: int = 0
    sample_price: float | None = None
    samples: int = 0
    variance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSignals:
    """A pool's memory. observations: cumulatives, from before the TWAP window up to now.

    bars: empty where no rule speaks of a metric of bars.
    """

    observations: tuple[Observation, ...] = ()
    vol: VolState = VolState()
    bars: BarSignals = NO_BARS


def observe(
    signals: PoolSignals, spec: PoolSpec, state: PoolState, *, time_s: int, rules: Rules
) -> PoolSignals:
    """Signals with one more block seen. Observations older than the TWAP window stay one tick
    longer than needed, so that an expiry between two ticks still finds its window."""
    seen = Observation(time_s=time_s, cumulative=cumulative_now(state, spec, block_time_s=time_s))
    reserve_base, reserve_quote = state.reserves(spec)
    price: float = reserve_quote / reserve_base
    wanted = wanted_of(rules.metric_names)
    return PoolSignals(
        observations=remember(
            signals.observations, seen, window_s=rules.twap_window_s + _gap_s(signals, time_s)
        ),
        vol=sampled(signals.vol, price, time_s=time_s, rules=rules),
        bars=observed(signals.bars, time_s=time_s, price=price, terms=rules.bars, wanted=wanted)
        if wanted
        else signals.bars,
    )


def realised_vol(signals: PoolSignals, rules: Rules) -> float | None:
    """Annualised (365 d) realised volatility, 6 decimals; None until warm."""
    if signals.vol.samples < rules.vol_samples_min:
        return None
    return round(sqrt(signals.vol.variance), 6)


def _gap_s(signals: PoolSignals, time_s: int) -> int:
    return max(0, time_s - signals.observations[-1].time_s) if signals.observations else 0


def sampled(vol: VolState, price: float, *, time_s: int, rules: Rules) -> VolState:
    """Take a return when `vol_sample_s` has passed; more often would measure the fee band.

    The weight of the old variance halves every `vol_half_life_s`; the first return stands alone.
    """
    if vol.sample_price is None:
        return VolState(sample_time_s=time_s, sample_price=price)
    elapsed_s = time_s - vol.sample_time_s
    if elapsed_s < rules.vol_sample_s:
        return vol
    fresh = log(price / vol.sample_price) ** 2 * YEAR_S / elapsed_s
    keep = exp(-log(2.0) * elapsed_s / rules.vol_half_life_s) if vol.samples else 0.0
    variance = keep * vol.variance + (1.0 - keep) * fresh
    return replace(
        vol,
        sample_time_s=time_s,
        sample_price=price,
        samples=vol.samples + 1,
        variance=float(f"{variance:.{SAMPLE_DIGITS}g}"),
    )
