"""Uniswap v3's ticks and range amounts in plain ints, as the pool's bytecode has them.

A square-root price is sqrt(token1 atoms per token0 atom) in Q64.96: times 2**96, an int. Tick i
stands for the price 1.0001**i. docs/maths.md section 2 has the formulas in words; the tests hold
them against the real pool and position manager.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from math import isqrt

from bot.core.amm import Pair
from bot.core.errors import AmmRefusal
from bot.core.units import mul_div_down, mul_div_up

TICK_MAX = 887_272
TICK_MIN = -TICK_MAX
SQRT_RATIO_MIN = 4_295_128_739
"""The square-root price at TICK_MIN: the least that a pool takes."""
SQRT_RATIO_MAX = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342
"""The square-root price at TICK_MAX: a pool stays below it."""

LIQUIDITY_MAX = 2**128 - 1
RESOLUTION_BITS = 96
UNIT = 1 << RESOLUTION_BITS
FACTOR_BITS = 128
GUARD_BITS = 256


def _factors() -> tuple[int, ...]:
    """2**128 * 1.0001**(-(2**i) / 2) for i = 0 to 19, to the nearest int, as in the bytecode.

    Squared in fixed point with 256 guard bits: 20 squarings lose fewer than 30 of them.
    """
    bits = FACTOR_BITS + GUARD_BITS
    root = isqrt((10_000 << 2 * bits) // 10_001)
    factors = []
    for _ in range(TICK_MAX.bit_length()):
        factors.append((root + (1 << GUARD_BITS - 1)) >> GUARD_BITS)
        root = root * root >> bits
    return tuple(factors)


FACTORS = _factors()


def sqrt_ratio_at_tick(tick: int) -> int:
    """The square-root price of a tick, Q64.96, rounded up. Source: TickMath.getSqrtRatioAtTick.

    >>> sqrt_ratio_at_tick(0) == 2**96
    True
    >>> sqrt_ratio_at_tick(-887_272)
    4295128739
    """
    if not TICK_MIN <= tick <= TICK_MAX:
        raise AmmRefusal(reason=f"tick {tick} is not within {TICK_MIN} to {TICK_MAX}")
    ratio = 1 << FACTOR_BITS
    for bit, factor in enumerate(FACTORS):
        if abs(tick) >> bit & 1:
            ratio = ratio * factor >> FACTOR_BITS
    if tick > 0:
        ratio = (2**256 - 1) // ratio
    return -(-ratio >> FACTOR_BITS - RESOLUTION_BITS)


def tick_at_sqrt_ratio(sqrt_ratio: int) -> int:
    """The highest tick whose square-root price is not above this one.

    Source: TickMath.getTickAtSqrtRatio, which finds the same by logarithm and a last comparison.

    >>> tick_at_sqrt_ratio(1662995104975155420368771254341874)
    199045
    """
    if not SQRT_RATIO_MIN <= sqrt_ratio < SQRT_RATIO_MAX:
        raise AmmRefusal(
            reason=f"square-root price {sqrt_ratio} is not within {SQRT_RATIO_MIN} to "
            f"{SQRT_RATIO_MAX - 1}"
        )
    ticks = range(TICK_MIN, TICK_MAX + 1)
    return ticks[bisect_right(ticks, sqrt_ratio, key=sqrt_ratio_at_tick) - 1]


def price_of_sqrt_ratio(sqrt_ratio: int, *, decimals0: int, decimals1: int) -> Fraction:
    """Whole token1 per whole token0, exactly; its reciprocal prices token1.

    >>> sqrt_ratio = 1662995104975155420368771254341874  # USDC (6), WETH (18)
    >>> round(1 / price_of_sqrt_ratio(sqrt_ratio, decimals0=6, decimals1=18), 6)
    Fraction(70929557, 31250)
    """
    _refuse_price(sqrt_ratio)
    return Fraction(sqrt_ratio**2 * 10**decimals0, UNIT**2 * 10**decimals1)


def range_amounts_up(sqrt_ratio: int, *, lower_tick: int, upper_tick: int, liquidity: int) -> Pair:
    """(token0, token1) atoms that minting this liquidity takes, rounded up. Source: Pool.mint."""
    low, high, at = _bounds(sqrt_ratio, lower_tick=lower_tick, upper_tick=upper_tick)
    _refuse_liquidity(liquidity)
    partial = mul_div_up(liquidity << RESOLUTION_BITS, high - at, high)
    return -(-partial // at), mul_div_up(liquidity, at - low, UNIT)


def range_amounts_down(
    sqrt_ratio: int, *, lower_tick: int, upper_tick: int, liquidity: int
) -> Pair:
    """(token0, token1) atoms that burning this liquidity pays, rounded down. Source: Pool.burn.

    Below the range all is token0, above it all is token1.
    """
    low, high, at = _bounds(sqrt_ratio, lower_tick=lower_tick, upper_tick=upper_tick)
    _refuse_liquidity(liquidity)
    partial = mul_div_down(liquidity << RESOLUTION_BITS, high - at, high)
    return partial // at, mul_div_down(liquidity, at - low, UNIT)


def liquidity_for_amounts_down(
    amounts: Pair, *, sqrt_ratio: int, lower_tick: int, upper_tick: int
) -> int:
    """The liquidity that these (token0, token1) atoms can pay for at this price, rounded down.

    Source: LiquidityAmounts.getLiquidityForAmounts of v3-periphery, its intermediate rounding too.
    """
    if min(amounts) < 0:
        raise AmmRefusal(reason=f"amounts {amounts} are not all 0 or more")
    low, high, at = _bounds(sqrt_ratio, lower_tick=lower_tick, upper_tick=upper_tick)
    choices = []
    if at < high:
        product = mul_div_down(at, high, UNIT)
        choices.append(mul_div_down(amounts[0], product, high - at))
    if at > low:
        choices.append(mul_div_down(amounts[1], UNIT, at - low))
    liquidity = min(choices)
    _refuse_liquidity(liquidity)
    return liquidity


def _bounds(sqrt_ratio: int, *, lower_tick: int, upper_tick: int) -> tuple[int, int, int]:
    """Square-root prices of both ends, and the price held between them."""
    _refuse_price(sqrt_ratio)
    if lower_tick >= upper_tick:
        raise AmmRefusal(reason=f"lower tick {lower_tick} is not below upper tick {upper_tick}")
    low, high = sqrt_ratio_at_tick(lower_tick), sqrt_ratio_at_tick(upper_tick)
    return low, high, min(max(sqrt_ratio, low), high)


def _refuse_price(sqrt_ratio: int) -> None:
    if not SQRT_RATIO_MIN <= sqrt_ratio < SQRT_RATIO_MAX:
        raise AmmRefusal(reason=f"square-root price {sqrt_ratio} is out of every pool's reach")


def _refuse_liquidity(liquidity: int) -> None:
    if not 0 <= liquidity <= LIQUIDITY_MAX:
        raise AmmRefusal(reason=f"liquidity {liquidity} is not within 0 to {LIQUIDITY_MAX}")
