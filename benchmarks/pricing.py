"""Price and five Greeks of a million options, and a million implied volatilities, on one core."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import QuantLib
from numba import njit
from numpy.typing import NDArray
from scipy.special import ndtr
from vollib.black_scholes import black_scholes
from vollib.black_scholes.greeks import analytical
from vollib.black_scholes.implied_volatility import implied_volatility

from benchmarks.measure import Line, Pairs, timed, uncollected
from bot.core.implied_vol import implied_vols
from bot.core.option_arrays import option_figures

Floats = NDArray[np.float64]
Row = tuple[bool, float, float, float, float, float]
"""is_call, spot, strike, vol (or price), years, rate of one option."""

OPTIONS = 1_000_000
PAIRS = 15
BLOCK = 4096
PEER_OPTIONS = 2_000
PRICE_TARGET = 1.0
IMPLIED_MS_MAX = 250.0
"""Four million a second."""


class Terms(NamedTuple):
    """A million different options, calls and puts, a day to a year, 10 % to 200 %."""

    is_call: NDArray[np.bool_]
    spot: Floats
    strike: Floats
    vol: Floats
    years: Floats
    rate: Floats


def lines() -> Iterator[Line]:
    """Both ways: from volatility to price, and back."""
    terms = _terms()
    with uncollected():
        yield _prices(terms)
        yield _implied(terms)


def _prices(terms: Terms) -> Line:
    named = terms._asdict()
    found, bare = option_figures(**named), _blocked(terms)
    for row, name in enumerate(("price", "delta", "gamma", "vega", "theta", "rho")):
        scale = np.max(np.abs(bare[row]))
        if np.max(np.abs(getattr(found, name) - bare[row])) > 1e-10 * scale:
            raise AssertionError(f"{name} differs from the floor's")
    del found, bare
    pairs = Pairs()
    for _ in range(PAIRS):
        pairs.take(lambda: option_figures(**named), lambda: _blocked(terms))
    return Line(
        bench="option_figures",
        unit="ms",
        ours=pairs.ours * 1e3,
        floor=pairs.floor * 1e3,
        peer=_loop_ms(terms, _vollib_figures),
        ratio=pairs.ratio,
        ratio_iqr=pairs.ratio_iqr,
        target=PRICE_TARGET,
        more={
            "million_per_s": OPTIONS / pairs.ours / 1e6,
            "quantlib": _loop_ms(terms, _quantlib_figures),
        },
        note=f"a million options; ours gives vanna and volga too; floor: numpy and scipy's ndtr in "
        f"blocks of {BLOCK}; peer: py_vollib, as QuantLib a loop over {PEER_OPTIONS}, scaled",
    )


def _implied(terms: Terms) -> Line:
    named = terms._asdict()
    vol = named.pop("vol")
    prices = option_figures(vol=vol, **named).price
    found = implied_vols(price=prices, **named)
    if np.max(np.abs(found.vol - vol)[found.is_solved]) > 1e-8:
        raise AssertionError("the round trip does not close")
    out = np.empty(OPTIONS)
    _halley(terms, prices, out)
    if np.median(np.abs(out - vol)) > 1e-10:
        raise AssertionError("the floor does not converge")
    pairs = Pairs()
    for _ in range(PAIRS):
        pairs.take(
            lambda: implied_vols(price=prices, **named),
            lambda: _halley(terms, prices, out),
        )
    priced = terms._replace(vol=prices)
    return Line(
        bench="implied_vols",
        unit="ms",
        ours=pairs.ours * 1e3,
        floor=pairs.floor * 1e3,
        peer=_loop_ms(priced, _vollib_implied),
        ratio=pairs.ratio,
        ratio_iqr=pairs.ratio_iqr,
        target=IMPLIED_MS_MAX,
        target_of="ours",
        more={
            "million_per_s": OPTIONS / pairs.ours / 1e6,
            "solved": float(found.is_solved.mean()),
            "quantlib": _loop_ms(priced, _quantlib_implied),
        },
        note="target in ms, four million a second; floor: a bare numba loop of Halley steps on "
        f"erfc; peer: py_vollib, as QuantLib a loop over {PEER_OPTIONS}, scaled",
    )


def _terms() -> Terms:
    chance = np.random.default_rng(7)
    spot = 2000.0 * np.exp(chance.normal(0.0, 0.2, OPTIONS))
    return Terms(
        is_call=chance.random(OPTIONS) < 0.5,
        spot=spot,
        strike=spot * np.exp(chance.normal(0.0, 0.3, OPTIONS)),
        vol=chance.uniform(0.1, 2.0, OPTIONS),
        years=chance.uniform(1.0 / 365.0, 1.0, OPTIONS),
        rate=chance.uniform(0.0, 0.05, OPTIONS),
    )


# -- the floors -----------------------------------------------------------------------------------


def _blocked(terms: Terms) -> Floats:
    """The textbook, block by block in buffers that stay in the cache."""
    out = np.empty((6, OPTIONS))
    buffers = np.empty((8, BLOCK))
    signs = np.where(terms.is_call, 1.0, -1.0)
    for start in range(0, OPTIONS, BLOCK):
        part = slice(start, min(start + BLOCK, OPTIONS))
        spot, strike, vol, years, rate = (column[part] for column in terms[1:])
        sign = signs[part]
        price, delta, gamma, vega, theta, rho = out[:, part]
        plus, minus, root, stdev, owed, a, b, strike_term = buffers[:, : spot.size]
        np.sqrt(years, out=root)
        np.multiply(vol, root, out=stdev)
        np.multiply(rate, years, out=a)
        np.divide(spot, strike, out=plus)
        np.log(plus, out=plus)
        np.add(plus, a, out=plus)
        np.divide(plus, stdev, out=plus)
        np.multiply(stdev, 0.5, out=b)
        np.add(plus, b, out=plus)
        np.subtract(plus, stdev, out=minus)
        np.negative(a, out=a)
        np.exp(a, out=a)
        np.multiply(strike, a, out=owed)
        np.multiply(plus, plus, out=a)
        np.multiply(a, -0.5, out=a)
        np.exp(a, out=a)
        np.multiply(a, 1.0 / math.sqrt(2.0 * math.pi), out=a)
        np.multiply(spot, stdev, out=b)
        np.divide(a, b, out=gamma)
        np.multiply(a, spot, out=a)
        np.multiply(a, root, out=vega)
        np.multiply(sign, plus, out=plus)
        ndtr(plus, out=plus)
        np.multiply(sign, minus, out=minus)
        ndtr(minus, out=minus)
        np.multiply(sign, plus, out=delta)
        np.multiply(sign, owed, out=strike_term)
        np.multiply(strike_term, minus, out=strike_term)
        np.multiply(delta, spot, out=price)
        np.subtract(price, strike_term, out=price)
        np.multiply(strike_term, years, out=rho)
        np.multiply(a, vol, out=a)
        np.divide(a, root, out=a)
        np.multiply(a, -0.5, out=a)
        np.multiply(strike_term, rate, out=strike_term)
        np.subtract(a, strike_term, out=theta)
    return out


@njit  # type: ignore[untyped-decorator]
def _halley(terms: Any, prices: Any, out: Any) -> None:
    """Halley's step on the price out of the money, from the turning point of its curve."""
    is_call, spot, strike, _, years, rate = terms
    for i in range(spot.size):
        owed = strike[i] * math.exp(-rate[i] * years[i])
        exercise = spot[i] - owed if is_call[i] else owed - spot[i]
        goal = prices[i] - max(exercise, 0.0)
        low, high = min(spot[i], owed), max(spot[i], owed)
        x = math.log(high / low)
        s = max(math.sqrt(2.0 * x), goal / low * 2.5066)
        for _ in range(20):
            d = 0.5 * s - x / s
            slope = low * math.exp(-0.5 * d * d) * 0.3989422804014327
            value = 0.5 * low * math.erfc(-d * 0.7071067811865476)
            value -= 0.5 * high * math.erfc((s - d) * 0.7071067811865476)
            if not (slope > 1e-300 and goal > 0.0):
                break
            newton = (value - goal) / slope
            bend = 0.5 * newton * (x * x / (s * s * s) - 0.25 * s)
            step = newton / max(1.0 - bend, 0.5)
            s = max(s - step, 0.3 * s)
            if abs(step) < 1e-10 * s:
                break
        out[i] = s / math.sqrt(years[i])


# -- the peers ------------------------------------------------------------------------------------


def _loop_ms(terms: Terms, work: Callable[[Row], object]) -> float:
    """Milliseconds for a million, from a loop over the first few."""
    rows = list(zip(*(column[:PEER_OPTIONS].tolist() for column in terms), strict=True))

    def loop() -> None:
        for row in rows:
            work(row)

    loop()
    return timed(loop) * 1e3 * OPTIONS / PEER_OPTIONS


def _vollib_figures(row: Row) -> None:
    is_call, spot, strike, vol, years, rate = row
    terms = ("c" if is_call else "p", spot, strike, years, rate, vol)
    black_scholes(*terms)
    for greek in ("delta", "gamma", "vega", "theta", "rho"):
        getattr(analytical, greek)(*terms)


def _vollib_implied(row: Row) -> None:
    is_call, spot, strike, price, years, rate = row
    try:
        implied_volatility(price, spot, strike, years, rate, "c" if is_call else "p")
    except Exception:
        return  # it raises where there is no answer: that costs time as well


def _quantlib_figures(row: Row) -> None:
    is_call, spot, strike, vol, years, rate = row
    kind = QuantLib.Option.Call if is_call else QuantLib.Option.Put
    growth, stdev = math.exp(rate * years), vol * math.sqrt(years)
    payoff = QuantLib.PlainVanillaPayoff(kind, strike)
    calculator = QuantLib.BlackCalculator(payoff, spot * growth, stdev, 1.0 / growth)
    calculator.value()
    calculator.delta(spot)
    calculator.gamma(spot)
    calculator.vega(years)
    calculator.theta(spot, years)
    calculator.rho(years)


def _quantlib_implied(row: Row) -> None:
    is_call, spot, strike, price, years, rate = row
    kind = QuantLib.Option.Call if is_call else QuantLib.Option.Put
    growth = math.exp(rate * years)
    try:
        QuantLib.blackFormulaImpliedStdDev(kind, strike, spot * growth, price, 1.0 / growth)
    except RuntimeError:
        return
