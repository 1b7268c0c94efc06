"""What published studies say of LP positions, where it is an identity that our figures must keep.

Source: quant reference section 6. The studies' own data are not ours to test.
"""

from __future__ import annotations

from math import sqrt

import pytest

from bot.core.loss import PriceRange, calc_il


@pytest.mark.parametrize("price", [500.0, 2000.0, 7000.0])
def test_the_gamma_of_a_constant_product_is_that_of_a_mean_of_equal_weights(price: float) -> None:
    """Evans, arXiv 2006.08806: w (w - 1) value / price**2, w a half; never above 0."""
    figures = calc_il(entry=2000.0, price=price, value=1e6)
    assert figures["gamma_base"] == pytest.approx(-0.25 * figures["lp_value"] / price**2, rel=1e-12)


@pytest.mark.parametrize("width", [1.1, 1.01, 1.001])
def test_a_narrow_position_tends_to_a_covered_call_struck_in_its_middle(width: float) -> None:
    """Lambert: strike sqrt(Pa Pb); at the strike they differ most, by a fourth of the width."""
    strike = 2000.0
    span = PriceRange(lower=strike / width, upper=strike * width)
    most = sqrt(span.upper) - sqrt(span.lower)
    for price in (1000.0, 1999.0, 2000.0, 2001.0, 3000.0):
        ours, call = span.value(price) / most, min(price / strike, 1.0)
        assert 0.0 <= call - ours + 1e-12 <= 0.26 * (width - 1.0)
