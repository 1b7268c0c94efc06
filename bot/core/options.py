"""European option prices and their Greeks: Black-76 on a forward, Black-Scholes-Merton on spot.

This is float country: what leaves it becomes atoms in quotes.py. Prices are in quote currency per
unit of the underlying, rates are continuous and annual, a year is 365 days. docs/maths.md holds
the formulas and the error bounds; tests compare with 50-digit arithmetic and QuantLib.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.core.errors import OptionInputError
from bot.core.orders import ContractKind

SQRT_HALF = math.sqrt(0.5)
SQRT_TWO_PI = math.sqrt(2.0 * math.pi)
NEAR_RATIO_MAX = 2.0
"""Within this factor F - K is exact, so that log1p keeps digits that log(F / K) would lose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeks:
    """A price and its sensitivities, per unit of the underlying.

    delta: per 1 of spot. gamma: of delta, per 1 of spot. vega: per 1.00 of volatility.
    theta: per year of calendar time passing. rho: per 1.00 of the rate.
    """

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float


def normal_cdf(x: float) -> float:
    """Standard normal distribution function, accurate in both tails.

    >>> normal_cdf(0.0)
    0.5
    """
    return 0.5 * math.erfc(-x * SQRT_HALF)


def normal_pdf(x: float) -> float:
    """Standard normal density."""
    return math.exp(-0.5 * x * x) / SQRT_TWO_PI


def black_price(
    *,
    kind: ContractKind,
    forward: float,
    strike: float,
    vol: float,
    years: float,
    rate: float = 0.0,
) -> float:
    """Black-76: the discounted expectation of a European payoff on a log-normal forward.

    forward, strike: > 0, quote currency. vol: annual fraction, >= 0. years: to expiry, >= 0.
    At expiry, or without volatility, it is the discounted intrinsic value.
    The in-the-money side is the out-of-the-money one plus the forward's value, so that put-call
    parity holds to the last bit or two. Source: Black (1976); docs/maths.md section 3.1.
    >>> put = black_price(kind=ContractKind.PUT, forward=2000, strike=1800, vol=0.8, years=30 / 365)
    >>> round(put, 8)
    91.35590267
    """
    _refuse_impossible(vol=vol, years=years, rate=rate, forward=forward, strike=strike)
    undiscounted = time_value(
        forward=forward, strike=strike, stdev=vol * math.sqrt(years)
    ) + _intrinsic(kind, forward=forward, strike=strike)
    return _finite(undiscounted * _discount(rate=rate, years=years))


def option_price(
    *,
    kind: ContractKind,
    spot: float,
    strike: float,
    vol: float,
    years: float,
    rate: float = 0.0,
) -> float:
    """Black-Scholes-Merton price on spot: Black-76 on the forward spot * exp(rate * years).

    Source: Hull, Options, Futures and Other Derivatives, the worked example of chapter 15.
    >>> call = option_price(
    ...     kind=ContractKind.CALL, spot=42, strike=40, vol=0.2, years=0.5, rate=0.1
    ... )
    >>> round(call, 10)
    4.7594223929
    """
    _refuse_impossible(vol=vol, years=years, rate=rate, spot=spot, strike=strike)
    forward = _finite(spot / _discount(rate=rate, years=years))
    return black_price(kind=kind, forward=forward, strike=strike, vol=vol, years=years, rate=rate)


def option_greeks(
    *,
    kind: ContractKind,
    spot: float,
    strike: float,
    vol: float,
    years: float,
    rate: float = 0.0,
) -> Greeks:
    """Price, delta, gamma, vega, theta and rho of a European option on spot.

    Without time or volatility left, delta is the step of the payoff (a half at the strike itself)
    and gamma and vega are 0. Source: docs/maths.md section 3.2.
    """
    price = option_price(kind=kind, spot=spot, strike=strike, vol=vol, years=years, rate=rate)
    discount = _discount(rate=rate, years=years)
    stdev = vol * math.sqrt(years)
    moneyness = _log_ratio(spot, strike) + rate * years
    sign = 1.0 if kind is ContractKind.CALL else -1.0
    if stdev > 0.0:
        d_plus = moneyness / stdev + 0.5 * stdev
        density = normal_pdf(d_plus)
        gamma = density / (spot * stdev)
    else:
        d_plus = math.copysign(math.inf, moneyness) if moneyness else 0.0
        density = gamma = 0.0
    strike_term = rate * discount * strike * normal_cdf(sign * (d_plus - stdev))
    decay = 0.5 * spot * density * vol / math.sqrt(years) if years > 0.0 else 0.0
    return Greeks(
        price=price,
        delta=sign * normal_cdf(sign * d_plus),
        gamma=gamma,
        vega=spot * density * math.sqrt(years),
        theta=-decay - sign * strike_term,
        rho=sign * strike * years * discount * normal_cdf(sign * (d_plus - stdev)),
    )


def time_value(*, forward: float, strike: float, stdev: float) -> float:
    """Undiscounted price of whichever of call and put is out of the money: it is >= 0."""
    if stdev <= 0.0:
        return 0.0
    distance = abs(_log_ratio(forward, strike)) / stdev
    low, high = min(forward, strike), max(forward, strike)
    value = low * normal_cdf(0.5 * stdev - distance) - high * normal_cdf(-0.5 * stdev - distance)
    return max(0.0, value)


def _intrinsic(kind: ContractKind, *, forward: float, strike: float) -> float:
    gain = forward - strike if kind is ContractKind.CALL else strike - forward
    return max(0.0, gain)


def _log_ratio(above: float, below: float) -> float:
    if max(above, below) <= NEAR_RATIO_MAX * min(above, below):
        return math.log1p((above - below) / below)
    return math.log(above) - math.log(below)


def _discount(*, rate: float, years: float) -> float:
    try:
        discount = math.exp(-rate * years)
    except OverflowError:
        discount = 0.0
    if discount <= 0.0:
        raise OptionInputError(name="rate", value=rate, problem=f"too large over {years} years")
    return discount


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise OptionInputError(name="price", value=value, problem="the inputs are too large")
    return value


def _refuse_impossible(*, vol: float, years: float, rate: float, **prices: float) -> None:
    for name, value in prices.items():
        if not (math.isfinite(value) and value > 0.0):
            raise OptionInputError(name=name, value=value, problem="a price must be above 0")
    for name, value in (("vol", vol), ("years", years)):
        if not (math.isfinite(value) and value >= 0.0):
            raise OptionInputError(name=name, value=value, problem="it must be 0 or more")
    if not math.isfinite(rate):
        raise OptionInputError(name="rate", value=rate, problem="it must be a number")
