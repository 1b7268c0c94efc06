"""The claim on impermanent loss: the reference's tables, quadrature, finite differences."""

from __future__ import annotations

from math import inf, nan

import mpmath
import numpy as np
import pytest

from bot.core.claim import claim_payoff, claim_value, liquidity_of, position_value
from bot.core.errors import OptionInputError
from bot.core.loss import PriceRange, calc_il, loss_vs_entry_hold

YEARS = 10 / 365
RANGE = {"entry": 2200.0, "lower": 2000.0, "upper": 2400.0, "notional": 1e6}
"""Source of its values: quant reference section 3, over 10 days."""


@pytest.mark.parametrize(
    ("vol", "value"), [(0.4, -11520.491277), (0.6, -22652.626049), (0.8, -34841.495224)]
)
def test_the_value_is_the_reference_table(vol: float, value: float) -> None:
    assert claim_value(**RANGE, vol=vol, years=YEARS).item() == pytest.approx(value, abs=5.1e-7)


@pytest.mark.parametrize(("forward", "value"), [(2000.0, -37243.3741), (2400.0, -36362.8997)])
def test_the_value_off_the_entry_price_is_the_reference_table(forward: float, value: float) -> None:
    figure = claim_value(**RANGE, vol=0.6, years=YEARS, forward=forward).item()
    assert figure == pytest.approx(value, abs=5.1e-5)


def test_the_payoff_is_the_reference_table() -> None:
    prices = [1800.0, 2000.0, 2100.0, 2300.0, 2400.0, 2600.0]
    payoffs = [-74098.0380, -24303.9304, -5932.1166, -5668.4003, -22188.4493, -65620.7215]
    assert claim_payoff(prices, **RANGE) == pytest.approx(payoffs, abs=5.1e-5)


@pytest.mark.parametrize(
    ("vol", "years", "value"),
    [
        (0.6, 30 / 365, -0.003691798629542944),
        (0.8, 30 / 365, -0.006553772204661024),
        (1.0, 1.0, -0.11750309741540454),
    ],
)
def test_the_full_range_has_the_reference_closed_form(
    vol: float, years: float, value: float
) -> None:
    """Source: quant reference section 3, v2 BSM: exp(-vol^2 T / 8) - 1."""
    assert claim_value(entry=2000.0, vol=vol, years=years).item() == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize("ratio", [0.25, 0.5, 0.8, 1.1, 1.25, 2.0, 4.0, 5.0])
def test_the_payoff_is_the_loss_over_entry_value_of_calc_il(ratio: float) -> None:
    assert claim_payoff(ratio, entry=1.0).item() == pytest.approx(
        loss_vs_entry_hold(ratio), rel=1e-14
    )
    figures = calc_il(entry=2000.0, price=2000.0 * ratio, lower=1500.0, upper=2500.0)
    mine = claim_payoff(2000.0 * ratio, entry=2000.0, lower=1500.0, upper=2500.0).item()
    assert mine == pytest.approx(figures["loss_vs_entry_hold"], rel=1e-11)


def expected_by_quadrature(
    *, entry: float, lower: float, upper: float, forward: float, vol: float, years: float
) -> mpmath.mpf:
    """Integral of the textbook payoff over the normal density, 30 digits, split at the kinks."""
    with mpmath.workdps(30):
        f, p0, s = mpmath.mpf(forward), mpmath.mpf(entry), mpmath.mpf(vol) * mpmath.sqrt(years)

        def amounts(price: mpmath.mpf) -> tuple[mpmath.mpf, mpmath.mpf]:
            root = mpmath.sqrt(min(max(price, lower), upper))
            far = 0 if upper == inf else 1 / mpmath.sqrt(upper)
            return 1 / root - far, root - mpmath.sqrt(lower)

        def worth(price: mpmath.mpf) -> mpmath.mpf:
            return amounts(price)[0] * price + amounts(price)[1]

        base0, quote0 = amounts(p0)

        def integrand(z: mpmath.mpf) -> mpmath.mpf:
            price = f * mpmath.exp(s * z - s * s / 2)
            loss = worth(price) - base0 * price - quote0
            return loss * mpmath.npdf(z)

        kinks = [(mpmath.log(b / f) + s * s / 2) / s for b in (lower, upper) if 0 < b < inf]
        ends = sorted({mpmath.mpf(-14), *[k for k in kinks if abs(k) < 14], mpmath.mpf(14)})
        return mpmath.quad(integrand, ends) / worth(p0)


NAMES = ("entry", "lower", "upper", "forward", "vol", "years")
CASES = [
    dict(zip(NAMES, row, strict=True))
    for row in (
        (2200.0, 2000.0, 2400.0, 2200.0, 0.6, 0.1),
        (2000.0, 0.0, inf, 2300.0, 0.8, 0.5),
        (2000.0, 1500.0, inf, 1400.0, 1.2, 0.2),
        (2000.0, 0.0, 2500.0, 2600.0, 0.3, 2.0),
        (1000.0, 1500.0, 2500.0, 1100.0, 0.9, 1.0),
        (3000.0, 1500.0, 2500.0, 2900.0, 2.0, 1.0),
        (1.0, 0.99, 1.01, 1.0, 0.06, 0.02),
    )
]


@pytest.mark.parametrize("case", CASES)
def test_the_value_is_the_integral_of_the_payoff(case: dict[str, float]) -> None:
    assert claim_value(**case).item() == pytest.approx(
        float(expected_by_quadrature(**case)), rel=1e-10, abs=1e-13
    )


@pytest.mark.parametrize("case", CASES)
def test_the_greeks_are_the_slopes_of_the_value(case: dict[str, float]) -> None:
    """Oracle: central differences of the position's value; step and tolerance by its curvature."""
    middle = position_value(**case)
    scale = middle.value.item()

    def moved(name: str, by: float) -> float:
        return position_value(**{**case, name: case[name] + by}).value.item()

    step = 1e-4 * case["forward"]
    up, down = moved("forward", step), moved("forward", -step)
    assert middle.delta.item() == pytest.approx((up - down) / (2 * step), rel=2e-5, abs=1e-9)
    assert middle.gamma.item() * case["forward"] ** 2 == pytest.approx(
        (up - 2 * scale + down) / step**2 * case["forward"] ** 2, rel=1e-3, abs=1e-6
    )
    for name, figure, sign in (("vol", middle.vega, 1.0), ("years", middle.theta, -1.0)):
        small = 1e-5 * case[name]
        slope = (moved(name, small) - moved(name, -small)) / (2 * small)
        assert figure.item() == pytest.approx(sign * slope, rel=1e-5, abs=1e-8)


def test_without_volatility_or_time_the_value_is_the_payoff_at_the_forward() -> None:
    forwards = np.array([1700.0, 2000.0, 2222.0, 2400.0, 2900.0])
    still = claim_value(**RANGE, vol=0.0, years=1.0, forward=forwards)
    expired = claim_value(**RANGE, vol=0.8, years=0.0, forward=forwards)
    assert still == pytest.approx(claim_payoff(forwards, **RANGE), rel=1e-9)
    assert expired == pytest.approx(still, rel=1e-12)


def test_a_position_without_time_value_has_the_amounts_of_its_range() -> None:
    span = PriceRange(lower=2000.0, upper=2400.0)
    liquidity = liquidity_of(1e6, entry=2200.0, lower=2000.0, upper=2400.0).item()
    for price in (1800.0, 2100.0, 2600.0):
        now = position_value(**RANGE, vol=0.5, years=0.0, forward=price)
        assert now.value.item() == pytest.approx(liquidity * span.value(price), rel=1e-12)
        assert now.delta.item() == pytest.approx(liquidity * span.delta(price), abs=1e-9)
        assert now.gamma.item() == pytest.approx(liquidity * span.gamma(price), abs=1e-12)


def test_arrays_are_priced_element_by_element() -> None:
    vols, forwards = np.array([[0.4], [0.6]]), np.array([2000.0, 2200.0, 2400.0])
    table = claim_value(**RANGE, vol=vols, years=YEARS, forward=forwards)
    assert table.shape == (2, 3)
    assert table[1, 0] == claim_value(**RANGE, vol=0.6, years=YEARS, forward=2000.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entry", 0.0), ("entry", -1.0), ("entry", nan), ("entry", inf), ("forward", -2.0),
        ("forward", 1e300), ("vol", -0.1), ("vol", nan), ("years", -1.0), ("years", inf),
        ("lower", -1.0), ("lower", 2400.0), ("lower", nan), ("upper", 1999.0), ("upper", nan),
        ("notional", 0.0),
    ],
)  # fmt: skip
def test_impossible_input_is_refused_by_name(name: str, value: float) -> None:
    given = {**RANGE, "vol": 0.6, "years": YEARS, "forward": 2200.0, name: value}
    with pytest.raises(OptionInputError, match=f"{name}|lower"):
        claim_value(**given)


def test_the_first_bad_element_of_an_array_is_named() -> None:
    with pytest.raises(OptionInputError, match="forward is -3.0"):
        claim_value(**RANGE, vol=0.6, years=YEARS, forward=[2000.0, -3.0])
