"""What the bot remembers of a pool's prices, tick by tick: observations and realised volatility.

Every signal is incremental and bounded; one that is not warm yet is None, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log, sqrt

from bot.core.amm import sqrt_k
from bot.core.bar_signals import NO_BARS, BarSignals, observed, wanted_of
from bot.core.conditions import Metrics
from bot.core.errors import ObservationsMissingError
from bot.core.guard import NOTHING_SEEN, Doubt, GuardMemory, Seen, broken, remember_block
from bot.core.index_memory import NO_INDEX, IndexMemory
from bot.core.rules import Rules
from bot.core.snapshot import PoolSpec, PoolState
from bot.core.twap import Observation, cumulative_now, remember, twap_atoms
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

    bars: empty where no rule speaks of a metric of bars. index: where none uses contracts on the
    volatility index.
    twap_atoms: average over the window that ends now, quote atoms per whole base token; None while
    it was not seen whole. recent: metrics of the last blocks, oldest first, for confirmation.
    trusted_price: the last price that the guard trusted, quote atoms per base atom.
    """

    observations: tuple[Observation, ...] = ()
    vol: VolState = VolState()
    bars: BarSignals = NO_BARS
    twap_atoms: int | None = None
    guard: GuardMemory = NOTHING_SEEN
    trusted_price: float | None = None
    recent: tuple[Metrics, ...] = ()
    index: IndexMemory = NO_INDEX

    def broken(self) -> PoolSignals:
        """The same behind a reorg or an empty pool: prices have to be confirmed anew."""
        return replace(self, guard=broken(self.guard), recent=())


def observe(
    signals: PoolSignals, spec: PoolSpec, state: PoolState, *, time_s: int, rules: Rules
) -> PoolSignals:
    """Signals with one more block seen. Observations older than the TWAP window stay one tick
    longer than needed, so that an expiry between two ticks still finds its window."""
    seen = Observation(time_s=time_s, cumulative=cumulative_now(state, spec, block_time_s=time_s))
    reserve_base, reserve_quote = state.reserves(spec)
    price: float = reserve_quote / reserve_base
    observations = remember(
        signals.observations, seen, window_s=rules.twap_window_s + _gap_s(signals, time_s)
    )
    twap = window_twap(observations, spec, time_s=time_s, window_s=rules.twap_window_s)
    block = Seen(
        time_s=time_s,
        spot_atoms=spot_down(spec, state),
        depth=sqrt_k((state.reserve0, state.reserve1)),
    )
    guard = remember_block(signals.guard, block, twap_atoms=twap, guard=rules.guard)
    doubt, vol, bars = guard.trust.doubt, signals.vol, signals.bars
    if doubt is None:  # else the sample waits: one block must not make a volatility
        vol = sampled(vol, price, time_s=time_s, rules=rules)
    wanted = wanted_of(rules.metric_names)
    taken = taken_by_bars(price, doubt, last=signals.trusted_price)
    if wanted and taken is not None:
        bars = observed(bars, time_s=time_s, price=taken, terms=rules.bars, wanted=wanted)
    elif wanted and bars is NO_BARS:
        bars = BarSignals(values=dict.fromkeys(sorted(wanted)))  # known by name, unknown as yet
    return PoolSignals(
        observations=observations,
        vol=vol,
        bars=bars,
        twap_atoms=twap,
        guard=guard,
        trusted_price=price if doubt is None else signals.trusted_price,
        recent=signals.recent,
        index=signals.index,
    )


def taken_by_bars(price: float, doubt: Doubt | None, *, last: float | None) -> float | None:
    """What a bar takes of a tick: a doubted price counts as the last one that was trusted.

    Without that, bars as short as blocks would miss every doubted one. Right behind a pause nothing
    is taken, since the old price is not of the new time. None: the tick is none for bars.
    last: the last trusted price, None before there was one.
    """
    if doubt is None:
        return price
    return None if doubt is Doubt.PAUSE else last


def spot_down(spec: PoolSpec, state: PoolState) -> int:
    """Marginal price, quote atoms per whole base token."""
    reserve_base, reserve_quote = state.reserves(spec)
    spot: int = reserve_quote * 10**spec.base.decimals // reserve_base
    return spot


def realised_vol(signals: PoolSignals, rules: Rules) -> float | None:
    """Annualised (365 d) realised volatility, 6 decimals; None until warm."""
    if signals.vol.samples < rules.vol_samples_min:
        return None
    return round(sqrt(signals.vol.variance), 6)


def window_twap(
    observations: tuple[Observation, ...], spec: PoolSpec, *, time_s: int, window_s: int
) -> int | None:
    """Average over the window that ends now; None while it was not seen whole."""
    try:
        return twap_atoms(
            observations,
            window_start_s=time_s - window_s,
            window_end_s=time_s,
            base_decimals=spec.base.decimals,
        )
    except ObservationsMissingError:
        return None


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
