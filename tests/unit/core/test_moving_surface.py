"""A surface on another clock: what it keeps, and how it carries one real chain to another."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest
from scipy.stats import linregress

from bot.core.arbitrage import falling_variance, negative_density
from bot.core.errors import EstimateError, VenueTermsError
from bot.core.moving_surface import MovingSurface, clock_years, decay_of
from bot.core.quotes import PoolTerms
from bot.core.smile import smiles_of
from bot.core.smile_surface import SmileSurface, fit_of, fit_surface
from bot.core.terms import venue_from_json, venue_to_json
from bot.core.venue import VenueTerms
from bot.edges.chain_files import read_forward_quotes
from tests.builders.shared_data import shared_data
from tests.builders.smiles import ssvi_slice

BASE = SmileSurface(
    slices=(
        ssvi_slice(years=0.1, theta=0.04, rho=-0.3, phi=2.0),
        ssvi_slice(years=0.5, theta=0.15, rho=-0.4, phi=1.5),
    ),
    calm_vol=0.6,
)
MOVING = MovingSurface(base=BASE)


class At:
    """A moving surface at one realised volatility, for checks that give none."""

    def __init__(self, surface: MovingSurface, *, realised_vol: float) -> None:
        self.surface, self.realised_vol = surface, realised_vol

    def vol(
        self, *, forward: float, strike: float, years: float, realised_vol: float | None
    ) -> float:
        return self.surface.vol(
            forward=forward, strike=strike, years=years, realised_vol=self.realised_vol
        )

    def stress(self, realised_vol: float | None) -> float:
        return self.surface.stress(realised_vol)


@pytest.mark.parametrize("realised_vol", [None, 0.6])
def test_in_the_calm_it_is_its_base(realised_vol: float | None) -> None:
    for years in (0.01, 0.3, 2.0):
        vol = MOVING.vol(forward=1.0, strike=0.9, years=years, realised_vol=realised_vol)
        assert vol == pytest.approx(BASE.vol(forward=1.0, strike=0.9, years=years), rel=1e-12)


@pytest.mark.parametrize("realised_vol", [0.05, 0.3, 1.2, 6.0])
def test_it_has_no_arbitrage_at_any_pace(realised_vol: float) -> None:
    moved = At(MOVING, realised_vol=realised_vol)
    times = [0.002, 0.02, 0.1, 0.2, 0.5, 1.0]
    assert [negative_density(moved, years=t, reach=5.0, places=81) for t in times] == [None] * 6
    assert falling_variance(moved, years=times, reach=5.0, places=81) is None


def test_a_storm_lifts_the_near_end_most_and_the_far_end_least() -> None:
    lifts = []
    for years in (0.01, 0.1, 1.0):
        calm, storm = (
            MOVING.vol(forward=1.0, strike=1.0, years=years, realised_vol=realised)
            for realised in (0.6, 1.5)
        )
        lifts.append(storm / calm)
    assert lifts == sorted(lifts, reverse=True)
    assert lifts[-1] > 1.0
    at_once = MOVING.vol(forward=1.0, strike=1.0, years=1e-6, realised_vol=1.5)
    assert at_once == pytest.approx(
        (1.0 + 0.6 * 1.5) * BASE.vol(forward=1.0, strike=1.0, years=1e-6), rel=1e-4
    )


@pytest.mark.parametrize(
    ("calm", "stormy", "pace", "decay_days", "error_max"),
    [
        ("2025-12-30", "2026-02-03", 3.4246, 2.223, 0.0170),
        ("2026-02-03", "2025-12-30", 0.22604, 8.851, 0.0140),
    ],
)
def test_the_clock_carries_one_chain_to_the_other(
    calm: str, stormy: str, pace: float, decay_days: float, error_max: float
) -> None:
    """Source: docs/maths.md section 3.7; unmoved the mean error is about 5 vol points."""
    here, there = (
        smiles_of(
            read_forward_quotes(str(shared_data(f"options/deribit_eth_chain_{day}.csv.gz"))),
            days_min=3.0,
        )
        for day in (calm, stormy)
    )
    base = fit_surface(here)
    surface = MovingSurface(base=base, beta=1.0, decay_days=decay_days)
    realised_vol = base.calm_vol * math.sqrt(pace)
    moved = [fit_of(At(surface, realised_vol=realised_vol), smile) for smile in there]
    still = [fit_of(base, smile) for smile in there]
    error, unmoved = (
        sum(one.error_mean * one.quotes for one in met) / sum(one.quotes for one in met)
        for met in (moved, still)
    )
    assert error < error_max
    assert unmoved > 2.5 * error


def test_dvol_reverts_slowly() -> None:
    """Oracle: scipy's linear regression. Source of the figures: docs/maths.md section 3.7."""
    with shared_data("options/btc_dvol_daily_2023-2024H1.csv").open(encoding="utf-8") as file:
        vols = [float(row["dvol"]) for row in csv.DictReader(file)]
    logs = np.log(vols)
    assert decay_of(vols) == pytest.approx(-1.0 / math.log(linregress(logs[:-1], logs[1:]).slope))
    assert [round(decay_of(part)) for part in (vols, vols[:216], vols[216:])] == [39, 15, 50]


def test_the_clock_never_runs_backwards() -> None:
    times = np.geomspace(1e-6, 5.0, 200)
    for pace in (0.01, 1.0, 16.0):
        told = [clock_years(t, pace=pace, decay_days=4.4) for t in times.tolist()]
        assert (np.diff(told) > 0.0).all()
        assert told[0] == pytest.approx(pace * 1e-6, rel=1e-2)


def test_a_journal_spells_it_and_reads_it_back() -> None:
    terms = VenueTerms(pools={"a": PoolTerms(surface=MOVING)})
    assert venue_from_json(json.loads(json.dumps(venue_to_json(terms)))) == terms


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(VenueTermsError, match="beta"):
        MovingSurface(base=BASE, beta=1.5)
    with pytest.raises(VenueTermsError, match="decay_days"):
        MovingSurface(base=BASE, decay_days=0.0)
    with pytest.raises(EstimateError, match="thirty"):
        decay_of([0.5, 0.6])
    with pytest.raises(EstimateError, match="does not revert"):
        decay_of(np.exp(np.arange(40.0)).tolist())
