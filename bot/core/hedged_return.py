"""The internal rate of return of a position with its hedges. docs/maths.md section 6.10.

The cash of every fill, fees taken off, stands beside what the position paid in and took out, and
what the venue would pay for the open hedges beside the claim. Of the core: the second engine has a
capital of its own. Margin is no flow, since it stays the book's.
Why so: docs/adr/0033-carry.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.core.cash_flows import CashFlow, irr
from bot.core.market import Market
from bot.core.orders import Fill, Order
from bot.core.ports import Quoting
from bot.core.sleeves import Sleeve
from bot.core.state import Hedge

IRR_HEDGED = "irr_hedged"


def flows_of_hedges(
    answers: Iterable[tuple[Order, Fill]], *, pool: str, time_s: int
) -> tuple[CashFlow, ...]:
    """What the core's hedges of a pool brought (> 0) and cost (< 0) on a tick, one flow a fill."""
    return tuple(
        CashFlow(time_s=time_s, atoms=fill.cash_atoms - fill.fee_atoms)
        for order, fill in answers
        if order.pool == pool and order.sleeve is Sleeve.CORE and fill.is_dealt
    )


def hedges_atoms(hedges: Iterable[Hedge], market: Market, quoting: Quoting) -> int | None:
    """What the venue would pay for the core's open hedges of a pool now, signed; None while one of
    them has expired and its settlement is still to come."""
    mine = [hedge for hedge in hedges if hedge.pool == market.pool and hedge.sleeve is Sleeve.CORE]
    if any(hedge.expiry_s <= market.time_s for hedge in mine):
        return None
    return sum(quoting.liquidation_atoms(hedge.legs, market) for hedge in mine)


def irr_hedged(
    flows: Sequence[CashFlow],
    hedge_flows: Sequence[CashFlow],
    *,
    lp_atoms: int,
    open_atoms: int | None,
    time_s: int,
) -> float | None:
    """The rate a year at which the flows of position and hedges, and what both are worth now, are
    worth nothing today; None where `irr` is, and while `open_atoms` is not known.

    flows, hedge_flows: in the order of time. lp_atoms: the position now. open_atoms: the hedges.

    Worked: a thousand in, 20 paid for a put on the same day, 940 and 90 a year later: 1 % a year,
    where the position alone has lost 6 %.
    >>> paid = (CashFlow(time_s=0, atoms=-1_000),)
    >>> put = (CashFlow(time_s=0, atoms=-20),)
    >>> year_s = 365 * 86_400
    >>> round(irr_hedged(paid, put, lp_atoms=940, open_atoms=90, time_s=year_s), 6)
    0.009804
    """
    if not flows or open_atoms is None:
        return None
    # Stable: on the tick of a deposit the deposit stays first, so that the span is the position's.
    merged = sorted((*flows, *hedge_flows), key=lambda flow: flow.time_s)
    return irr(merged, value_atoms=lp_atoms + open_atoms, time_s=time_s)
