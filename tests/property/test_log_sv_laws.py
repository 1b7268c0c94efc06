"""Laws of the claim under log-normal stochastic volatility, for drawn models and positions."""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.claim import claim_value
from bot.core.claim_transform import log_sv_claim, transform_claim
from bot.core.log_sv import LogSv
from bot.core.residual import Position

LEVELS = st.floats(0.3, 1.0)
MODELS = st.builds(
    LogSv,
    vol=LEVELS,
    theta=st.just(0.6),
    kappa1=st.floats(0.0, 5.0),
    kappa2=st.floats(0.5, 5.0),
    beta=st.floats(-1.0, 0.5),
    volvol=st.floats(0.0, 1.0),
)
YEARS = st.floats(1 / 365, 15 / 365)
RATIOS = st.floats(0.7, 1.4)
FEW = settings(max_examples=20, deadline=None)
"""A draw is an equation to be solved: some tenths of a second."""


@FEW
@given(model=MODELS, years=YEARS, ratio=RATIOS, size=st.floats(1e-3, 1e3))
def test_the_value_scales_with_the_notional_and_not_with_the_price_unit(
    model: LogSv, years: float, ratio: float, size: float
) -> None:
    one = Position(entry=1.0, lower=0.9, upper=1.2)
    other = Position(entry=size, lower=0.9 * size, upper=1.2 * size, notional=size)
    once = log_sv_claim(model, one, years=years, forward=ratio).item()
    again = log_sv_claim(model, other, years=years, forward=ratio * size).item()
    assert again == pytest.approx(size * once, rel=1e-7, abs=1e-9 * size)


@FEW
@given(model=MODELS, years=YEARS, ratio=RATIOS, split=st.floats(0.95, 1.15))
def test_neighbouring_ranges_of_one_liquidity_are_worth_what_the_whole_is(
    model: LogSv, years: float, ratio: float, split: float
) -> None:
    """Entry below all three, so that each is paid in with base: the claims add up per liquidity."""
    ends = [(0.9, split), (split, 1.2), (0.9, 1.2)]
    parts = [
        log_sv_claim(model, position, years=years, forward=ratio).item() / position.liquidity
        for position in (Position(entry=0.8, lower=low, upper=high) for low, high in ends)
    ]
    assert parts[0] + parts[1] == pytest.approx(parts[2], rel=1e-6, abs=1e-9)


@FEW
@given(model=MODELS, years=YEARS, ratio=RATIOS, width=st.floats(12.0, 16.0))
def test_a_wide_range_tends_to_the_full_range(
    model: LogSv, years: float, ratio: float, width: float
) -> None:
    full = log_sv_claim(model, Position(entry=1.0), years=years, forward=ratio).item()
    span = Position(entry=1.0, lower=exp(-width), upper=exp(width))
    wide = log_sv_claim(model, span, years=years, forward=ratio).item()
    assert wide == pytest.approx(full, rel=0.01, abs=1e-9)
    low = Position(entry=1.0, lower=exp(-width), upper=inf)
    assert log_sv_claim(model, low, years=years, forward=ratio).item() == pytest.approx(
        full, rel=0.01, abs=1e-9
    )


@FEW
@given(model=MODELS, years=YEARS, ratio=RATIOS)
def test_the_full_range_needs_the_mean_root_only(model: LogSv, years: float, ratio: float) -> None:
    """E[sqrt(P)] = sqrt(F) M(1/2): the loss is a half of (1 - sqrt(F))**2 and sqrt(F)(1 - M)."""
    mean_root = np.exp(model.log_transform(years=years)(np.array([0.5 + 0j]))).item().real
    expected = -0.5 * (1.0 - ratio**0.5) ** 2 - ratio**0.5 * (1.0 - mean_root)
    found = log_sv_claim(model, Position(entry=1.0), years=years, forward=ratio).item()
    assert found == pytest.approx(expected, rel=1e-9)


@FEW
@given(model=MODELS, years=YEARS, more=st.floats(1.1, 1.5))
def test_more_volatility_now_costs_more(model: LogSv, years: float, more: float) -> None:
    position = Position(entry=1.0, lower=0.9, upper=1.2)
    now = log_sv_claim(model, position, years=years).item()
    later = log_sv_claim(replace(model, vol=model.vol * more), position, years=years).item()
    assert later < now < 0.0


@FEW
@given(
    vol=st.floats(0.05, 3.0), years=st.floats(1e-3, 1.0), ratio=st.floats(0.02, 50.0),
    low=st.floats(0.1, 0.95), high=st.floats(1.05, 10.0),
)  # fmt: skip
def test_two_log_normal_laws_mixed_are_worth_the_mix_of_both(
    vol: float, years: float, ratio: float, low: float, high: float
) -> None:
    """Oracle: the closed form of each half, at any forward; a law that is no Black-Scholes."""
    variances = np.array([1.0, 4.0]) * vol * vol * years
    position = Position(entry=1.0, lower=low, upper=high)

    def mixed(power: np.ndarray) -> np.ndarray:
        return np.log(
            np.mean(np.exp(np.multiply.outer(variances, power * (power - 1) / 2)), axis=0)
        )

    halves = claim_value(
        entry=1.0, lower=low, upper=high, forward=ratio, vol=np.sqrt(variances), years=1.0
    )
    efficiency = position.liquidity * max(1.0, ratio)
    found = transform_claim(mixed, position, forward=ratio).item()
    assert found == pytest.approx(np.mean(halves).item(), rel=1e-9, abs=1e-9 * efficiency)
