"""European options by the million: prices and Greeks of arrays, and of digitals.

Arrays (or numbers) in, arrays out; inputs broadcast against each other. Prices are in quote per
unit of the underlying, vol is an annual fraction, a year has 365 days, rates are continuous and
annual. options.py prices one option, at once and without arrays: the engine uses that.
What is impossible raises OptionInputError; nothing is ever nan.

Error bound: each figure within 1e-15 of its natural scale (max(S, K) for price, 1 for delta,
1/(S s) for gamma with s = vol * sqrt(years), ...), a price out of the money also within 1e-10 of
itself; from 1 % to 500 %, one minute on, a thousandth to a thousand times spot. docs/maths.md
section 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bot.core.option_inputs import Floats, as_floats, sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Price and sensitivities of options, arrays of one shape.

    delta: per 1 of spot. gamma: of delta, per 1 of spot. vega: per 1.00 of vol. theta: per year
    of calendar time passing. rho: per 1.00 of the rate. vanna: of delta, per 1.00 of vol (or of
    vega, per 1 of spot). volga: of vega, per 1.00 of vol.
    """

    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    vanna: Floats
    volga: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Digitals:
    """Options that pay 1 quote or nothing; delta per 1 of spot, vega per 1.00 of vol."""

    price: Floats
    delta: Floats
    vega: Floats


def option_figures(
    *,
    is_call: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    vol: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike = 0.0,
) -> Figures:
    """Black-Scholes-Merton calls (is_call true) and puts on spot.

    spot, strike: 1e-50 to 1e50. vol, years: >= 0; without either only intrinsic value is left,
    delta is the payoff's step, a half at the strike itself, and gamma, vega, vanna and volga are 0.
    Source: docs/maths.md sections 3.1 and 3.2.
    >>> found = option_figures(
    ...     is_call=[True, False], spot=100, strike=100, vol=0.2, years=1, rate=0.05
    ... )
    >>> found.price.round(10).tolist()
    [10.4505835722, 5.5735260223]
    """
    from bot.core.option_kernels import fill_figures

    inputs = {"spot": spot, "strike": strike, "vol": vol, "years": years, "rate": rate}
    return _figures(sweep(fill_figures, is_call, inputs, rows=8))


def forward_figures(
    *,
    is_call: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    vol: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike = 0.0,
) -> Figures:
    """Black-76 calls and puts on a forward, discounted; delta, gamma and vanna are per 1 of it.

    Theta and rho leave the forward where it is. Source: docs/maths.md sections 3.1 and 3.4.
    >>> put = forward_figures(is_call=False, forward=2000, strike=1800, vol=0.8, years=30 / 365)
    >>> round(put.price.item(), 8)
    91.35590267
    """
    from bot.core.option_kernels import fill_forward_figures

    inputs = {"forward": forward, "strike": strike, "vol": vol, "years": years, "rate": rate}
    return _figures(sweep(fill_forward_figures, is_call, inputs, rows=8))


def digital_figures(
    *,
    is_call: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    vol: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike = 0.0,
) -> Digitals:
    """Options that pay 1 quote if spot ends above (call) or below (put) the strike, else nothing.

    Price e^-rT N(+-d-), the limit of ever narrower spreads; a half at the strike once nothing can
    move any more. Delta and vega follow from the vanilla's gamma, vega and vanna, as its price is
    of first degree in spot and strike. Source: docs/maths.md section 3.4.
    >>> found = digital_figures(is_call=True, spot=100, strike=100, vol=0.2, years=1, rate=0.05)
    >>> round(found.price.item(), 10)
    0.5323248155
    """
    from bot.core.option_kernels import fill_figures

    inputs = {"spot": spot, "strike": strike, "vol": vol, "years": years, "rate": rate}
    out = sweep(fill_figures, is_call, inputs, rows=9)
    _, _, gamma, vega, _, _, vanna, _, digital = out
    s, k = as_floats("spot", spot), as_floats("strike", strike)
    sign = np.where(is_call, 1.0, -1.0)
    return Digitals(price=digital, delta=sign * gamma * s / k, vega=-sign * (vega - s * vanna) / k)


def _figures(out: Floats) -> Figures:
    price, delta, gamma, vega, theta, rho, vanna, volga = out
    return Figures(
        price=price, delta=delta, gamma=gamma, vega=vega,
        theta=theta, rho=rho, vanna=vanna, volga=volga,
    )  # fmt: skip
