"""Uniswap V2's arithmetic in plain ints, atom for atom as the contracts' bytecode does it.

Every function takes the reserves as they stand and returns what the router or the pair would
compute; whatever they would revert on is an AmmRefusal with the same ground. docs/maths.md
section 1 has the formulas in words; tests/contract holds them against the real contracts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import TypeAlias

from bot.core.errors import AmmRefusal
from bot.core.units import BPS

Pair: TypeAlias = tuple[int, int]
"""Two amounts in atoms, both in the same token order (0 and 1, or base and quote)."""

MINIMUM_LIQUIDITY = 1_000
"""LP atoms that the first mint locks for ever at the zero address."""

RESERVE_MAX = 2**112 - 1
"""The pair keeps reserves as uint112 and refuses a balance above."""

FEE_BPS = 30
"""The swap fee of every Uniswap V2 pair, taken from the input: 0.30 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSwap:
    """The swap that an arbitrageur makes against an outside price.

    sells_base: True when base goes into the pool, False when quote does.
    amount_in_atoms: input in atoms, 0 when no swap pays.
    """

    sells_base: bool
    amount_in_atoms: int


def amount_out_down(
    amount_in: int, *, reserve_in: int, reserve_out: int, fee_bps: int = FEE_BPS
) -> int:
    """What a swap of exactly `amount_in` pays out, in atoms, rounded down.

    Source: UniswapV2Library.getAmountOut; the pair accepts this and refuses one atom more.

    >>> amount_out_down(10**18, reserve_in=5 * 10**18, reserve_out=10 * 10**18)
    1662497915624478906
    """
    _refuse_empty((reserve_in, reserve_out))
    keep = _keep(fee_bps)
    if amount_in <= 0:
        raise AmmRefusal(reason=f"input {amount_in} atoms is not above zero")
    _refuse_overflow((reserve_in + amount_in, reserve_out))
    paid = amount_in * keep
    return paid * reserve_out // (reserve_in * BPS + paid)


def amount_in_up(
    amount_out: int, *, reserve_in: int, reserve_out: int, fee_bps: int = FEE_BPS
) -> int:
    """What must be paid in for exactly `amount_out`, in atoms, rounded up.

    Source: UniswapV2Library.getAmountIn, which adds one atom even where the division is exact.

    >>> amount_in_up(1662497915624478906, reserve_in=5 * 10**18, reserve_out=10 * 10**18)
    1000000000000000000
    """
    _refuse_empty((reserve_in, reserve_out))
    keep = _keep(fee_bps)
    if not 0 < amount_out < reserve_out:
        raise AmmRefusal(reason=f"output {amount_out} atoms is not within 1 to {reserve_out - 1}")
    amount_in = reserve_in * amount_out * BPS // ((reserve_out - amount_out) * keep) + 1
    _refuse_overflow((reserve_in + amount_in, reserve_out))
    return amount_in


def swap_keeps_k(
    *, reserves: Pair, amounts_in: Pair, amounts_out: Pair, fee_bps: int = FEE_BPS
) -> bool:
    """Whether the pair's closing check lets a swap through (else it reverts with ...: K).

    Balances after the swap, less the fee on what came in, must multiply to no less than before,
    and neither reserve may be paid out whole.
    """
    if any(paid_out >= held for paid_out, held in zip(amounts_out, reserves, strict=True)):
        return False
    adjusted = [
        (reserve + paid_in - paid_out) * BPS - paid_in * fee_bps
        for reserve, paid_in, paid_out in zip(reserves, amounts_in, amounts_out, strict=True)
    ]
    return adjusted[0] * adjusted[1] >= reserves[0] * reserves[1] * BPS**2


def quote(amount: int, *, reserve_in: int, reserve_out: int) -> int:
    """The other token's amount at the marginal price, without fee, rounded down.

    >>> quote(3, reserve_in=2, reserve_out=5)
    7
    """
    _refuse_empty((reserve_in, reserve_out))
    if amount <= 0:
        raise AmmRefusal(reason=f"amount {amount} atoms is not above zero")
    return amount * reserve_out // reserve_in


def optimal_deposit(desired: Pair, *, reserves: Pair) -> Pair:
    """The amounts that the router takes of what an LP is willing to deposit.

    One of the two is taken whole, the other to match the price, rounded down.

    >>> optimal_deposit((10, 100), reserves=(5, 20))
    (10, 40)
    """
    if reserves == (0, 0):
        return desired
    matched = quote(desired[0], reserve_in=reserves[0], reserve_out=reserves[1])
    if matched <= desired[1]:
        return desired[0], matched
    return quote(desired[1], reserve_in=reserves[1], reserve_out=reserves[0]), desired[1]


def liquidity_minted_down(amounts: Pair, *, reserves: Pair, total_supply: int) -> int:
    """LP atoms minted for a deposit, rounded down.

    total_supply: LP atoms, after the protocol fee's own mint; 0 for the first mint, which gives
    the geometric mean of the deposit less MINIMUM_LIQUIDITY.

    >>> liquidity_minted_down((10**18, 4 * 10**18), reserves=(0, 0), total_supply=0)
    1999999999999999000
    """
    _refuse_overflow((reserves[0] + amounts[0], reserves[1] + amounts[1]))
    if total_supply == 0:
        minted = isqrt(amounts[0] * amounts[1]) - MINIMUM_LIQUIDITY
    else:
        _refuse_empty(reserves)
        minted = min(
            amount * total_supply // reserve
            for amount, reserve in zip(amounts, reserves, strict=True)
        )
    if minted <= 0:
        raise AmmRefusal(reason=f"deposit {amounts} is too small to mint liquidity")
    return minted


def burn_amounts_down(lp_atoms: int, *, reserves: Pair, total_supply: int) -> Pair:
    """What burning LP atoms pays out, each rounded down.

    total_supply: LP atoms, after the protocol fee's own mint. The pair refuses a burn that pays
    nothing of either token.

    >>> burn_amounts_down(2, reserves=(10, 21), total_supply=4)
    (5, 10)
    """
    if not 0 < lp_atoms <= total_supply:
        raise AmmRefusal(reason=f"burn of {lp_atoms} LP atoms out of {total_supply}")
    amounts = (
        lp_atoms * reserves[0] // total_supply,
        lp_atoms * reserves[1] // total_supply,
    )
    if 0 in amounts:
        raise AmmRefusal(reason=f"burn of {lp_atoms} LP atoms out of {total_supply} pays {amounts}")
    return amounts


def protocol_fee_liquidity_down(reserves: Pair, *, k_last: int, total_supply: int) -> int:
    """LP atoms that the pair mints to the protocol before the next mint or burn.

    A sixth of the growth of sqrt(k) since k_last (the product of reserves after the last mint or
    burn while the fee was on; 0 means that none is due). Call it only while the fee is on: the
    pair forgets k_last when it finds the fee off. Source: Uniswap v2 whitepaper, equation 6.

    >>> protocol_fee_liquidity_down((2_000, 2_000), k_last=1_000_000, total_supply=1_000)
    90
    """
    root_last = isqrt(k_last)
    growth = sqrt_k(reserves) - root_last
    if k_last == 0 or growth <= 0:
        return 0
    return total_supply * growth // (sqrt_k(reserves) * 5 + root_last)


def swap_to_price(reserves: Pair, *, price: Fraction, fee_bps: int = FEE_BPS) -> PriceSwap:
    """The swap that earns an arbitrageur the most against an outside price.

    reserves: (base, quote) in atoms. price: quote atoms per base atom, > 0.
    With kept fraction g = 1 - fee, buying base with quote is worth it while
    (reserve_quote + g*in)**2 <= g * price * k, and selling base while the same holds with base
    and 1/price. Both sides are ints after scaling, so the isqrt of the floor is exact: one atom
    more costs more than it brings at the margin. The pool's price ends inside the fee band
    [g*price, price/g]; a target whose band holds the pool's price already gives 0.

    >>> swap_to_price((10**18, 2_000 * 10**6), price=Fraction(2_001 * 10**6, 10**18))
    PriceSwap(sells_base=False, amount_in_atoms=0)
    """
    _refuse_empty(reserves)
    keep = _keep(fee_bps)
    if price <= 0:
        raise AmmRefusal(reason=f"target price {price} is not above zero")
    k_scaled = reserves[0] * reserves[1] * keep * BPS
    sells_base = Fraction(reserves[1], reserves[0]) > price
    reserve_in = reserves[0] if sells_base else reserves[1]
    reserve_out = reserves[1] if sells_base else reserves[0]
    price_in = 1 / price if sells_base else price
    root = isqrt(k_scaled * price_in.numerator // price_in.denominator)
    amount_in = max(0, (root - reserve_in * BPS) // keep)
    if amount_in and not amount_out_down(
        amount_in, reserve_in=reserve_in, reserve_out=reserve_out, fee_bps=fee_bps
    ):
        amount_in = 0  # The pair refuses a swap that pays nothing.
    return PriceSwap(sells_base=sells_base, amount_in_atoms=amount_in)


def sqrt_k(reserves: Pair) -> int:
    """The square root of the product of the reserves, rounded down: the pool's liquidity.

    >>> sqrt_k((2, 8))
    4
    """
    return isqrt(reserves[0] * reserves[1])


def _keep(fee_bps: int) -> int:
    """What the fee leaves of the input, in bps."""
    if not 0 <= fee_bps < BPS:
        raise AmmRefusal(reason=f"fee {fee_bps} bps is not within 0 to {BPS - 1}")
    return BPS - fee_bps


def _refuse_empty(reserves: Pair) -> None:
    if min(reserves) <= 0:
        raise AmmRefusal(reason=f"reserves {reserves} hold no liquidity")


def _refuse_overflow(balances: Pair) -> None:
    if max(balances) > RESERVE_MAX:
        raise AmmRefusal(reason=f"balances {balances} overflow uint112")
