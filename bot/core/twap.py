"""Time-weighted average prices from the pair's own price cumulatives.

The pair adds price * seconds at the first touch of every block. The price is a UQ112.112 fraction,
its clock is a uint32 and its sum wraps at 2**256; all three are done here as on the chain.
Source: UniswapV2OracleLibrary.currentCumulativePrices. docs/maths.md section 1.5.
Why so: docs/adr/0009-settlement-and-yardstick.md.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from bot.core.errors import AmmRefusal, ObservationsMissingError
from bot.core.snapshot import PoolSpec, PoolState

Q112 = 2**112
CLOCK_MODULUS = 2**32
CUMULATIVE_MODULUS = 2**256

_TIME_S = attrgetter("time_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A pair's price cumulative at one moment.

    time_s: unix time, not wrapped.
    cumulative: UQ112.112 quote atoms per base atom, times seconds, modulo 2**256.
    """

    time_s: int
    cumulative: int


def cumulative_now(state: PoolState, spec: PoolSpec, *, block_time_s: int) -> int:
    """The price cumulative of base in quote as if the pair were touched at `block_time_s`."""
    reserve_base, reserve_quote = state.reserves(spec)
    stored = state.price0_cumulative if spec.base_is_token0 else state.price1_cumulative
    elapsed_s = (block_time_s - state.reserves_time_s) % CLOCK_MODULUS
    price = reserve_quote * Q112 // reserve_base
    return (stored + price * elapsed_s) % CUMULATIVE_MODULUS


def remember(
    observations: Iterable[Observation], new: Observation, *, window_s: int
) -> tuple[Observation, ...]:
    """Append an observation and drop what a window of `window_s` ending now cannot need.

    observations: in ascending time.
    One observation at or before the window's start stays, to interpolate from. Observations at or
    after the new one's time belong to blocks that it replaces, and go.
    """
    seen = tuple(observations)
    kept = (*seen[: bisect_left(seen, new.time_s, key=_TIME_S)], new)
    before = bisect_right(kept, new.time_s - window_s, key=_TIME_S)
    return kept[max(0, before - 1) :]


def twap_atoms(
    observations: Iterable[Observation],
    *,
    window_start_s: int,
    window_end_s: int,
    base_decimals: int,
) -> int:
    """Average price over a window, in quote atoms per WHOLE base token, rounded down.

    observations: in ascending time, reaching from the window's start (or before) to its end (or
    after). Where an end of the window falls between two of them, the price between these two is
    taken as constant at their average: exact when every block that traded was observed.

    >>> twap_atoms(
    ...     (Observation(time_s=0, cumulative=0), Observation(time_s=10, cumulative=30 * Q112)),
    ...     window_start_s=2, window_end_s=6, base_decimals=1)
    30
    """
    if window_end_s <= window_start_s:
        raise AmmRefusal(reason=f"window from {window_start_s} to {window_end_s} has no length")
    seen = tuple(observations)
    if not seen or seen[0].time_s > window_start_s or seen[-1].time_s < window_end_s:
        raise ObservationsMissingError(
            first_s=seen[0].time_s if seen else None,
            last_s=seen[-1].time_s if seen else None,
            start_s=window_start_s,
            end_s=window_end_s,
        )
    end, end_parts = _grown_until(seen, window_end_s)
    start, start_parts = _grown_until(seen, window_start_s)
    grown = end * start_parts - start * end_parts
    seconds = (window_end_s - window_start_s) * end_parts * start_parts
    unit: int = 10**base_decimals
    return grown * unit // (seconds * Q112)


def _grown_until(seen: Sequence[Observation], time_s: int) -> tuple[int, int]:
    """What the cumulative has grown by from the first observation to a moment within them, as a
    fraction of whole numbers."""
    at = bisect_left(seen, time_s, key=_TIME_S)
    if at == 0:
        return 0, 1
    older, newer = seen[at - 1], seen[at]
    parts = newer.time_s - older.time_s
    whole = (older.cumulative - seen[0].cumulative) % CUMULATIVE_MODULUS
    part = (newer.cumulative - older.cumulative) % CUMULATIVE_MODULUS
    return whole * parts + part * (time_s - older.time_s), parts
