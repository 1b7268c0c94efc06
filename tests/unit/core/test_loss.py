"""The float formulas of the three losses against the quant reference's tables."""

from __future__ import annotations

from math import inf, nan

import pytest

from bot.core.errors import UsageError
from bot.core.loss import PriceRange, calc_il, funded_pnl, il_vs_hold, loss_vs_entry_hold

PRINTED = 5.1e-9
"""The reference prints eight places."""

FULL_RANGE = [
    (0.25, -0.20000000, -0.12500000),
    (0.50, -0.05719096, -0.04289322),
    (0.80, -0.00619201, -0.00557281),
    (1.10, -0.00113443, -0.00119115),
    (1.25, -0.00619201, -0.00696601),
    (2.00, -0.05719096, -0.08578644),
    (4.00, -0.20000000, -0.50000000),
    (5.00, -0.25464401, -0.76393202),
]


@pytest.mark.parametrize(("ratio", "il", "borrowed"), FULL_RANGE)
def test_full_range_losses_are_the_reference_table(
    ratio: float, il: float, borrowed: float
) -> None:
    """Source: quant reference section 1."""
    assert il_vs_hold(ratio) == pytest.approx(il, abs=PRINTED)
    assert loss_vs_entry_hold(ratio) == pytest.approx(borrowed, abs=PRINTED)
    assert funded_pnl(ratio) == pytest.approx(ratio**0.5 - 1, abs=1e-15)
    figures = calc_il(entry=1.0, price=ratio)
    assert figures["il_vs_hold"] == pytest.approx(il, abs=PRINTED)
    assert figures["loss_vs_entry_hold"] == pytest.approx(borrowed, abs=PRINTED)
    assert figures["funded_pnl"] == pytest.approx(funded_pnl(ratio), abs=1e-14)


@pytest.mark.parametrize("ratio", [1e-6, 0.3, 0.999, 1.0, 1.7, 40.0, 1e6])
def test_losses_are_symmetric_and_bound_by_their_identity(ratio: float) -> None:
    assert il_vs_hold(ratio) == pytest.approx(il_vs_hold(1 / ratio), rel=1e-9)
    assert loss_vs_entry_hold(ratio) == pytest.approx(
        il_vs_hold(ratio) * (1 + ratio) / 2, rel=1e-12
    )
    assert il_vs_hold(ratio) <= 0


RANGE = PriceRange(lower=1500.0, upper=2500.0)
ENTRY = 2000.0
VALUE = 1_000_000.0

RANGE_ROWS = [
    (1000.0, 0.54326063, 0.77964109, -0.30319139, -0.23638046, 543.260628),
    (1500.0, 0.81489094, 0.88982055, -0.08420755, -0.07492960, 543.260628),
    (1750.0, 0.92749699, 0.94491027, -0.01842850, -0.01741328, 364.474365),
    (2100.0, 1.01949006, 1.02203589, -0.00249094, -0.00254583, 170.055864),
    (2500.0, 1.05201968, 1.11017945, -0.05238772, -0.05815977, 0.0),
]


@pytest.mark.parametrize(("price", "value", "hold", "il", "borrowed", "delta"), RANGE_ROWS)
def test_a_range_has_the_figures_of_the_reference_table(
    price: float, value: float, hold: float, il: float, borrowed: float, delta: float
) -> None:
    """Source: quant reference section 2, P0 = 2000 in [1500, 2500], V0 = 1,000,000 USD."""
    figures = calc_il(entry=ENTRY, price=price, lower=RANGE.lower, upper=RANGE.upper, value=VALUE)
    assert figures["lp_value"] / VALUE == pytest.approx(value, abs=PRINTED)
    assert figures["hold_value"] / VALUE == pytest.approx(hold, abs=PRINTED)
    assert figures["il_vs_hold"] == pytest.approx(il, abs=PRINTED)
    assert figures["loss_vs_entry_hold"] == pytest.approx(borrowed, abs=PRINTED)
    assert figures["funded_pnl"] == pytest.approx(value - 1, abs=PRINTED)
    assert figures["delta_base"] == pytest.approx(delta, abs=5.1e-7)


def test_the_example_range_has_the_liquidity_and_gamma_of_the_reference() -> None:
    """Source: quant reference section 2, the line above its table."""
    liquidity = VALUE / RANGE.value(ENTRY)
    base, quote = RANGE.amounts(ENTRY)
    assert liquidity == pytest.approx(93345.53114807632, rel=1e-12)
    assert liquidity * base == pytest.approx(220.35890747, abs=PRINTED)
    assert liquidity * quote == pytest.approx(559282.18506460, abs=PRINTED)
    assert RANGE.efficiency(ENTRY) == pytest.approx(8.349078121716907, rel=1e-12)
    gamma = calc_il(entry=ENTRY, price=ENTRY, lower=1500.0, upper=2500.0, value=VALUE)["gamma_base"]
    assert gamma == pytest.approx(-0.52181738, abs=PRINTED)


@pytest.mark.parametrize("price", [1200.0, 1600.0, 2000.0, 2400.0, 2600.0])
def test_delta_and_gamma_are_the_slopes_of_value_and_delta(price: float) -> None:
    """Oracle: central differences."""
    step = 1e-2
    slope = (RANGE.value(price + step) - RANGE.value(price - step)) / (2 * step)
    bend = (RANGE.delta(price + step) - RANGE.delta(price - step)) / (2 * step)
    assert RANGE.delta(price) == pytest.approx(slope, abs=1e-11)
    assert RANGE.gamma(price) == pytest.approx(bend, abs=1e-11)


def test_a_range_from_zero_to_infinity_is_the_constant_product() -> None:
    wide = calc_il(entry=2000.0, price=900.0, lower=1e-15, upper=1e30, value=5.0)
    full = calc_il(entry=2000.0, price=900.0, value=5.0)
    assert wide == pytest.approx(full, rel=1e-9)


@pytest.mark.parametrize("entry", [1000.0, 3000.0])
def test_a_position_opened_outside_its_range_loses_nothing_while_it_stays_there(
    entry: float,
) -> None:
    figures = calc_il(entry=entry, price=entry * 1.05, lower=1500.0, upper=2500.0)
    assert figures["il_vs_hold"] == pytest.approx(0.0, abs=1e-15)
    assert figures["gamma_base"] == 0.0


@pytest.mark.parametrize(
    "arguments",
    [
        {"price": 0.0},
        {"price": -1.0},
        {"price": nan},
        {"price": inf},
        {"entry": 0.0},
        {"entry": inf},
        {"value": 0.0},
        {"value": nan},
        {"lower": 2.0, "upper": 1.0},
        {"lower": 1.0, "upper": 1.0},
        {"lower": -1.0},
        {"lower": nan},
        {"upper": nan},
        {"price": 1e-300},
        {"value": 1e308, "price": 1e308},
    ],
)
def test_impossible_input_is_refused_in_one_line(arguments: dict[str, float]) -> None:
    with pytest.raises(UsageError) as refusal:
        calc_il(**{"entry": 1.0, "price": 1.0, **arguments})
    assert "calc il --help" in refusal.value.line


@pytest.mark.parametrize("formula", [il_vs_hold, loss_vs_entry_hold, funded_pnl])
@pytest.mark.parametrize("ratio", [0.0, -1.0, nan, inf])
def test_a_ratio_must_be_a_positive_number(formula: object, ratio: float) -> None:
    with pytest.raises(UsageError, match="must be a finite number above 0"):
        formula(ratio)  # type: ignore[operator]
