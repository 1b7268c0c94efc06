"""The sleeves of a book: the core and the second engine, each with money of its own.

What one sleeve has the other cannot spend: its cash, margin and debt are accounts of their own, and
only the funding at the opening moves money between them. Why so: docs/adr/0027-second-engine.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

from bot.core import accounts
from bot.core.ledger import Entry, Posting
from bot.core.units import BPS, mul_div_down


class Sleeve(Enum):
    """Whose money a layer spends."""

    CORE = "core"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class SleeveAccounts:
    """Where a sleeve's money stands in the ledger."""

    cash: str
    margin: str
    debt: str


ACCOUNTS: Mapping[Sleeve, SleeveAccounts] = MappingProxyType(
    {
        Sleeve.CORE: SleeveAccounts(cash=accounts.CASH, margin=accounts.MARGIN, debt=accounts.DEBT),
        Sleeve.ENGINE: SleeveAccounts(
            cash=accounts.ENGINE_CASH, margin=accounts.ENGINE_MARGIN, debt=accounts.ENGINE_DEBT
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """One sleeve's money by quote symbol, atoms.

    cash: free; margin: set aside for hedges; debt: owed to the venue because contracts cost more
    than margin and cash held, paid back first; given: what the sleeve was opened with. All >= 0.
    """

    cash: Mapping[str, int] = field(default_factory=dict)
    margin: Mapping[str, int] = field(default_factory=dict)
    debt: Mapping[str, int] = field(default_factory=dict)
    given: Mapping[str, int] = field(default_factory=dict)


Monies = Mapping[Sleeve, Money]
"""The money of every sleeve."""


def opening_money(capital: Mapping[str, int], *, engine_bps: int) -> dict[Sleeve, Money]:
    """The paper capital divided: the engine's share rounds down.

    >>> opening_money({"USDC": 999}, engine_bps=1_000)[Sleeve.ENGINE].cash
    {'USDC': 99}
    """
    engine = {symbol: mul_div_down(atoms, engine_bps, BPS) for symbol, atoms in capital.items()}
    core = {symbol: atoms - engine[symbol] for symbol, atoms in capital.items()}
    funded = {symbol: atoms for symbol, atoms in engine.items() if atoms}
    return {
        Sleeve.CORE: Money(cash=core, given=core),
        Sleeve.ENGINE: Money(cash=funded, given=funded),
    }


def money_after(before: Money, sleeve: Sleeve, entries: Iterable[Entry]) -> Money:
    """The sleeve's money once these entries are booked."""
    names = ACCOUNTS[sleeve]
    own = (names.cash, names.margin, names.debt)
    moved = [posting for entry in entries for posting in entry.postings if posting.account in own]
    if not moved:
        return before
    return replace(
        before,
        cash=_balance_after(before.cash, moved, names.cash),
        margin=_balance_after(before.margin, moved, names.margin),
        debt=_balance_after(before.debt, moved, names.debt, sign=-1),
    )


def spendable(money: Money, *, cap_bps: int) -> dict[str, int]:
    """Free cash that may be spent or set aside: what of the money given must stay is left out.

    cap_bps: how much of it may be tied up or lost together; 10,000 is all.
    Worked: given 1,000 with a cap of 60 %, 400 stay: of 700 in cash 300 may be spent.
    """
    kept = {
        symbol: atoms - mul_div_down(atoms, cap_bps, BPS) for symbol, atoms in money.given.items()
    }
    return {symbol: atoms - kept.get(symbol, 0) for symbol, atoms in money.cash.items()}


def _balance_after(
    before: Mapping[str, int], moved: Iterable[Posting], account: str, *, sign: int = 1
) -> Mapping[str, int]:
    after = dict(before)
    for posting in moved:
        if posting.account == account:
            after[posting.currency] = after.get(posting.currency, 0) + sign * posting.atoms
    return after
