"""The claim under log-normal stochastic volatility: the reference, its limit, and two oracles."""

from __future__ import annotations

from functools import cache
from math import inf, nan

import numpy as np
import pytest

from bot.core.claim import claim_payoff, claim_value
from bot.core.claim_transform import log_sv_claim, transform_claim
from bot.core.errors import OptionInputError
from bot.core.log_sv import LogSv
from bot.core.residual import Position
from tests.oracles.log_sv import published_log_transform, richardson, textbook_claim

PARAMS = {
    "vol": 0.4861785891939535, "theta": 0.6176006871606874,
    "kappa1": 1.955809653686808, "kappa2": 1.978367101612294,
    "beta": -0.26916969112829325, "volvol": 3.265815229306317,
}  # fmt: skip
MODEL = LogSv(**PARAMS)
RANGE = {"entry": 2200.0, "lower": 2000.0, "upper": 2400.0, "notional": 1e6}
POSITION = Position(**RANGE)
YEARS = 10 / 365
REFERENCE = {
    2200.0: -17396.17922667846,
    2000.0: -33834.0649,
    2100.0: -21438.9383,
    2300.0: -21815.2846,
    2400.0: -33232.3428,
}
"""Source of parameters and values: quant reference section 3, Sepp log-SV, over 10 days."""

ENDS = [(0.0, inf), (2000.0, 2400.0), (2000.0, inf), (0.0, 2400.0)]


@cache
def published(power: bytes, quartic: float) -> np.ndarray:
    at = np.frombuffer(power, np.complex128)
    return published_log_transform(at, params=PARAMS, years=YEARS, quartic=quartic)


def solved(power: np.ndarray) -> np.ndarray:
    return richardson(power, params=PARAMS, years=YEARS, points=120, steps=30)


@pytest.mark.parametrize(("forward", "value"), REFERENCE.items())
def test_the_value_is_the_reference_but_for_its_codes_slip(forward: float, value: float) -> None:
    """The reference has 2 for 6 in one coefficient (next test), worth 0.2 to 1.4 of a million."""
    found = log_sv_claim(MODEL, POSITION, years=YEARS, forward=forward).item()
    assert found == pytest.approx(value, abs=1.4)


@pytest.mark.parametrize(("forward", "value"), REFERENCE.items())
def test_with_that_coefficient_the_published_expansion_has_the_reference_value(
    forward: float, value: float
) -> None:
    """What is left, 0.026 at the most, is where the reference ends its integral and its steps."""
    found = textbook_claim(
        lambda power: published(power.tobytes(), 2.0), forward=forward, **RANGE, reach=140.0
    )
    assert found == pytest.approx(value, abs=0.03)


@pytest.mark.parametrize("forward", REFERENCE)
def test_the_value_is_the_published_expansion_summed_term_by_term(forward: float) -> None:
    """Oracle: matrices by hand, and a put, a call, digitals and the root by integrals of theirs."""
    found = textbook_claim(
        lambda power: published(power.tobytes(), 6.0), forward=forward, **RANGE, reach=140.0
    )
    ours = log_sv_claim(MODEL, POSITION, years=YEARS, forward=forward).item()
    assert ours == pytest.approx(found, abs=1e-5)


def test_the_expansion_is_near_what_the_models_own_equation_gives() -> None:
    """Oracle: the backward equation on a grid, within 0.001 (halved steps move it by 0.0001)."""
    forwards = np.array(list(REFERENCE))
    exact = transform_claim(solved, POSITION, forward=forwards)
    assert exact[0] == pytest.approx(-17397.3013, abs=1e-3)
    ours = log_sv_claim(MODEL, POSITION, years=YEARS, forward=forwards)
    assert np.abs(ours - exact).max() < 2.0
    # Nearer than the reference's own figure, on the whole.
    reference = np.array(list(REFERENCE.values()))
    assert np.abs(ours - exact).sum() < np.abs(reference - exact).sum()


@pytest.mark.parametrize(
    ("changes", "years"),
    [
        ({"volvol": 1.0}, 0.5),
        ({"volvol": 1.0, "vol": 0.9, "theta": 0.5}, 30 / 365),
        ({"volvol": 0.5, "beta": 1.0}, 30 / 365),
        ({}, 20 / 365),
        ({}, 1 / 365),
    ],
)
def test_whatever_is_not_refused_is_within_a_hundredth_of_the_models_own_equation(
    changes: dict[str, float], years: float
) -> None:
    params = PARAMS | changes

    @cache
    def on_a_grid(power: bytes) -> np.ndarray:
        at = np.frombuffer(power, np.complex128)
        return richardson(at, params=params, years=years, points=60, steps=24)

    for lower, upper in ENDS:
        position = Position(entry=2200.0, lower=lower, upper=upper)
        exact = transform_claim(
            lambda power: on_a_grid(power.tobytes()), position, forward=2150.0
        ).item()
        found = log_sv_claim(LogSv(**params), position, years=years, forward=2150.0).item()
        assert found == pytest.approx(exact, rel=0.01, abs=1e-9)


def test_with_hardly_any_volatility_of_volatility_it_is_the_references_figure() -> None:
    """Source: quant reference section 3, volvol 0.01 and sigma 0.6: -22652.637144."""
    model = LogSv(**PARAMS | {"vol": 0.6, "theta": 0.6, "beta": 0.0, "volvol": 0.01})
    found = log_sv_claim(model, POSITION, years=YEARS).item()
    assert found == pytest.approx(-22652.637144, abs=1e-4)


@pytest.mark.parametrize("forward", [500.0, 1990.0, 2200.0, 2401.0, 9000.0])
@pytest.mark.parametrize("ends", ENDS)
def test_with_a_volatility_that_stands_still_it_is_black_scholes(
    forward: float, ends: tuple[float, float]
) -> None:
    still = LogSv(vol=0.6, theta=0.6, kappa1=2.0, kappa2=1.0, beta=0.0, volvol=0.0)
    where = {"entry": 2200.0, "lower": ends[0], "upper": ends[1]}
    found = log_sv_claim(still, Position(**where), years=0.3, forward=forward).item()
    black = claim_value(**where, vol=0.6, years=0.3, forward=forward).item()
    assert found == pytest.approx(black, rel=1e-7, abs=1e-9)


def test_without_volatility_of_volatility_only_the_mean_variance_counts() -> None:
    """v tends to theta along a known curve: Black-Scholes of the root of its mean square."""
    model = LogSv(vol=0.9, theta=0.5, kappa1=3.0, kappa2=0.0, beta=0.0, volvol=0.0)
    years = 0.25
    reach = (1 - np.exp(-3.0 * years)) / 3.0
    square = 0.25 * years + 2 * 0.5 * 0.4 * reach + 0.16 * (1 - np.exp(-6.0 * years)) / 6.0
    black = claim_value(**RANGE, vol=np.sqrt(square / years), years=years).item()
    assert log_sv_claim(model, POSITION, years=years).item() == pytest.approx(black, rel=1e-6)


@pytest.mark.parametrize("years", [1e-12, 1e-7, 1e-5])
def test_over_a_moment_it_is_black_scholes_at_the_volatility_of_now(years: float) -> None:
    """What the model adds grows with time: 45 a year here, over itself."""
    found = log_sv_claim(MODEL, POSITION, years=years).item()
    black = claim_value(**RANGE, vol=MODEL.vol, years=years).item()
    assert found == pytest.approx(black, rel=1e-9 + 45.0 * years)


def test_without_time_it_is_the_payoff_and_never_above_it() -> None:
    forwards = np.array([1500.0, 2000.0, 2200.0, 2333.0, 3000.0])
    payoff = claim_payoff(forwards, **RANGE)
    now = log_sv_claim(MODEL, POSITION, years=0.0, forward=forwards)
    assert now == pytest.approx(payoff, rel=1e-14)
    for years in (1e-6, YEARS):
        assert np.all(log_sv_claim(MODEL, POSITION, years=years, forward=forwards) <= payoff)


def test_the_transform_is_nought_at_the_powers_nought_and_one() -> None:
    found = MODEL.log_transform(years=YEARS)(np.array([0.0 + 0j, 1.0 + 0j]))
    assert np.abs(found).max() < 1e-15


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vol": 0.0}, "vol is 0.0"),
        ({"vol": 101.0}, "vol is 101.0: it must be above 0, at most 100"),
        ({"vol": nan}, "vol is nan"),
        ({"theta": -1.0}, "theta is -1.0"),
        ({"kappa1": -0.1}, "kappa1 is -0.1"),
        ({"kappa2": inf}, "kappa2 is inf"),
        ({"volvol": -1.0}, "volvol is -1.0"),
        ({"beta": nan}, "beta is nan"),
        ({"beta": 2.0}, "beta is 2.0: above kappa2"),
    ],
)
def test_impossible_parameters_are_refused_by_name(changes: dict[str, float], words: str) -> None:
    with pytest.raises(OptionInputError, match=words):
        LogSv(**PARAMS | changes)


@pytest.mark.parametrize(
    ("changes", "years"),
    [
        ({}, 40 / 365),
        ({}, 5.0),
        ({"vol": 1.5, "theta": 0.5}, 30 / 365),
        ({"volvol": 1e10}, YEARS),
        ({"kappa1": 1e7}, YEARS),
    ],
)
def test_where_the_expansion_does_not_hold_there_is_no_value(
    changes: dict[str, float], years: float
) -> None:
    """At 30 days with vol 1.5 and theta 0.5 it would be wrong by 8 %."""
    with pytest.raises(OptionInputError, match="the expansion does not hold for so long"):
        log_sv_claim(LogSv(**PARAMS | changes), POSITION, years=years)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"years": -1.0}, "years is -1.0"),
        ({"years": nan}, "years is nan"),
        ({"years": YEARS, "forward": 0.0}, "forward is 0.0"),
    ],
)
def test_impossible_time_and_forward_are_refused(arguments: dict[str, float], words: str) -> None:
    with pytest.raises(OptionInputError, match=words):
        log_sv_claim(MODEL, POSITION, **arguments)


def test_a_transform_that_does_not_die_away_is_refused() -> None:
    """Of a price that stays with a chance of a half, and else jumps."""
    with pytest.raises(OptionInputError, match="transform is"):
        transform_claim(lambda power: np.log(0.5 + 0.25 * (2.0**power + 0.0**power)), POSITION)
