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
from bot.core.units import mul_div_down

GRAIN_DIGITS = 18
STAKE = 10**GRAIN_DIGITS
"""What is put into each pool: one unit of the currency, in grains of which it has so many."""
ONE = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWorth:
    """A pool at one block, for whoever holds its LP tokens.

    base_atoms, quote_atoms: reserves. supply_atoms: LP tokens, with those that the protocol is
    owed. rate: atoms of the basket's currency per quote atom.
    """

    base_atoms: int
    quote_atoms: int
    supply_atoms: int
    rate: Fraction = ONE

    @property
    def lp(self) -> Fraction:
        """Quote atoms that an LP atom is worth: both sides, at the pool's price twice the quote."""
        return Fraction(2 * self.quote_atoms, self.supply_atoms)


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


def worth_of(spec: PoolSpec, pool: PoolState, *, rate: Fraction = ONE) -> PoolWorth:
    """A pool as its LP tokens see it. The liquidity that the protocol is owed is counted among
    them, as a burn would."""
    base, quote = pool.reserves(spec)
    pending = (
        protocol_fee_liquidity_down(
            (pool.reserve0, pool.reserve1), k_last=pool.k_last, total_supply=pool.total_supply
        )
        if pool.fee_on
        else 0
    )
    return PoolWorth(
        base_atoms=base, quote_atoms=quote, supply_atoms=pool.total_supply + pending, rate=rate
    )


def stake_down(joined: PoolWorth, now: PoolWorth) -> int:
    """What `STAKE` put in at `joined` is worth now, grains, rounded down.

    >>> then = PoolWorth(base_atoms=1_000, quote_atoms=1_000, supply_atoms=9)
    >>> now = PoolWorth(base_atoms=500, quote_atoms=2_000, supply_atoms=9)  # no fees: 2 * sqrt(4)
    >>> stake_down(then, now) / STAKE, hold_down(then, now) / STAKE
    (2.0, 2.5)
    """
    grown, owned = now.quote_atoms * joined.supply_atoms, joined.quote_atoms * now.supply_atoms
    return mul_div_down(STAKE, grown * _rate(joined, now), owned * _rate(now, joined))


def hold_down(joined: PoolWorth, now: PoolWorth) -> int:
    """What the tokens bought with it, half of the value in either, would be worth, kept."""
    price = now.quote_atoms * joined.base_atoms, joined.quote_atoms * now.base_atoms
    return mul_div_down(STAKE, sum(price) * _rate(joined, now), 2 * price[1] * _rate(now, joined))


def _rate(one: PoolWorth, other: PoolWorth) -> int:
    """Numerator of the other's rate over the one's; turned round, the denominator."""
    return other.rate.numerator * one.rate.denominator
