"""The index by a strip of the surface's own prices: flat, against the recipe, ahead, in storms."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from scipy.integrate import quad

from bot.core.errors import VolIndexError
from bot.core.listing import expiries, strike_step_atoms
from bot.core.options import black_price
from bot.core.orders import Contract, ContractKind
from bot.core.quotes import PoolTerms, quote
from bot.core.smile import smiles_of
from bot.core.smile_surface import fit_surface
from bot.core.surface import CORRELATED, MAJOR, SurfaceTerms
from bot.core.units import DAY_S
from bot.core.variance_strip import OptionChain, vol_index
from bot.core.vol_index import STRIP_STDEVS, forward_micro, index_micro, strip_variance
from bot.edges.chain_files import read_chain, read_forward_quotes
from tests.builders.shared_data import shared_data
from tests.builders.vols import FLAT, MARKET, START_S

STORM = 1.3
CALL, PUT = ContractKind.CALL, ContractKind.PUT


@pytest.mark.parametrize("vol", [0.06, 0.3, 0.65, 1.5, 3.0])
def test_a_flat_surface_has_its_own_volatility_as_its_index(vol: float) -> None:
    flat = replace(FLAT, atm_vol=vol, atm_vol_long=vol, vol_min=0.01)
    assert abs(index_micro(flat, None) - vol * 10**8) <= 20


@pytest.mark.parametrize("realised", [None, STORM])
@pytest.mark.parametrize("surface", [MAJOR, CORRELATED], ids=["major", "correlated"])
def test_the_strip_is_the_integral_of_its_prices(
    surface: SurfaceTerms, realised: float | None
) -> None:
    """Oracle: scipy's adaptive quadrature of Black prices over 1/K^2, between the same ends."""
    years = 30 / 365
    middle = surface.vol(forward=1.0, strike=1.0, years=years, realised_vol=realised)
    reach = STRIP_STDEVS * middle * math.sqrt(years)

    def cost(strike: float) -> float:
        vol = surface.vol(forward=1.0, strike=strike, years=years, realised_vol=realised)
        kind = PUT if strike < 1.0 else CALL
        price = black_price(kind=kind, forward=1.0, strike=strike, vol=vol, years=years)
        return price / strike**2

    below, _ = quad(cost, math.exp(-reach), 1.0, epsabs=1e-12, limit=200)
    above, _ = quad(cost, 1.0, math.exp(reach), epsabs=1e-12, limit=200)
    found = strip_variance(surface, years=years, realised_vol=realised)
    assert found == pytest.approx(2.0 * (below + above), rel=2e-5)


@pytest.mark.parametrize("realised", [None, STORM])
def test_the_cboe_recipe_over_the_listed_quotes_comes_within_a_quarter_of_a_per_cent(
    realised: float | None,
) -> None:
    """The venue's own bids and asks at every listed strike near 30 days, through
    variance_strip.py; what differs is the ends of the strip, steps of 2.5 % and whole ticks."""
    terms, market = PoolTerms(), replace(MARKET, realised_vol=realised)
    step, rows = strike_step_atoms(market.spot_atoms, terms.listing), []
    for expiry_s in expiries(START_S, terms.listing):
        if abs(expiry_s - START_S - 30 * DAY_S) > 10 * DAY_S:
            continue
        for strike in range(step, 400 * step, step):
            for kind in (CALL, PUT):
                listed = Contract(
                    code="", kind=kind, pool=market.pool, strike_atoms=strike, expiry_s=expiry_s
                )
                seen = quote(listed, market, terms)
                rows.append(
                    (expiry_s, strike, kind is CALL, float(seen.bid_atoms), float(seen.ask_atoms))
                )
    expiry, strikes, is_call, bid, ask = (np.array(column) for column in zip(*rows, strict=True))
    chain = OptionChain(
        expiry_s=expiry.astype(float), strike=strikes / 1e6, is_call=is_call,
        bid=bid / 1e6, ask=ask / 1e6,
    )  # fmt: skip
    recipe = vol_index(chain, at_s=START_S, days=30)
    ours = index_micro(terms.surface, realised) / 10**8
    assert recipe.index == pytest.approx(ours, rel=0.0025)


def test_the_index_rises_with_the_level_and_with_the_storm() -> None:
    levels = [
        index_micro(replace(MAJOR, atm_vol=vol, atm_vol_long=vol), None)
        for vol in (0.3, 0.5, 0.65, 0.8, 1.2)
    ]
    storms = [index_micro(MAJOR, realised) for realised in (None, 0.7, 0.9, 1.5, 3.0)]
    assert levels == sorted(set(levels))
    assert storms == sorted(set(storms))


def test_the_forward_index_is_what_is_left_of_the_later_strip() -> None:
    """A flat surface stays; after a storm the nearer months are dearer, and 0 ahead is now."""
    assert abs(forward_micro(FLAT, None, 20 * DAY_S) - 65_000_000) <= 20
    ahead = [forward_micro(MAJOR, STORM, days * DAY_S) for days in (0, 7, 30, 90)]
    assert ahead[0] == index_micro(MAJOR, STORM) > ahead[1] > ahead[2] > ahead[3]
    near, far = 7 / 365, 37 / 365
    left = strip_variance(MAJOR, years=far, realised_vol=STORM) - strip_variance(
        MAJOR, years=near, realised_vol=STORM
    )
    assert ahead[1] == pytest.approx(1e8 * math.sqrt(left / (far - near)), abs=1)


class Falling:
    """A surface whose total variance falls with time, which no market can have."""

    def vol(
        self, *, forward: float, strike: float, years: float, realised_vol: float | None
    ) -> float:
        return 0.01 / years

    def stress(self, realised_vol: float | None) -> float:
        return 0.0


def test_a_term_structure_that_falls_has_no_forward_index() -> None:
    with pytest.raises(VolIndexError, match="the term structure falls"):
        forward_micro(Falling(), None, 30 * DAY_S)


@pytest.mark.parametrize(
    ("day", "at", "apart"), [("2025-12-30", 17.5211, 0.02), ("2026-02-03", 4.4931, 0.005)]
)
def test_a_surface_through_a_real_chain_has_the_index_of_its_quotes(
    day: str, at: float, apart: float
) -> None:
    """Deribit's ETH chains: the recipe over real bids and asks, 62.65 and 71.24, ends where quotes
    end and so reads low; the strip over the fitted surface goes on: 63.73 and 71.50."""
    file = shared_data(f"options/deribit_eth_chain_{day}.csv.gz")
    at_s = datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp() + at * 3_600
    recipe = vol_index(read_chain(str(file)), at_s=at_s, days=30).index
    surface = fit_surface(smiles_of(read_forward_quotes(str(file)), days_min=3.0))
    ours = index_micro(surface, None) / 10**8
    assert recipe < ours == pytest.approx(recipe, rel=apart)
