"""Stress of the chain itself: gas against its own past, and how slowly blocks come.

docs/maths.md section 6.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

from bot.core.snapshot import Block
from bot.core.units import carried

GWEI = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class GasAverage:
    """EWMA of the base fee in wei, to be divided by `weight`. seen_s: time that was averaged."""

    seen_s: int = 0
    weight: float = 0.0
    wei: float = 0.0


NO_GAS = GasAverage()


def gas_step(gas: GasAverage, wei: int, *, elapsed_s: int, half_life_s: int) -> GasAverage:
    """The average with one base fee (wei) that stood for `elapsed_s`; no time, no step."""
    if elapsed_s <= 0:
        return gas
    keep = exp(-log(2.0) * elapsed_s / half_life_s)
    fresh = 1.0 - keep
    return GasAverage(
        seen_s=gas.seen_s + elapsed_s,
        weight=carried(keep * gas.weight + fresh),
        wei=carried(keep * gas.wei + fresh * wei),
    )


def gas_ratio(gas: GasAverage, wei: int, *, half_life_s: int) -> float | None:
    """The base fee over its average before; None until one half-life was averaged, and over 0.

    >>> gas_ratio(GasAverage(seen_s=60, weight=0.5, wei=10e9), 40 * GWEI, half_life_s=60)
    2.0
    """
    if gas.seen_s < half_life_s or gas.wei <= 0.0:
        return None
    return wei * gas.weight / gas.wei


def block_age_s(before: Block | None, now: Block) -> float | None:
    """Seconds a block took, on average since the tick before; None on the first tick."""
    if before is None or now.number <= before.number:
        return None
    return (now.time_s - before.time_s) / (now.number - before.number)
