"""A recorded history in columns: what the metrics of a whole history are read off.

Nothing here is carried from tick to tick; a run's signals are, so each checks the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.core.amm import sqrt_k
from bot.core.bars import Floats, Times
from bot.core.columns import quotients
from bot.core.errors import MarketDataError
from bot.core.guard import Doubt, Seen
from bot.core.guard_history import doubts
from bot.core.market import Market
from bot.core.rules import Rules
from bot.core.signal_history import REALISED_VOL, History, signal_history
from bot.core.signals import spot_down
from bot.core.snapshot import PoolSpec, PoolState, Snapshot
from bot.core.twap import cumulative_now
from bot.core.twap_history import twaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Ticks that no reorg took back, one behind the other.

    reorgs: places of the ticks that came right behind a reorg, which confirm prices anew.
    """

    snapshots: Sequence[Snapshot]
    reorgs: frozenset[int] = frozenset()

    @property
    def times(self) -> Times:
        """Block times, unix seconds."""
        return np.array([seen.block.time_s for seen in self.snapshots], np.int64)

    @property
    def specs(self) -> tuple[PoolSpec, ...]:
        """The watched pools, the same at every tick."""
        return self.snapshots[0].specs

    def feed(self, name: str) -> list[int | None]:
        """What a feed said at every tick."""
        return [seen.feeds.get(name) for seen in self.snapshots]

    def elapsed_s(self) -> Times:
        """Seconds since the tick before; 0 at the first."""
        times = self.times
        return np.diff(times, prepend=times[:1])


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolColumns:
    """One hedged pool at every tick. Atoms are lists of ints: they pass what a float can count.

    spot_atoms, twap_atoms: quote atoms per whole base token. tvl_atoms: twice the quote reserve.
    doubts: the guard's. signals: realised volatility, and the metrics of bars that rules speak of.
    """

    spec: PoolSpec
    states: list[PoolState]
    spot_atoms: list[int]
    twap_atoms: list[int | None]
    tvl_atoms: list[int]
    doubts: tuple[Doubt | None, ...]
    signals: History

    @property
    def realised_vol(self) -> Floats:
        """A fraction a year, at every tick."""
        return self.signals[REALISED_VOL]

    def markets(self, times: Times) -> list[Market]:
        """What the venue is asked with at every tick; no vol token, which is the venue's own."""
        base, quote = self.spec.base, self.spec.quote
        columns = zip(times.tolist(), self.spot_atoms, self.twap_atoms, strict=True)
        return [
            Market(
                pool=self.spec.name,
                time_s=time_s,
                base_symbol=base.symbol,
                base_decimals=base.decimals,
                quote_symbol=quote.symbol,
                quote_decimals=quote.decimals,
                spot_atoms=spot,
                twap_atoms=twap,
                realised_vol=None if np.isnan(vol) else vol,
            )
            for (time_s, spot, twap), vol in zip(columns, self.realised_vol.tolist(), strict=True)
        ]


def pool_columns(recorded: Recorded, index: int, rules: Rules) -> PoolColumns:
    """One pool's columns. index: its place in the specs. It must have had a price at every tick."""
    spec, times = recorded.specs[index], recorded.times
    states = [seen.pools[index] for seen in recorded.snapshots]
    for seen, state in zip(recorded.snapshots, states, strict=True):
        if min(state.reserve0, state.reserve1) <= 0 or spot_down(spec, state) < 1:
            raise MarketDataError(
                source=f"history of {spec.name}", problem=f"no price at block {seen.block.number}"
            )
    reserves = [state.reserves(spec) for state in states]
    spots = [spot_down(spec, state) for state in states]
    cumulatives = [
        cumulative_now(state, spec, block_time_s=time_s)
        for state, time_s in zip(states, times.tolist(), strict=True)
    ]
    averages = twaps(
        times, cumulatives, window_s=rules.twap_window_s, base_decimals=spec.base.decimals
    )
    blocks = [
        Seen(time_s=time_s, spot_atoms=spot, depth=sqrt_k((state.reserve0, state.reserve1)))
        for time_s, spot, state in zip(times.tolist(), spots, states, strict=True)
    ]
    verdicts = doubts(blocks, averages, rules.guard, reorgs=recorded.reorgs)
    return PoolColumns(
        spec=spec,
        states=states,
        spot_atoms=spots,
        twap_atoms=averages,
        tvl_atoms=[2 * quote for _, quote in reserves],
        doubts=verdicts,
        signals=signal_history(
            time_s=times,
            price=quotients([quote for _, quote in reserves], [base for base, _ in reserves]),
            rules=rules,
            doubts=verdicts,
        ),
    )
