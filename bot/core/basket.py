"""The control: one unit of money put equally into every watched pool, unhedged, fees included.

"Diversify across chains and pray." What is put into a pool buys LP tokens at its first sight and is
then left alone; a pool that is seen later joins then, with as much. Everything is a fraction of
whole numbers until the last floor. docs/maths.md section 6.12.
Why so: docs/adr/0029-basket.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.core.amm import protocol_fee_liquidity_down
from bot.core.snapshot import PoolSpec, PoolState

GRAIN_DIGITS = 18
STAKE = 10**GRAIN_DIGITS
"""What is put into each pool: one unit of the currency, in grains of which it has so many."""
ONE = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWorth:
    """A pool at one block, for whoever holds its LP tokens.

    lp: quote atoms that an LP atom is worth. price: quote atoms per base atom. rate: atoms of the
    basket's currency per quote atom.
    """

    lp: Fraction
    price: Fraction
    rate: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """The watched pool that turns a quote token into the basket's currency. index: its place."""

    index: int
    is_inverse: bool


def currency_of(specs: Sequence[PoolSpec]) -> str:
    """The quote token of the first hedged pool, or of the first where none is hedged."""
    return next((spec for spec in specs if spec.hedged), specs[0]).quote.symbol


def crossings(specs: Sequence[PoolSpec]) -> Mapping[str, Crossing]:
    """By quote token, the first watched pool that trades it against the basket's currency."""
    currency = currency_of(specs)
    found: dict[str, Crossing] = {}
    for index, spec in enumerate(specs):
        if spec.quote.symbol == currency:
            found.setdefault(spec.base.symbol, Crossing(index=index, is_inverse=False))
        elif spec.base.symbol == currency:
            found.setdefault(spec.quote.symbol, Crossing(index=index, is_inverse=True))
    return found


def rate_through(crossing: Crossing, spec: PoolSpec, pool: PoolState | None) -> Fraction | None:
    """Atoms of the currency per atom of the other token; None while the pool has no price."""
    if pool is None or not has_price(pool):
        return None
    price = pool.price(spec)
    return 1 / price if crossing.is_inverse else price


def has_price(pool: PoolState) -> bool:
    """Whether there is liquidity on both sides, and LP tokens that own it."""
    return min(pool.reserve0, pool.reserve1, pool.total_supply) > 0


def worth_of(spec: PoolSpec, pool: PoolState, *, rate: Fraction) -> PoolWorth:
    """What LP tokens of a pool are worth: both sides, at its price twice the quote side.

    The liquidity that the protocol is owed is counted among the LP tokens, as a burn would.
    """
    _, reserve_quote = pool.reserves(spec)
    pending = (
        protocol_fee_liquidity_down(
            (pool.reserve0, pool.reserve1), k_last=pool.k_last, total_supply=pool.total_supply
        )
        if pool.fee_on
        else 0
    )
    lp = Fraction(2 * reserve_quote, pool.total_supply + pending)
    return PoolWorth(lp=lp, price=pool.price(spec), rate=rate)


def stake_down(joined: PoolWorth, now: PoolWorth) -> int:
    """What `STAKE` put in at `joined` is worth now, grains, rounded down.

    >>> then = PoolWorth(lp=Fraction(2), price=ONE, rate=ONE)
    >>> now = PoolWorth(lp=Fraction(4), price=Fraction(4), rate=ONE)  # no fees: 2 * sqrt(4)
    >>> stake_down(then, now) / STAKE, hold_down(then, now) / STAKE
    (2.0, 2.5)
    """
    return int(STAKE * (now.lp / joined.lp) * (now.rate / joined.rate))


def hold_down(joined: PoolWorth, now: PoolWorth) -> int:
    """What the tokens bought with it, half of the value in either, would be worth, kept."""
    return int(STAKE * (now.price / joined.price + 1) / 2 * (now.rate / joined.rate))
