"""Margin as the market moves: what open hedges need now, and which of them cash no longer carries.

Why so: docs/adr/0017-margin-calls.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.margin import beyond_margin, is_exposed
from bot.core.market import Market
from bot.core.plan import PoolView
from bot.core.ports import Cash, Quoting
from bot.core.sleeves import Sleeve
from bot.core.state import Hedge


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginCalls:
    """What this tick asks of the hedges that can lose more than was paid for them.

    needed: hedge id -> margin from now on, quote atoms, where it changes. called: ids of hedges
    for which their sleeve's cash does not suffice. cash: what each sleeve may spend, by symbol,
    once settlements and calls are paid and more margin is set aside; < 0 where it does not suffice
    for them. What becomes free is to spend from the next tick on.
    """

    needed: Mapping[str, int]
    called: frozenset[str]
    cash: Cash

    def margined(self, hedge: Hedge) -> Hedge:
        """The hedge with the margin that it needs now."""
        needed = self.needed.get(hedge.id)
        return hedge if needed is None else replace(hedge, margin_atoms=needed)


def margin_calls(
    hedges: Sequence[Hedge],
    views: Mapping[str, PoolView],
    quoting: Quoting,
    cash: Cash,
    *,
    settled: Mapping[str, int],
) -> MarginCalls:
    """Work through the hedges in the order in which they were opened: the older is kept longer.

    settled: hedge id -> price by which it is settled on this tick. What that costs beyond margin
    is paid before all else, and what a call costs before the next hedge has its turn.

    A doubted price asks for nothing: like an exchange's mark, margin follows what lasts, or one
    swap could have a hedge sold at the price that it has bent.
    """
    needed: dict[str, int] = {}
    called: set[str] = set()
    by_sleeve = {sleeve: dict(free) for sleeve, free in cash.items()}
    for hedge in hedges:
        if hedge.id in settled:
            market = views[hedge.pool].market
            net = quoting.settle_atoms(hedge.legs, market, settlement_atoms=settled[hedge.id])
            _take(by_sleeve, hedge, market, beyond_margin(net, hedge.margin_atoms))
    for hedge in hedges:
        view = views.get(hedge.pool)
        if view is None or view.trust.doubt is not None or view.market.time_s >= hedge.expiry_s:
            continue
        if not any(map(is_exposed, hedge.legs)):
            continue
        market, margin = view.market, quoting.margin_atoms(hedge.legs, view.market)
        more = max(0, margin - hedge.margin_atoms)
        if more > max(0, by_sleeve[hedge.sleeve].get(market.quote_symbol, 0)):
            called.add(hedge.id)
            net = quoting.liquidation_atoms(hedge.legs, market)
            _take(by_sleeve, hedge, market, beyond_margin(net, hedge.margin_atoms))
            continue
        _take(by_sleeve, hedge, market, more)
        if margin != hedge.margin_atoms:
            needed[hedge.id] = margin
    return MarginCalls(needed=needed, called=frozenset(called), cash=by_sleeve)


def _take(cash: dict[Sleeve, dict[str, int]], hedge: Hedge, market: Market, atoms: int) -> None:
    free = cash[hedge.sleeve]
    free[market.quote_symbol] = free.get(market.quote_symbol, 0) - atoms
