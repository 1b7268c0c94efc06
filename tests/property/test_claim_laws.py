"""Laws of the claim on impermanent loss, its strips and LVR, for drawn positions."""

from __future__ import annotations

from math import exp, inf, log

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad

from bot.core.breakeven import price_band
from bot.core.claim import claim_payoff, claim_value, liquidity_of, position_value
from bot.core.loss import PriceRange, il_vs_hold
from bot.core.lvr import lvr_rate
from bot.core.replication import strip_density, strip_ends, strip_legs
from bot.core.residual import Position, residual, residual_bounds
from tests.oracles.claim import exact_position_value

prices = st.floats(1e-3, 1e6)
ratios = st.floats(0.02, 50.0)
vols = st.floats(0.05, 3.0)
times = st.floats(1e-4, 2.0)


@st.composite
def positions(draw: st.DrawFn) -> Position:
    """Full and one-sided ranges too, entry inside or outside, narrow and wide."""
    entry = draw(prices)
    centre = entry * draw(st.sampled_from([1.0, 1.0, 1.0, 0.5, 2.0]))
    lower = draw(st.sampled_from([0.0, None]))
    upper = draw(st.sampled_from([inf, None]))
    return Position(
        entry=entry,
        lower=centre / draw(st.floats(1.01, 5.0)) if lower is None else lower,
        upper=centre * draw(st.floats(1.01, 5.0)) if upper is None else upper,
        notional=draw(st.floats(1e-2, 1e9)),
    )


def value(position: Position, **market: float) -> float:
    return claim_value(
        entry=position.entry, lower=position.lower, upper=position.upper,
        notional=position.notional, **market,
    ).item()  # fmt: skip


@given(position=positions(), ratio=ratios)
def test_the_loss_is_what_the_position_has_less_than_its_tokens_kept(
    position: Position, ratio: float
) -> None:
    """Oracle: amounts of the range, from bot/core/loss.py."""
    span = PriceRange(lower=position.lower, upper=position.upper)
    base, quote = span.amounts(position.entry)
    final = position.entry * ratio
    scale = position.notional / span.value(position.entry)
    expected = scale * (span.value(final) - base * final - quote)
    loss = position.loss(final).item()
    assert loss <= 0.0
    assert loss == pytest.approx(expected, rel=1e-6, abs=1e-11 * scale * span.value(final) * 50)


@given(position=positions(), ratio=ratios, vol=vols, years=times)
def test_the_value_is_never_above_zero_nor_the_payoff_at_the_forward(
    position: Position, ratio: float, vol: float, years: float
) -> None:
    """The payoff is concave, so Jensen holds."""
    forward = position.entry * ratio
    figure = value(position, vol=vol, years=years, forward=forward)
    assert figure <= 0.0
    slack = 1e-11 * position.notional * max(1.0, ratio) * 1e2
    assert figure <= position.loss(forward).item() + slack


@given(position=positions(), ratio=ratios, vol=vols, more=st.floats(1.01, 3.0), years=times)
def test_the_premium_rises_with_volatility_and_with_time(
    position: Position, ratio: float, vol: float, more: float, years: float
) -> None:
    forward = position.entry * ratio
    slack = 1e-10 * position.notional * max(1.0, ratio)
    now = value(position, vol=vol, years=years, forward=forward)
    assert value(position, vol=vol * more, years=years, forward=forward) <= now + slack
    assert value(position, vol=vol, years=years * more, forward=forward) <= now + slack


@given(position=positions(), vol=vols, years=times, times_as_much=st.floats(1e-3, 1e3))
def test_the_value_scales_with_the_notional_and_not_with_the_price_unit(
    position: Position, vol: float, years: float, times_as_much: float
) -> None:
    once = value(position, vol=vol, years=years)
    other = Position(
        entry=position.entry * times_as_much,
        lower=position.lower * times_as_much,
        upper=position.upper * times_as_much,
        notional=position.notional * times_as_much,
    )
    assert value(other, vol=vol, years=years) == pytest.approx(
        once * times_as_much, rel=1e-6, abs=1e-9 * other.notional
    )


@given(ratio=ratios, vol=vols, years=times)
def test_the_full_range_is_symmetric_in_the_ratio(ratio: float, vol: float, years: float) -> None:
    """In units of the geometric mean of entry and final price: P <-> 1/P swaps base and quote."""
    up = claim_payoff(ratio, entry=1.0).item() / ((1.0 + ratio) / 2.0)
    down = claim_payoff(1.0 / ratio, entry=1.0).item() / ((1.0 + 1.0 / ratio) / 2.0)
    assert up == pytest.approx(down, rel=1e-10)
    assert up == pytest.approx(il_vs_hold(ratio), rel=1e-10, abs=1e-15)
    # The same claim with base for quote: forward 1/F, in units of base.
    there = claim_value(entry=1.0, forward=ratio, vol=vol, years=years).item()
    back = claim_value(entry=1.0, forward=1.0 / ratio, vol=vol, years=years).item()
    assert there == pytest.approx(ratio * back, rel=1e-9)


@given(ratio=ratios, vol=vols, years=times, width=st.floats(18.0, 25.0))
def test_a_wide_range_tends_to_the_full_range(
    ratio: float, vol: float, years: float, width: float
) -> None:
    assume(vol * vol * years < 2.0)
    wide = {"lower": 2000.0 * exp(-width), "upper": 2000.0 * exp(width)}
    market = {"entry": 2000.0, "forward": 2000.0 * ratio}
    near = claim_value(**market, **wide, vol=vol, years=years).item()
    full = claim_value(**market, vol=vol, years=years).item()
    assert near == pytest.approx(full, rel=5e-4, abs=1e-12)
    payoff = claim_payoff(2000.0 * ratio, entry=2000.0, **wide).item()
    assert payoff == pytest.approx(
        claim_payoff(2000.0 * ratio, entry=2000.0).item(), rel=5e-4, abs=1e-12
    )


@given(position=positions(), vol=vols)
def test_for_a_short_time_the_expected_loss_is_lvr(position: Position, vol: float) -> None:
    """Well inside the range: IL and LVR have the same mean (arXiv 2410.00854)."""
    entry = position.entry
    nearest = min(abs(log(entry / x)) if 0.0 < x < inf else inf for x in
                  (position.lower, position.upper))  # fmt: skip
    assume(position.lower < entry < position.upper)
    years = 1e-4 * min(1.0, (nearest / vol) ** 2)
    rate = lvr_rate(vol, price=entry, lower=position.lower, upper=position.upper).item()
    lost = -value(position, vol=vol, years=years)
    assert lost == pytest.approx(rate * years * position.notional, rel=1e-3)


@given(position=positions(), ratio=ratios, vol=vols, years=times)
def test_a_position_is_short_gamma_and_long_between_none_and_all_base(
    position: Position, ratio: float, vol: float, years: float
) -> None:
    figures = position_value(
        entry=position.entry, lower=position.lower, upper=position.upper,
        notional=position.notional, forward=position.entry * ratio, vol=vol, years=years,
    )  # fmt: skip
    low = 1.0 / np.sqrt(position.lower) if position.lower > 0.0 else inf
    all_base = position.liquidity * (low - 1.0 / np.sqrt(position.upper))
    assert -1e-12 * position.liquidity <= figures.delta.item() <= all_base * (1 + 1e-9)
    assert figures.gamma.item() <= 0.0
    assert figures.vega.item() <= 0.0
    assert figures.theta.item() >= 0.0


@given(position=positions(), steps=st.integers(3, 400), at=st.floats(0.0, 1.0))
def test_a_strip_misses_less_than_its_bounds_at_every_final_price(
    position: Position, steps: int, at: float
) -> None:
    low, high = strip_ends(position)
    legs = strip_legs(position, step=(high - low) / steps)
    bounds = residual_bounds(legs, position, low=low, high=high)
    missed = residual(low + at * (high - low), legs=legs, position=position).item()
    slack = 1e-9 * position.notional
    assert bounds.lowest - slack <= missed <= bounds.highest + slack


@given(position=positions())
def test_the_strip_in_the_limit_of_fine_steps_pays_the_loss_everywhere(position: Position) -> None:
    low, high = strip_ends(position)
    coarse, fine = (
        residual_bounds(
            strip_legs(position, step=(high - low) / steps), position, low=low, high=high
        ).worst
        for steps in (200, 2_000)
    )
    assert fine <= coarse / 30 + 1e-10 * position.notional
    assert fine <= 1e-3 * position.notional


@given(position=positions(), ratio=ratios)
def test_the_continuous_strip_pays_the_loss_at_every_final_price(
    position: Position, ratio: float
) -> None:
    """Oracle: adaptive quadrature of density times payoff over the strikes in the money."""
    final = position.entry * ratio
    low, high = sorted([final, position.entry])
    inside = [max(low, position.lower), min(high, position.upper)]
    paid = 0.0
    if inside[0] < inside[1]:
        ends = np.log(inside)
        paid, _ = quad(
            lambda x: strip_density(exp(x), position).item() * abs(final - exp(x)) * exp(x),
            *ends, epsabs=0.0, epsrel=1e-11,
        )  # fmt: skip
    slack = 1e-12 * position.notional * max(1.0, ratio) * 50
    assert paid == pytest.approx(-position.loss(final).item(), rel=1e-8, abs=slack)


@given(position=positions(), ratio=st.floats(0.5, 2.0), vol=st.floats(0.2, 2.0), years=times)
def test_each_greek_is_a_difference_of_thirty_digit_values(
    position: Position, ratio: float, vol: float, years: float
) -> None:
    """Oracle: region by region in 30 digits, differenced by a trillionth."""
    assume(0.05 <= vol * years**0.5 <= 2.0)
    at = {"forward": position.entry * ratio, "vol": vol, "years": years}
    ours = position_value(
        entry=position.entry, lower=position.lower, upper=position.upper,
        notional=position.notional, **at,
    )  # fmt: skip
    with mpmath.workdps(40):
        exact = {name: mpmath.mpf(number) for name, number in at.items()}

        def worth(**moved: mpmath.mpf) -> mpmath.mpf:
            return exact_position_value(position, **(exact | moved))

        def sides(name: str) -> tuple[mpmath.mpf, mpmath.mpf, mpmath.mpf]:
            h = exact[name] * mpmath.mpf(10) ** -12
            return worth(**{name: exact[name] + h}), worth(**{name: exact[name] - h}), h

        middle = worth()
        (up, down, h), (vup, vdown, vh), (tup, tdown, th) = map(sides, ("forward", "vol", "years"))
        wanted = {
            "value": middle,
            "delta": (up - down) / (2 * h),
            "gamma": (up - 2 * middle + down) / h**2,
            "vega": (vup - vdown) / (2 * vh),
            "theta": -(tup - tdown) / (2 * th),
        }
    scale = position.liquidity * float(exact["forward"]) ** 0.5
    forward = float(exact["forward"])
    units = {
        "value": scale, "delta": scale / forward, "gamma": scale / forward**2,
        "vega": scale / vol, "theta": scale / years,
    }  # fmt: skip
    for name, figure in wanted.items():
        found = getattr(ours, name).item()
        assert found == pytest.approx(float(figure), abs=1e-10 * units[name] * 50), name


@given(
    edges=st.lists(st.floats(0.3, 3.0), min_size=3, max_size=3, unique=True).map(sorted),
    ratio=ratios, vol=vols, years=times,
)  # fmt: skip
def test_neighbouring_ranges_of_one_liquidity_are_worth_what_the_whole_is(
    edges: list[float], ratio: float, vol: float, years: float
) -> None:
    low, middle, high = (2000.0 * edge for edge in edges)
    assume(middle / low > 1.01)
    assume(high / middle > 1.01)

    def worth(lower: float, upper: float) -> float:
        found = position_value(
            entry=2000.0, lower=lower, upper=upper, forward=2000.0 * ratio, vol=vol, years=years
        )
        return found.value.item() / Position(entry=2000.0, lower=lower, upper=upper).liquidity

    whole = worth(low, high)
    assert worth(low, middle) + worth(middle, high) == pytest.approx(whole, rel=1e-8)


@given(position=positions(), fees=st.floats(1e-6, 0.9))
def test_inside_the_band_fees_pay_for_the_loss_and_outside_not(
    position: Position, fees: float
) -> None:
    low, high = price_band(position, fees=fees)
    earned = fees * position.notional
    inside = [max(low * 1.001, 1e-9), position.entry, min(high * 0.999, 1e12)]
    assert np.all(position.loss(inside) + earned >= -1e-9 * position.notional)
    outside = [x for x in (low * 0.99, high * 1.01) if 1e-9 < x < 1e12]
    assert all(position.loss(x).item() + earned < 0.0 for x in outside)


@given(position=positions())
def test_the_liquidity_is_worth_the_notional(position: Position) -> None:
    span = PriceRange(lower=position.lower, upper=position.upper)
    liquidity = liquidity_of(
        position.notional, entry=position.entry, lower=position.lower, upper=position.upper
    ).item()
    assert liquidity * span.value(position.entry) == pytest.approx(position.notional, rel=1e-9)
