"""Whether the price of a pool that is only watched may be acted on: the guard of bot/core/guard.py,
for the few pools that the capital could go to.

Why so: docs/adr/0028-core-advice.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.amm import sqrt_k
from bot.core.guard import NOTHING_SEEN, GuardMemory, Seen, remember_block
from bot.core.rules import Rules
from bot.core.signals import spot_down, window_twap
from bot.core.snapshot import PoolSpec, PoolState
from bot.core.twap import Observation, cumulative_now, remember


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedPrice:
    """A pool's memory of its price, empty while the guard is off. observations: cumulatives, from
    before the TWAP window up to now."""

    observations: tuple[Observation, ...] = ()
    guard: GuardMemory = NOTHING_SEEN

    @property
    def is_trusted(self) -> bool:
        """Whether the price may be acted on."""
        return self.guard.trust.doubt is None


UNSEEN = WatchedPrice()


def watched(
    before: WatchedPrice, spec: PoolSpec, state: PoolState, *, time_s: int, rules: Rules
) -> WatchedPrice:
    """The memory with one more block; the pool must hold liquidity."""
    if not rules.guard.is_on:
        return before
    seen = Observation(time_s=time_s, cumulative=cumulative_now(state, spec, block_time_s=time_s))
    observations = remember(before.observations, seen, window_s=rules.twap_window_s)
    twap = window_twap(observations, spec, time_s=time_s, window_s=rules.twap_window_s)
    block = Seen(
        time_s=time_s,
        spot_atoms=spot_down(spec, state),
        depth=sqrt_k((state.reserve0, state.reserve1)),
    )
    guard = remember_block(before.guard, block, twap_atoms=twap, guard=rules.guard)
    return WatchedPrice(observations=observations, guard=guard)
