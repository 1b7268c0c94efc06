"""The configured surface: its level, its smile, its answer to stress, and what it refuses."""

from __future__ import annotations

import math

import pytest

from bot.core.errors import OptionInputError, VenueTermsError
from bot.core.options import black_price
from bot.core.orders import ContractKind
from bot.core.surface import CORRELATED, MAJOR, VOL_TOKEN, SurfaceTerms, implied_vol
from bot.core.vol_token_pool import VolToken

DAYS = (1 / 1440, 0.25, 1, 3, 7, 14, 30, 90, 365)
STORM_VOL = 3.45  # hourly realised volatility of 8 to 14 March 2020


def vol(surface: SurfaceTerms, strike: float, days: float, realised: float | None = None) -> float:
    return implied_vol(surface, forward=1.0, strike=strike, years=days / 365, realised_vol=realised)


@pytest.mark.parametrize(("surface", "level"), [(MAJOR, 0.65), (CORRELATED, 0.06)])
def test_a_calm_market_is_quoted_at_the_configured_level(
    surface: SurfaceTerms, level: float
) -> None:
    for days in DAYS:
        assert vol(surface, 1.0, days) == level
        assert vol(surface, 1.0, days, realised=level) == level
        assert vol(surface, 1.0, days, realised=level / 2) == level


def test_a_storm_lifts_the_near_expiries_most_and_every_expiry_somewhat() -> None:
    levels = [vol(MAJOR, 1.0, days, realised=STORM_VOL) for days in DAYS]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == pytest.approx(0.65 + 0.6 * (STORM_VOL - 0.65), abs=1e-3)
    assert levels[-1] > 0.65


def test_the_vol_tokens_calls_are_dearer_than_its_puts_and_its_shocks_die_out() -> None:
    """Above a floor its level is that of a token that comes back: level^2 = floor^2 + (1.2^2 -
    floor^2) of the variance share of an Ornstein-Uhlenbeck process of 2 k = 1 / 10 days."""
    for days in DAYS[2:]:
        wide = math.exp(1.5 * vol(VOL_TOKEN, 1.0, days) * math.sqrt(days / 365))
        assert vol(VOL_TOKEN, wide, days) > vol(VOL_TOKEN, 1 / wide, days)
        model = VolToken(mean=1.0, reversion=365 / 20, vol=1.0)
        share = model.vol_until(days / 365) ** 2
        level = math.sqrt(0.6**2 + (1.2**2 - 0.6**2) * share)
        assert vol(VOL_TOKEN, 1.0, days) == pytest.approx(level, abs=1e-6)
    assert vol(VOL_TOKEN, 1.0, 30) == pytest.approx(0.838, abs=5e-4)


def test_total_variance_at_the_money_never_falls_with_time() -> None:
    for now in (0.2, 0.65, 2.0):
        terms = SurfaceTerms(atm_vol=now, curvature=0.15)
        for realised in (None, STORM_VOL):
            totals = [vol(terms, 1.0, days, realised) ** 2 * days for days in DAYS]
            assert totals == sorted(totals)


def test_puts_below_are_dearer_than_calls_as_far_above_and_both_than_the_middle() -> None:
    for days in DAYS:
        move = math.exp(math.sqrt(days / 365))
        assert vol(MAJOR, 1 / move, days) > vol(MAJOR, move, days) > vol(MAJOR, 1.0, days)


def test_the_defaults_resemble_a_real_chain_thirty_days_out() -> None:
    """Source: ETH options on Deribit, 30 December 2025, expiry 30 January 2026 (31 days): implied
    volatility less that at the money, at x = -1.05, -0.48, 0.45, 1.01."""
    seen = {-1.05: 0.143, -0.48: 0.045, 0.45: -0.003, 1.01: 0.039}
    for x, excess in seen.items():
        strike = math.exp(x * math.sqrt(31 / 365))
        assert vol(MAJOR, strike, 31) - 0.65 == pytest.approx(excess, abs=0.02)


@pytest.mark.parametrize("surface", [MAJOR, CORRELATED, VOL_TOKEN])
@pytest.mark.parametrize("realised", [None, 0.5, STORM_VOL])
def test_no_option_costs_more_than_a_nearer_one(
    surface: SurfaceTerms, realised: float | None
) -> None:
    for days in DAYS:
        sigma = vol(surface, 1.0, days, realised) * math.sqrt(days / 365)
        for kind, side in ((ContractKind.PUT, -1), (ContractKind.CALL, 1)):
            prices = []
            for step in range(60):
                strike = math.exp(side * sigma * step / 10)
                at = vol(surface, strike, days, realised)
                prices.append(
                    black_price(kind=kind, forward=1, strike=strike, vol=at, years=days / 365)
                )
            assert prices == sorted(prices, reverse=True)


def test_no_quote_leaves_the_bounds() -> None:
    terms = SurfaceTerms(vol_min=0.6, vol_max=0.7)
    assert vol(terms, 0.01, 1) == 0.7
    assert vol(SurfaceTerms(atm_vol=0.3, atm_vol_long=0.3, vol_min=0.4), 1.0, 1) == 0.4


@pytest.mark.parametrize(
    "broken",
    [
        {"atm_vol": 0.0}, {"atm_vol_long": -1.0}, {"decay_days": 0.0}, {"smile_width": math.nan},
        {"vol_min": 0.0}, {"vol_min": 5.0}, {"vol_max": math.inf}, {"stress_beta": -0.1},
        {"stress_beta": 1.1}, {"skew": -0.3}, {"skew": math.nan}, {"curvature": 0.7},
    ],
)  # fmt: skip
def test_terms_that_would_quote_nonsense_cannot_be_built(broken: dict[str, float]) -> None:
    with pytest.raises(VenueTermsError):
        SurfaceTerms(**broken)


@pytest.mark.parametrize(("strike", "days"), [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.0), (math.nan, 1.0)])
def test_the_door_refuses_what_has_no_volatility(strike: float, days: float) -> None:
    with pytest.raises(OptionInputError):
        vol(MAJOR, strike, days)
