"""Impermanent loss as a claim: its payoff, its Black-Scholes value, and the position's Greeks.

The loss is the one over entry value: the LP position less the tokens paid in, had they been kept.
Protection pays it back, so its premium is minus the claim's value. Everything takes numbers or
arrays, broadcasts them, and is undiscounted: a forward value. Source: docs/maths.md section 2.2;
Lipton, Lucic and Sepp, arXiv 2407.05146.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bot.core.checked import Floats, not_negative, positive, price_range


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionValue:
    """An LP position that is held until a horizon, its time value included, fees left out.

    value: expected value, quote. delta: base, per 1 of the forward. gamma: of delta, per 1 of the
    forward. vega: quote, per 1.00 of volatility. theta: quote per year of time passing. The claim
    has the same gamma, vega and theta; its delta is less by the base tokens paid in.
    """

    value: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats


def liquidity_of(
    notional: ArrayLike, *, entry: ArrayLike, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf
) -> Floats:
    """Liquidity that the value `notional` (quote) buys at the entry price.

    >>> round(liquidity_of(1e6, entry=2000.0, lower=1500.0, upper=2500.0).item(), 9)
    93345.531148076
    """
    money, start = positive("notional", notional), positive("entry", entry)
    low, high = price_range(lower, upper)
    root = np.sqrt(np.clip(start, low, high))
    value = (1.0 / root - 1.0 / np.sqrt(high)) * start + (root - np.sqrt(low))
    liquidity: Floats = money / positive("value at entry", value)
    return liquidity


def claim_payoff(
    price: ArrayLike,
    *,
    entry: ArrayLike,
    lower: ArrayLike = 0.0,
    upper: ArrayLike = np.inf,
    notional: ArrayLike = 1.0,
) -> Floats:
    """Loss over entry value at a final price, quote, <= 0: LP value less what was paid in, kept.

    price, entry: quote per base, > 0. lower, upper: the range, 0 <= lower < upper. notional: value
    at entry, quote, > 0. With c the price held within the range and c0 the entry held so:
    L (sqrt(c) - sqrt(c0)) (1 - P / sqrt(c c0)), which cancels nothing and is never above 0.

    >>> round(claim_payoff(2000, entry=2200, lower=2000, upper=2400, notional=1e6).item(), 4)
    -24303.9304
    """
    final, start = positive("price", price), positive("entry", entry)
    low, high = price_range(lower, upper)
    root, root0 = np.sqrt(np.clip(final, low, high)), np.sqrt(np.clip(start, low, high))
    liquidity = liquidity_of(notional, entry=start, lower=low, upper=high)
    # + 0.0: a loss of nothing is 0, not -0.
    loss: Floats = liquidity * (root - root0) * ((root * root0 - final) / (root * root0)) + 0.0
    return loss


def claim_value(
    *,
    entry: ArrayLike,
    vol: ArrayLike,
    years: ArrayLike,
    forward: ArrayLike | None = None,
    lower: ArrayLike = 0.0,
    upper: ArrayLike = np.inf,
    notional: ArrayLike = 1.0,
) -> Floats:
    """Expected loss over entry value on a log-normal price, quote, <= 0; protection costs minus it.

    forward: expected price at the horizon, the entry price when left out. vol: annual, >= 0.
    years: to the horizon, >= 0. The rest as in `claim_payoff`. Absolute error below 1e-14 of the
    notional times the range's capital efficiency.
    Source: docs/maths.md section 2.2; full range at its own entry: exp(-vol**2 years / 8) - 1.

    >>> round(claim_value(entry=2000, vol=0.8, years=30 / 365).item(), 15)
    -0.006553772204661
    >>> money = claim_value(
    ...     entry=2200, vol=0.6, years=10 / 365, lower=2000, upper=2400, notional=1e6
    ... )
    >>> round(money.item(), 6)
    -22652.626049
    """
    start = positive("entry", entry)
    ahead = start if forward is None else positive("forward", forward)
    low, high = price_range(lower, upper)
    stdev = not_negative("vol", vol) * np.sqrt(not_negative("years", years))
    liquidity = liquidity_of(notional, entry=start, lower=low, upper=high)
    below, above = _Chances.of(ahead, stdev, low), _Chances.of(ahead, stdev, high)
    root0, root = np.sqrt(np.clip(start, low, high)), np.sqrt(ahead)
    inside = above.half - below.half
    # Inside: 2 sqrt(P) - sqrt(c0) - P/sqrt(c0), whose first term is an expectation of its own.
    expected = (
        inside * (2.0 * root * np.expm1(-stdev * stdev / 8.0) - (root - root0) ** 2 / root0)
        + root0 * (inside - (above.plain - below.plain))
        + ahead / root0 * (inside - (above.share - below.share))
    )
    low_root, high_root = np.sqrt(low), np.sqrt(high)
    with np.errstate(divide="ignore", invalid="ignore"):
        under = (low_root - root0) * (below.plain - ahead * below.share / (low_root * root0))
        over = (high_root - root0) * (
            (1.0 - above.plain) - ahead * (1.0 - above.share) / (high_root * root0)
        )
    expected = expected + np.where(low > 0.0, under, 0.0) + np.where(high < np.inf, over, 0.0)
    value: Floats = np.minimum(0.0, liquidity * expected) + 0.0
    return value


def position_value(
    *,
    entry: ArrayLike,
    vol: ArrayLike,
    years: ArrayLike,
    forward: ArrayLike | None = None,
    lower: ArrayLike = 0.0,
    upper: ArrayLike = np.inf,
    notional: ArrayLike = 1.0,
) -> PositionValue:
    """What the LP position is worth until the horizon, with its Greeks; arguments as above.

    Gamma is -L/2 F**-1.5 exp(-s**2/8) times the chance (under the measure of sqrt(P)) of ending in
    the range; vega is F**2 gamma vol years and theta -F**2 gamma vol**2 / 2, as for every European
    claim on a forward. Theta is what loss-versus-rebalancing takes at the same moment.
    """
    start = positive("entry", entry)
    ahead = start if forward is None else positive("forward", forward)
    low, high = price_range(lower, upper)
    sigma, time = not_negative("vol", vol), not_negative("years", years)
    stdev = sigma * np.sqrt(time)
    liquidity = liquidity_of(notional, entry=start, lower=low, upper=high)
    below, above = _Chances.of(ahead, stdev, low), _Chances.of(ahead, stdev, high)
    inside = np.exp(-stdev * stdev / 8.0) * (above.half - below.half) / np.sqrt(ahead)
    with np.errstate(divide="ignore", invalid="ignore"):
        under = np.where(low > 0.0, below.share / np.sqrt(low), 0.0)
    delta = liquidity * (inside + under - above.share / np.sqrt(high))
    root0 = np.sqrt(np.clip(start, low, high))
    base = liquidity * (1.0 / root0 - 1.0 / np.sqrt(high))
    kept = base * ahead + liquidity * (root0 - np.sqrt(low))
    loss = claim_value(
        entry=start, vol=sigma, years=time, forward=ahead,
        lower=low, upper=high, notional=notional,
    )  # fmt: skip
    gamma = -0.5 * liquidity * inside / ahead
    return PositionValue(
        value=np.maximum(0.0, kept + loss),
        delta=delta,
        gamma=gamma,
        vega=ahead**2 * gamma * sigma * time,
        theta=-0.5 * ahead**2 * gamma * sigma**2,
    )


@dataclass(frozen=True, slots=True)
class _Chances:
    """Chances that a log-normal price ends below a bound, under three measures.

    plain: the forward's own, share: weighted by P, half: weighted by sqrt(P).
    """

    plain: Floats
    share: Floats
    half: Floats

    @classmethod
    def of(cls, forward: Floats, stdev: Floats, bound: Floats) -> _Chances:
        from scipy.special import ndtr

        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            distance = np.log(bound / forward)
            # Without volatility: certain on either side, a half at the bound itself.
            scaled = np.where(distance == 0.0, 0.0, distance / stdev)
        return cls(ndtr(scaled + 0.5 * stdev), ndtr(scaled - 0.5 * stdev), ndtr(scaled))
