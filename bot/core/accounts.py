"""The chart of accounts: which accounts there are, as data, and one builder for each family.

An account is a prefix of the chart followed by names: `Income:Payoff` takes a pool and a layer,
`Income:Payoff:WETH-USDC:guard`. What each account means is told in docs/ledger.md.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from bot.core.errors import AccountUnknownError


class Root(Enum):
    """The first word of an account: what kind of balance it is."""

    ASSETS = "Assets"
    LIABILITIES = "Liabilities"
    EQUITY = "Equity"
    INCOME = "Income"
    EXPENSES = "Expenses"


CASH = "Assets:Cash"
MARGIN = "Assets:Margin"
POOL = "Assets:Pool"
HEDGE = "Assets:Hedge"
DEBT = "Liabilities:Venue"
ENGINE_CASH = "Assets:EngineCash"
ENGINE_MARGIN = "Assets:EngineMargin"
ENGINE_DEBT = "Liabilities:EngineVenue"
CAPITAL = "Equity:Capital"
DEPOSITS = "Equity:Deposits"
REBALANCING = "Equity:Rebalancing"
CONTRACTS = "Equity:Contracts"
POOL_FEES = "Income:PoolFees"
PAYOFF = "Income:Payoff"
PREMIUM = "Expenses:Premium"
SPREAD = "Expenses:Spread"
VENUE_FEES = "Expenses:VenueFees"
ROUNDING = "Expenses:Rounding"
ADVICE = "Equity:Advice"
ADVICE_GAS = "Expenses:AdviceGas"
ADVICE_FEES = "Expenses:AdviceFees"
ADVICE_SLIPPAGE = "Expenses:AdviceSlippage"

CHART: dict[str, tuple[str, ...]] = {
    CASH: (),
    MARGIN: (),
    POOL: ("pool",),
    HEDGE: ("pool",),
    DEBT: (),
    ENGINE_CASH: (),
    ENGINE_MARGIN: (),
    ENGINE_DEBT: (),
    CAPITAL: (),
    DEPOSITS: ("pool",),
    REBALANCING: ("pool",),
    CONTRACTS: (),
    POOL_FEES: ("pool",),
    PAYOFF: ("pool", "layer"),
    PREMIUM: ("pool", "layer"),
    SPREAD: ("pool", "layer"),
    VENUE_FEES: ("pool", "layer"),
    ROUNDING: (),
    ADVICE: ("pool",),
    ADVICE_GAS: ("pool", "action"),
    ADVICE_FEES: ("pool", "action"),
    ADVICE_SLIPPAGE: ("pool", "action"),
}
"""Prefix -> what the names after it stand for."""


NEVER_NEGATIVE = frozenset({CASH, MARGIN, ENGINE_CASH, ENGINE_MARGIN})
"""Accounts that no entry may leave below zero."""


def pool_account(pool: str) -> str:
    """Return where the LP position's claim on a pool's reserves is held.

    >>> pool_account("WETH-USDC")
    'Assets:Pool:WETH-USDC'
    """
    return f"{POOL}:{pool}"


def hedge_account(pool: str) -> str:
    """Return where contract units that hedge a pool are held, in base atoms by contract code."""
    return f"{HEDGE}:{pool}"


def deposits_account(pool: str) -> str:
    """Return the owner's side of what was put into a pool and taken out again."""
    return f"{DEPOSITS}:{pool}"


def rebalancing_account(pool: str) -> str:
    """Return the contra of one token turning into the other as the pool's price moves."""
    return f"{REBALANCING}:{pool}"


def pool_fees_account(pool: str) -> str:
    """Return the swap fees that a pool earned."""
    return f"{POOL_FEES}:{pool}"


def payoff_account(*, pool: str, layer: str) -> str:
    """Return what a layer's hedges brought when sold or settled.

    >>> payoff_account(pool="WETH-USDC", layer="guard")
    'Income:Payoff:WETH-USDC:guard'
    """
    return f"{PAYOFF}:{pool}:{layer}"


def premium_account(*, pool: str, layer: str) -> str:
    """Return what a layer's hedges cost at the mark, spread and venue fee apart."""
    return f"{PREMIUM}:{pool}:{layer}"


def spread_account(*, pool: str, layer: str) -> str:
    """Return what a layer paid between mark and bid or ask."""
    return f"{SPREAD}:{pool}:{layer}"


def venue_fees_account(*, pool: str, layer: str) -> str:
    """Return the venue fees that a layer paid."""
    return f"{VENUE_FEES}:{pool}:{layer}"


class AdviceAccounts(NamedTuple):
    """Of advice that is followed on paper. paper: what bears the costs. costs: gas, fees of swaps
    and their slippage."""

    paper: str
    costs: tuple[str, str, str]


def advice_accounts(*, pool: str, action: str) -> AdviceAccounts:
    """Return where an action followed on paper is booked.

    >>> advice_accounts(pool="WETH-USDC", action="narrow").costs[0]
    'Expenses:AdviceGas:WETH-USDC:narrow'
    """
    gas, fees, slippage = (
        f"{prefix}:{pool}:{action}" for prefix in (ADVICE_GAS, ADVICE_FEES, ADVICE_SLIPPAGE)
    )
    return AdviceAccounts(paper=f"{ADVICE}:{pool}", costs=(gas, fees, slippage))


@lru_cache(maxsize=4096)
def account_root(account: str) -> Root:
    """Return the root of an account; a name outside the chart is refused.

    >>> account_root("Assets:Hedge:WETH-USDC")
    <Root.ASSETS: 'Assets'>
    """
    words = account.split(":")
    prefix, names = ":".join(words[:2]), words[2:]
    if prefix not in CHART or len(names) != len(CHART[prefix]) or not all(map(_is_name, names)):
        raise AccountUnknownError(account=account)
    return Root(words[0])


def is_hedge(account: str) -> bool:
    """Return whether an account holds contract units."""
    return account.startswith(f"{HEDGE}:")


def _is_name(word: str) -> bool:
    return bool(word) and word.isprintable() and not any(map(str.isspace, word))
