"""Where each pool stands: holding, LP alone, and LP with hedges, from the first tick on.

Holding is "every token put in, kept"; the LP is "its claim, and every token taken out, kept". Both
at the pool's price of the tick, in quote atoms, so a deposit or a withdrawal in mid-life changes
neither against the other. While nothing was taken out the two are the record's own hold and LP
values; what came before a withdrawal is `realised`, next to the IL and the fees of the lots held.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from bot.core.engine import UNDO_DEPTH_TICKS
from bot.core.orders import Intent
from bot.core.position import OPENING
from bot.core.sleeves import Sleeve
from bot.core.units import mul_div_down
from bot.report.reading import PoolSeen, Tick, Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeMoney:
    """What hedges took and brought, quote atoms, booked as the ledger books it.

    premium: paid for hedges at the mark. payoff: brought by sales and settlements at the mark.
    spread, fees: >= 0. open_value: liquidation value of what is open; a hedge that cannot be
    valued now counts 0 and is counted in `unvalued`.
    """

    premium_atoms: int = 0
    payoff_atoms: int = 0
    spread_atoms: int = 0
    fees_atoms: int = 0
    open_value_atoms: int = 0
    open_count: int = 0
    unvalued: int = 0

    @property
    def cash_atoms(self) -> int:
        """Net cash that the hedges have brought so far."""
        return self.payoff_atoms - self.premium_atoms - self.spread_atoms - self.fees_atoms

    @property
    def pnl_atoms(self) -> int:
        """Profit or loss of all hedges, open ones at what the venue would pay now."""
        return self.cash_atoms + self.open_value_atoms


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One pool after one tick, quote atoms.

    lp_vs_hold == il + fees + realised, and hedged_vs_hold == lp_vs_hold + hedge.pnl + engine.pnl,
    to the atom. hedge: the core's; engine: the second engine's.
    il, fees: of the lots held now. realised: what lots taken out had lost or won, and rounding.
    """

    tick: int
    time_s: int
    pool: str
    hold_atoms: int
    lp_atoms: int
    il_atoms: int
    fees_atoms: int
    hedge: HedgeMoney
    engine: HedgeMoney

    @property
    def lp_vs_hold_atoms(self) -> int:
        """The unhedged LP against holding."""
        return self.lp_atoms - self.hold_atoms

    @property
    def realised_atoms(self) -> int:
        """What withdrawals have made final."""
        return self.lp_vs_hold_atoms - self.il_atoms - self.fees_atoms

    @property
    def hedged_vs_hold_atoms(self) -> int:
        """The hedged LP against holding."""
        return self.lp_vs_hold_atoms + self.hedge.pnl_atoms + self.engine.pnl_atoms


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flows:
    """Tokens put into and taken out of a pool so far, and the money of its hedges."""

    base_in: int = 0
    quote_in: int = 0
    base_out: int = 0
    quote_out: int = 0
    hedge: HedgeMoney = HedgeMoney()
    engine: HedgeMoney = HedgeMoney()


class Standings:
    """The standing of every pool, tick by tick; fed in order, from the first tick on.

    It remembers as far back as a reorg can go, and no further: a run may last for months.
    """

    def __init__(self) -> None:
        """Start before the first tick."""
        self._flows: dict[str, _Flows] = {}
        self._trail: deque[tuple[int, dict[str, _Flows]]] = deque(maxlen=UNDO_DEPTH_TICKS + 1)

    def undo(self, *, ancestor_number: int) -> None:
        """Forget every tick above the ancestor's block."""
        while self._trail and self._trail[-1][0] > ancestor_number:
            self._trail.pop()
        self._flows = dict(self._trail[-1][1]) if self._trail else {}

    def after(self, tick: Tick) -> Mapping[str, Standing]:
        """Take in one more tick; returns the pools that could be valued on it."""
        for event in tick.events:
            flows = self._flows.get(event.pool, _Flows())
            if event.kind in OPENING:
                flows = replace(
                    flows,
                    base_in=flows.base_in + event.base_atoms,
                    quote_in=flows.quote_in + event.quote_atoms,
                )
            else:
                flows = replace(
                    flows,
                    base_out=flows.base_out + event.base_atoms,
                    quote_out=flows.quote_out + event.quote_atoms,
                )
            self._flows[event.pool] = flows
        for trade in tick.trades:
            if trade.is_filled:
                flows = self._flows.get(trade.order.pool, _Flows())
                self._flows[trade.order.pool] = (
                    replace(flows, hedge=_dealt(flows.hedge, trade))
                    if trade.order.sleeve is Sleeve.CORE
                    else replace(flows, engine=_dealt(flows.engine, trade))
                )
        self._trail.append((tick.block_number, dict(self._flows)))
        return {
            pool: _standing(tick, pool, seen, self._flows.get(pool, _Flows()))
            for pool, seen in tick.pools.items()
        }


def standings(ticks: Iterable[Tick]) -> Iterator[Mapping[str, Standing]]:
    """One mapping a tick: pool -> its standing."""
    running = Standings()
    for tick in ticks:
        yield running.after(tick)


def _dealt(money: HedgeMoney, trade: Trade) -> HedgeMoney:
    """One more fill, split as core/bookkeeping.py splits it."""
    fill = trade.fill
    at_mark = fill.cash_atoms + fill.spread_atoms
    opens = trade.order.intent is Intent.OPEN
    return replace(
        money,
        premium_atoms=money.premium_atoms - (at_mark if opens else 0),
        payoff_atoms=money.payoff_atoms + (0 if opens else at_mark),
        spread_atoms=money.spread_atoms + fill.spread_atoms,
        fees_atoms=money.fees_atoms + fill.fee_atoms,
    )


def _standing(tick: Tick, pool: str, seen: PoolSeen, flows: _Flows) -> Standing:
    exposure = seen.exposure
    claim = (exposure.claim_base_atoms, exposure.claim_quote_atoms) if exposure else (0, 0)
    return Standing(
        tick=tick.number,
        time_s=tick.time_s,
        pool=pool,
        hold_atoms=_value_down(flows.base_in, flows.quote_in, seen.price),
        lp_atoms=_value_down(flows.base_out + claim[0], flows.quote_out + claim[1], seen.price),
        il_atoms=exposure.il_atoms if exposure else 0,
        fees_atoms=exposure.fees_atoms if exposure else 0,
        hedge=_valued(flows.hedge, tick, pool, Sleeve.CORE),
        engine=_valued(flows.engine, tick, pool, Sleeve.ENGINE),
    )


def _valued(money: HedgeMoney, tick: Tick, pool: str, sleeve: Sleeve) -> HedgeMoney:
    """With what is open of a sleeve in a pool."""
    mine = [hedge for hedge in tick.hedges if hedge.pool == pool and hedge.sleeve is sleeve]
    values = [hedge.value_atoms for hedge in mine if hedge.value_atoms is not None]
    return replace(
        money,
        open_value_atoms=sum(values),
        open_count=len(mine),
        unvalued=len(mine) - len(values),
    )


def _value_down(base_atoms: int, quote_atoms: int, price: Fraction) -> int:
    return quote_atoms + mul_div_down(base_atoms, price.numerator, price.denominator)
