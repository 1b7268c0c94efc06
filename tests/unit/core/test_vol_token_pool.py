"""A token that comes back: its claim against simulated paths, mpmath and quad."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad

from bot.core.claim import claim_payoff, claim_value
from bot.core.errors import OptionInputError
from bot.core.loss import loss_vs_entry_hold
from bot.core.residual import Position
from bot.core.vol_token_pool import VolToken, ou_claim, ou_lvr, sold_share

CALM = VolToken(mean=20.0, reversion=18.0, vol=1.2)
POSITIONS = (Position(entry=20.0), Position(entry=20.0, lower=15.0, upper=40.0, notional=1e6))


@pytest.mark.parametrize("position", POSITIONS, ids=["full range", "a range"])
@pytest.mark.parametrize("price", [14.0, 20.0, 60.0])
def test_the_claim_is_the_mean_of_simulated_paths(position: Position, price: float) -> None:
    """Oracle: 60,000 paths of the equation itself over 80 days, in Euler steps of two hours; four
    standard errors, and half a per cent for the scheme's own error, which is of the order k dt."""
    years, steps, paths = 80 / 365, 960, 60_000
    rng = np.random.default_rng(20260504)
    dt = years / steps
    x = np.full(paths, math.log(price))
    for _ in range(steps):
        pull = CALM.reversion * (math.log(CALM.mean) - x)
        x += pull * dt + CALM.vol * math.sqrt(dt) * rng.standard_normal(paths)
    losses = claim_payoff(
        np.exp(x), entry=position.entry, lower=position.lower, upper=position.upper,
        notional=position.notional,
    )  # fmt: skip
    error = losses.std() / math.sqrt(paths)
    value = ou_claim(CALM, position, years=years, price=price)
    assert value == pytest.approx(losses.mean(), abs=4 * error + 0.005 * abs(value))


@pytest.mark.parametrize("days", [1, 30, 365])
@pytest.mark.parametrize("price", [14.0, 20.0, 60.0])
def test_the_full_range_is_mpmaths_integral_over_the_density(days: int, price: float) -> None:
    with mpmath.workdps(30):
        k, vol = mpmath.mpf(CALM.reversion), mpmath.mpf(CALM.vol)
        t = mpmath.mpf(days) / 365
        mean = mpmath.log(20) + (mpmath.log(price) - mpmath.log(20)) * mpmath.exp(-k * t)
        stdev = mpmath.sqrt(vol**2 * (1 - mpmath.exp(-2 * k * t)) / (2 * k))

        def weighed(x: mpmath.mpf) -> mpmath.mpf:
            return mpmath.npdf(x, mean, stdev) * -((mpmath.sqrt(mpmath.exp(x) / 20) - 1) ** 2) / 2

        places = [mean + stdev * step for step in range(-14, 15, 2)]
        expected = float(mpmath.quad(weighed, places))
    value = ou_claim(CALM, POSITIONS[0], years=days / 365, price=price)
    assert value == pytest.approx(expected, rel=1e-10)


def test_the_expected_loss_stops_growing_where_a_random_walks_goes_on() -> None:
    ever = -(1 - math.exp(-(CALM.vol**2) / (2 * CALM.reversion) / 8))
    years = [0.1, 0.5, 2.0, 20.0]
    centred = [ou_claim(CALM, POSITIONS[0], years=t, price=20.0) for t in years]
    assert centred[3] == pytest.approx(centred[2], abs=1e-12)
    # The forward is above the entry by half the variance, which adds a little to the pure spread.
    assert 1.0 < centred[3] / ever < 1.06
    walk = [claim_value(entry=20.0, vol=CALM.vol, years=t).item() for t in years]
    assert all(lost < kept for lost, kept in zip(walk, centred, strict=True))
    assert walk[3] < -0.9


def test_a_loss_made_by_a_leap_is_expected_to_come_back() -> None:
    now = loss_vs_entry_hold(3.0)
    ahead = [ou_claim(CALM, POSITIONS[0], years=d / 365, price=60.0) for d in (1, 7, 30, 90)]
    assert now < ahead[0] < ahead[1] < ahead[2] < ahead[3] < 0


def test_without_a_pull_it_is_the_random_walk_of_the_same_median() -> None:
    slow = VolToken(mean=20.0, reversion=1e-9, vol=0.8)
    years = 30 / 365
    walk = claim_value(
        entry=20.0, vol=0.8, years=years, forward=20.0 * math.exp(0.32 * years)
    ).item()
    assert ou_claim(slow, POSITIONS[0], years=years, price=20.0) == pytest.approx(walk, rel=1e-6)


@pytest.mark.parametrize("price", [14.0, 20.0, 60.0])
def test_what_arbitrage_takes_is_quads_integral(price: float) -> None:
    years = 30 / 365

    def root(t: float) -> float:
        mean = math.log(20) + (math.log(price) - math.log(20)) * math.exp(-18.0 * t)
        variance = 1.44 * (1 - math.exp(-36.0 * t)) / 36.0
        return math.exp(mean / 2 + variance / 8) / math.sqrt(price)

    taken, _ = quad(root, 0.0, years, epsabs=1e-13)
    assert ou_lvr(CALM, years=years, price=price) == pytest.approx(1.44 / 8 * taken, rel=1e-11)


def test_the_pool_sells_the_rising_token_all_the_way_up() -> None:
    """By the reserves themselves: x y = k and y / x = P leave sqrt(k / P) tokens."""
    left = [math.sqrt(1_000 * 20_000 / price) for price in (20.0, 40.0, 66.0, 80.0)]
    for price, tokens in zip((20.0, 40.0, 66.0, 80.0), left, strict=True):
        assert sold_share(price / 20.0) == pytest.approx(1 - tokens / 1_000)
    assert sold_share(3.0) == pytest.approx(0.4226, abs=5e-5)


@pytest.mark.parametrize("name", ["mean", "reversion", "vol"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_a_parameter_that_is_no_positive_number_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(OptionInputError, match=name):
        VolToken(**{"mean": 20.0, "reversion": 18.0, "vol": 1.2, name: value})
