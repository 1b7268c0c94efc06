"""Whose turn it is on a tick: what each layer looks at, and what those before it have left.

Cash is counted once. Settlements and margin calls are paid first (bot/core/margin_calls.py), then
what sales cost beyond their margin; what either brings is to spend from the next tick on.
Why so: docs/adr/0017-margin-calls.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.core.budget import Spent, charged, pool_spent, purse
from bot.core.canonical import digest
from bot.core.case import Case, Choice
from bot.core.expiry_price import expiry_prices
from bot.core.gate import is_open
from bot.core.hedge_worth import HedgeWorth, worth_of
from bot.core.layer_metrics import with_layer_metrics
from bot.core.margin_calls import MarginCalls, margin_calls
from bot.core.plan import PoolView
from bot.core.ports import Quoting
from bot.core.rules import Layer, Rules
from bot.core.settlement import spendable_cash
from bot.core.sight import Sight
from bot.core.sleeves import Sleeve
from bot.core.state import BookState, Hedge, PoolBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """One tick's turns. hedges: by pool and layer, with the margin of now. cash: of each sleeve,
    by symbol, carried on from turn to turn like spent: of each pool, by sleeve. worth: see
    core/hedge_worth.py, by hedge.
    """

    sight: Sight
    rules: Rules
    quoting: Quoting
    cause: str
    calls: MarginCalls
    hedges: Mapping[tuple[str, str], Hedge]
    worth: HedgeWorth
    cash: dict[Sleeve, dict[str, int]]
    spent: Mapping[str, dict[Sleeve, Spent]]

    def holders(self) -> Iterator[tuple[str, Layer]]:
        """Pools and layers with a hedge, in the ladder's order."""
        for pool in self.sight.views:
            for layer in self.rules.layers:
                if (pool, layer.name) in self.hedges:
                    yield pool, layer

    def case(self, pool: str, layer: Layer) -> Case:
        """What a layer looks at when it is its turn now."""
        view, book, rules = self.sight.views[pool], self.sight.books[pool], self.rules
        held, hedge = book.layers[layer.name], self.hedges.get((pool, layer.name))
        spent = self.spent[pool][layer.sleeve]
        free_atoms = self.cash[layer.sleeve].get(view.market.quote_symbol, 0)
        recent = with_layer_metrics(view.recent, held, view.market, rules, self.quoting)
        return Case(
            cause=self.cause,
            rules=rules,
            layer=layer,
            view=view,
            book=book,
            held=held,
            hedge=hedge,
            recent=recent,
            is_called=hedge is not None and hedge.id in self.calls.called,
            is_open=is_open(layer.sleeve, rules, self.sight.snapshot),
            purse_now=partial(purse, view, rules, layer, held, spent=spent, cash_atoms=free_atoms),
            worth=None if hedge is None else self.worth[hedge.id],
            quoting=self.quoting,
        )

    def take(self, case: Case, choice: Choice) -> None:
        """Count what a choice takes: it is not there for the next."""
        if choice.order is None:
            return
        layer, view = case.layer, case.view
        free, spent = self.cash[layer.sleeve], self.spent[view.market.pool]
        takes = {"outlay_atoms": choice.outlay_atoms, "margin_atoms": choice.margin_atoms}
        spent[layer.sleeve] = charged(spent[layer.sleeve], view, layer, case.held, **takes)
        symbol, taken = view.market.quote_symbol, sum(takes.values()) + choice.beyond_atoms
        free[symbol] = free.get(symbol, 0) - taken


def turns_of(state: BookState, sight: Sight, rules: Rules, quoting: Quoting) -> Turns:
    """The tick before the first turn: settlements and margin calls are paid for."""
    seen = sight.snapshot
    settled = expiry_prices(state.hedges, sight, rules)
    free = spendable_cash(state, rules)
    calls = margin_calls(state.hedges, sight.views, quoting, free, settled=settled)
    hedges = {(hedge.pool, hedge.layer): calls.margined(hedge) for hedge in state.hedges}
    return Turns(
        sight=sight,
        rules=rules,
        quoting=quoting,
        # The tick too: a block that a reorg took away and brought back is decided on anew.
        cause=digest(seen.chain_id, seen.block.hash, rules.hash, state.tick + 1),
        calls=calls,
        hedges=hedges,
        worth=worth_of(state.hedges, sight.views, quoting, known={}),
        cash={sleeve: dict(left) for sleeve, left in calls.cash.items()},
        spent={
            pool: _spent(state, view, rules, sight.books[pool], tuple(hedges.values()))
            for pool, view in sight.views.items()
        },
    )


def _spent(
    state: BookState, view: PoolView, rules: Rules, book: PoolBook, hedges: Sequence[Hedge]
) -> dict[Sleeve, Spent]:
    """Where each sleeve's budgets in a pool stand."""
    return {
        sleeve: pool_spent(
            view,
            rules,
            book.layers,
            [hedge for hedge in hedges if hedge.pool == view.market.pool],
            sleeve=sleeve,
            given_atoms=money.given.get(view.market.quote_symbol, 0),
        )
        for sleeve, money in state.money.items()
    }
