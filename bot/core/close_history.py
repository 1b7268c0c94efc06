"""What closes of all watched pools say at every tick: breadth, effective rate and beta.

Closes are found and compared at once; sums over windows are differences of exact running totals.
The effective rate's level alone is a recursive scan by nature: it is rounded at each close, and
walks through the very step of a tick. Tick by tick: bot/core/market_memory.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import fsum

import numpy as np
from numpy.typing import NDArray

from bot.core.bars import Floats, Times
from bot.core.columns import column_of, exps, held, logs
from bot.core.effective_rate import (
    INDEX_START,
    RATE_START,
    effective_rate_step,
    moves_against,
)
from bot.core.feeds import rate_differential
from bot.core.market_terms import MarketTerms
from bot.core.recorded import Recorded
from bot.core.rolling import GRAINS
from bot.core.signal_history import History
from bot.core.snapshot import PoolSpec, PoolState

Edges = dict[str, list[tuple[str, Floats]]]
"""By token, the tokens of its pools, each with the log moves of the first in the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closes:
    """Every close that has one before it. at: place of the tick that finds its bar closed.

    last: of the tick that it was. before, now: prices at the close before and at this one, a row a
    close, a column a pool, nan for no price. elapsed_s: between the two.
    """

    at: Times
    last: Times
    before: Floats
    now: Floats
    elapsed_s: Times

    @property
    def moves(self) -> Floats:
        """Prices over those at the close before."""
        return self.now / self.before


def closes_of(recorded: Recorded, bar_s: int) -> Closes:
    """The closes of a history, in bars of the UTC grid; bars without a tick are joined."""
    times = recorded.times
    ends = np.flatnonzero(np.diff(times // bar_s))
    prices = np.array(
        [
            [_price(spec, state) for spec, state in zip(seen.specs, seen.pools, strict=True)]
            for seen in (recorded.snapshots[place] for place in ends.tolist())
        ]
    ).reshape(ends.size, len(recorded.specs))
    return Closes(
        at=ends[1:] + 1,
        last=ends[1:],
        before=prices[:-1],
        now=prices[1:],
        elapsed_s=np.diff(times[ends]),
    )


def breadth_history(recorded: Recorded, closes: Closes) -> History:
    """The advance-decline line and the share of advances, the same for every pool."""
    size = len(recorded.snapshots)
    advances = (closes.now > closes.before).sum(axis=1)
    declines = (closes.now < closes.before).sum(axis=1)
    moved = advances + declines
    share = np.where(moved > 0, advances / np.maximum(moved, 1), 0.5)
    line = np.cumsum(advances - declines).astype(np.float64)
    return {"ad_line": held(line, closes.at, size), "breadth": held(share, closes.at, size)}


def rate_history(recorded: Recorded, closes: Closes, spec: PoolSpec) -> History:
    """The effective exchange rate of a pool's base token, without and with what lending brings."""
    rate = RATE_START
    rows: list[tuple[float | None, float | None]] = []
    columns = zip(
        _basket_moves(recorded.specs, closes.moves, spec.base.address).tolist(),
        closes.last.tolist(),
        closes.elapsed_s.tolist(),
        strict=True,
    )
    for move, last, elapsed_s in columns:
        feeds = recorded.snapshots[last].feeds
        rate = effective_rate_step(
            rate,
            None if np.isnan(move) else move,
            differential=rate_differential(feeds, base=spec.base.symbol, quote=spec.quote.symbol),
            elapsed_s=elapsed_s,
        )
        rows.append((rate.nominal if rate.closes else None, rate.real))
    nominal, real = zip(*rows, strict=True) if rows else ((), ())
    size = len(recorded.snapshots)
    return {
        "eer_nominal": held(INDEX_START * exps(column_of(nominal)), closes.at, size),
        "eer_index": held(INDEX_START * exps(column_of(real)), closes.at, size),
    }


def beta_history(recorded: Recorded, closes: Closes, index: int, terms: MarketTerms) -> History:
    """Beta of a pool, by its place in the specs, to the index pool."""
    size, names = len(recorded.snapshots), [spec.name for spec in recorded.specs]
    if terms.beta_index is None:
        return {"beta": np.full(size, np.nan)}
    market, own = closes.moves[:, names.index(terms.beta_index)], closes.moves[:, index]
    both = np.flatnonzero(~np.isnan(market) & ~np.isnan(own))
    x, y = _grains(market[both]), _grains(own[both])
    bars = terms.beta_bars
    sum_x, sum_y = _windows(x, bars), _windows(y, bars)
    sum_xx = _windows((a * a for a in x), bars)
    sum_xy = _windows((a * b for a, b in zip(x, y, strict=True)), bars)
    slopes: list[float | None] = [None] * min(bars - 1, both.size)
    for a, b, aa, ab in zip(sum_x, sum_y, sum_xx, sum_xy, strict=True):
        spread = bars * aa - a * a
        slopes.append((bars * ab - a * b) / spread if spread else None)
    return {"beta": held(column_of(slopes), closes.at[both], size)}


def _price(spec: PoolSpec, state: PoolState) -> float:
    if state.reserve0 <= 0 or state.reserve1 <= 0:
        return np.nan
    base, quote = state.reserves(spec)
    return quote / base


def _grains(moves: Floats) -> list[int]:
    return [round(value * GRAINS) for value in logs(moves).tolist()]


def _windows(values: Iterable[int], bars: int) -> list[int]:
    """Sums of every `bars` values in a row, exact."""
    totals = list(accumulate(values, initial=0))
    return [late - early for early, late in zip(totals, totals[bars:], strict=False)]


def _basket_moves(specs: Sequence[PoolSpec], moves: Floats, token: str) -> Floats:
    """Mean log move of a token against the others, by close; those with the same pools at once."""
    found = np.full(len(moves), np.nan)
    is_priced: NDArray[np.bool_] = ~np.isnan(moves)
    for pools in np.unique(is_priced, axis=0):
        rows = np.flatnonzero((is_priced == pools).all(axis=1))
        edges: Edges = {}
        for place in np.flatnonzero(pools).tolist():
            spec, move = specs[place], logs(moves[rows, place])
            edges.setdefault(spec.base.address, []).append((spec.quote.address, move))
            edges.setdefault(spec.quote.address, []).append((spec.base.address, -move))
        against = moves_against(token, edges)
        if against:
            found[rows] = [fsum(row) / len(row) for row in np.column_stack(against).tolist()]
    return found
