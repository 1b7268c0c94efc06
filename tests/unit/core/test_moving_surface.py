"""A surface on another clock: what it keeps, and how it carries one real chain to another."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from pyarrow import parquet
from scipy.stats import linregress

from bot.core.arbitrage import falling_variance, negative_density
from bot.core.errors import EstimateError, VenueTermsError
from bot.core.moving_surface import (
    MovingSurface,
    beta_of,
    clock_years,
    decay_of,
    response_to_realised,
    storm_of,
    storm_shape,
)
from bot.core.quotes import PoolTerms
from bot.core.smile import Smile, smiles_of
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


DAYS = ("2025-12-30", "2026-02-03")


@cache
def fitted(day: str) -> tuple[tuple[Smile, ...], SmileSurface]:
    file = shared_data(f"options/deribit_eth_chain_{day}.csv.gz")
    smiles = smiles_of(read_forward_quotes(str(file)), days_min=3.0)
    return smiles, fit_surface(smiles)


def dvol() -> list[float]:
    with shared_data("options/btc_dvol_daily_2023-2024H1.csv").open(encoding="utf-8") as file:
        return [float(row["dvol"]) for row in csv.DictReader(file)]


def mean_error(
    surface: MovingSurface, smiles: Sequence[Smile], *, realised_vol: float | None
) -> float:
    if realised_vol is None:
        met = [fit_of(surface, smile) for smile in smiles]
    else:
        met = [fit_of(At(surface, realised_vol=realised_vol), smile) for smile in smiles]
    return sum(one.error_mean * one.quotes for one in met) / sum(one.quotes for one in met)


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


@pytest.mark.parametrize("realised_vol", [0.2, 0.9, 1.2, 3.0])
@pytest.mark.parametrize("day", DAYS)
def test_a_real_chain_moved_anywhere_has_no_arbitrage(day: str, realised_vol: float) -> None:
    moved = At(MovingSurface(base=fitted(day)[1]), realised_vol=realised_vol)
    times = [0.004, 0.02, 0.1, 0.5, 1.2]
    breaches = [negative_density(moved, years=t, reach=5.0, places=61) for t in times]
    assert breaches == [None] * 5
    assert falling_variance(moved, years=times, reach=5.0, places=61) is None


def test_stress_steepens_the_skew_and_leaves_the_clocks_level() -> None:
    """Mixed with the storm's smile: puts dearer against calls, the money where the clock has it."""

    def ratio(realised_vol: float, surface: MovingSurface) -> float:
        low, high = (
            surface.vol(forward=1.0, strike=strike, years=0.05, realised_vol=realised_vol)
            for strike in (0.85, 1.0 / 0.85)
        )
        return low / high

    base = replace(BASE, slices=tuple(replace(s, rho=0.0, m=0.0) for s in BASE.slices))
    surface = MovingSurface(base=base)
    calm, stress, storm = (ratio(vol, surface) for vol in (0.6, 0.9, 1.2))
    assert calm == pytest.approx(1.0, abs=1e-9)
    assert 1.02 < stress < storm
    still = replace(surface, skew_beta=0.0)
    at_money = [
        one.vol(forward=1.0, strike=1.0, years=0.05, realised_vol=1.2) for one in (surface, still)
    ]
    assert at_money[0] == pytest.approx(at_money[1], rel=1e-6)
    assert surface.storm_share(0.9) == pytest.approx(0.5)
    assert surface.storm_share(9.0) == 1.0


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
        (1.0 + 0.85 * 1.5) * BASE.vol(forward=1.0, strike=1.0, years=1e-6), rel=1e-4
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
    (_, base), (there, _) = fitted(calm), fitted(stormy)
    surface = MovingSurface(
        base=base, beta=1.0, fast_share=1.0, decay_days=decay_days, skew_beta=0.0
    )
    error = mean_error(surface, there, realised_vol=base.calm_vol * math.sqrt(pace))
    assert error < error_max
    assert mean_error(surface, there, realised_vol=None) > 2.5 * error


@pytest.mark.parametrize(
    ("fast_share", "share", "error", "without_skew"),
    [(0.5, 0.25, 0.0299, 0.0326), (1.0, 0.6, 0.0110, 0.0179)],
)
def test_the_stormy_chain_is_told_from_the_calm_one(
    fast_share: float, share: float, error: float, without_skew: float
) -> None:
    """Realised volatility is the one free number; the chain of 3 February lent the storm's shape.

    Source: docs/maths.md section 3.7. Unmoved the error is 5.19 vol points.
    """
    (_, base), (there, _) = fitted("2025-12-30"), fitted("2026-02-03")
    surface = MovingSurface(base=base, fast_share=fast_share)
    realised_vol = base.calm_vol * (1.0 + share)
    told = mean_error(surface, there, realised_vol=realised_vol)
    clock = mean_error(replace(surface, skew_beta=0.0), there, realised_vol=realised_vol)
    assert told == pytest.approx(error, abs=0.0005)
    assert clock == pytest.approx(without_skew, abs=0.0005)


def test_the_storms_smile_is_that_of_the_stormy_chain() -> None:
    """Source of the defaults; the closed form finds the shape of an SSVI surface exactly."""
    assert storm_shape(fitted("2026-02-03")[1].slices) == pytest.approx(
        (-0.2, 0.48, 0.62), abs=5e-3
    )
    made = storm_of(BASE, skew=-0.3, width=0.5, flattening=0.6)
    assert storm_shape(made.slices) == pytest.approx((-0.3, 0.5, 0.6), abs=1e-6)


HORIZONS_DAYS = (3, 7, 14, 30, 60, 90)


def hourly_returns(coin: str) -> NDArray[np.float64]:
    table = parquet.read_table(shared_data(f"prices/{coin}usdt_1h.parquet"), columns=["close"])
    return np.diff(np.log(table["close"].to_numpy()))


@pytest.mark.parametrize(
    ("coin", "beta", "fast_share"), [("eth", 0.8407, 0.4700), ("btc", 0.8496, 0.2994)]
)
def test_beta_is_what_coming_volatility_answers_to_past_volatility(
    coin: str, beta: float, fast_share: float
) -> None:
    """Source: docs/maths.md section 3.7; 2017 to 2021, half-life 48 hours."""
    slopes = response_to_realised(
        hourly_returns(coin), half_life=48.0, horizons=[24 * days for days in HORIZONS_DAYS]
    )
    found = beta_of(slopes.tolist(), HORIZONS_DAYS, decay_days=4.4, slow_days=39.0)
    assert found == pytest.approx((beta, fast_share), abs=2e-4)
    of_model = [response(days, beta=beta, fast_share=fast_share) for days in HORIZONS_DAYS]
    np.testing.assert_allclose(of_model, slopes, atol=0.03)


def response(days: float, *, beta: float, fast_share: float) -> float:
    """Of the surface itself: its volatility's logarithm at a tenor per unit of realised's."""
    surface = MovingSurface(base=BASE, beta=beta, fast_share=fast_share)
    up, down = (
        surface.vol(forward=1.0, strike=1.0, years=days / 365, realised_vol=0.6 * (1.0 + share))
        / BASE.vol(forward=1.0, strike=1.0, years=days / 365)
        for share in (1e-4, -1e-4)
    )
    # Per unit of the clock's time: the base's own slope of variance at the money is taken out.
    years = days / 365
    ahead, behind = (BASE.total_variance(0.0, years=years + step) for step in (1e-5, -1e-5))
    slope = (ahead - behind) / 2e-5 * years / BASE.total_variance(0.0, years=years)
    return math.log(up / down) / 2e-4 / slope


def test_the_surface_moves_from_day_to_day_about_as_much_as_dvol() -> None:
    """BTC's realised volatility of 2017 to 2021 through the surface, against DVOL of 2023 and 2024.

    The years differ, so this holds the size of the moves, not the moves.
    """
    squares = hourly_returns("btc") ** 2
    average, past = squares[0], []
    for square in squares.tolist():
        average += (1.0 - 0.5 ** (1.0 / 48.0)) * (square - average)
        past.append(math.sqrt(average * 365.0 * 24.0))
    surface = MovingSurface(base=replace(BASE, calm_vol=float(np.median(past))))
    month = [
        surface.vol(forward=1.0, strike=1.0, years=30 / 365, realised_vol=vol)
        for vol in past[24 * 30 :: 24]
    ]
    model, index = (float(np.abs(np.diff(np.log(vols))).mean()) for vols in (month, dvol()))
    assert index == pytest.approx(0.0342, abs=1e-4)
    assert model == pytest.approx(0.0347, abs=1e-4)


def test_what_dvol_will_be_is_not_told_better_by_its_reversion_than_by_its_last_value() -> None:
    """Out of sample: fitted on the first half of the days, told 7 days ahead on the second.

    Source: docs/maths.md section 3.7. The slow decay is a figure of the whole period, no forecast.
    """
    logs = np.log(dvol())
    first, second = logs[:216], logs[216:]
    kept = math.exp(-7.0 / decay_of(np.exp(first)))
    told = np.exp(first.mean() * (1.0 - kept) + kept * second[:-7])
    errors = [
        float(np.abs(vols - np.exp(second[7:])).mean()) for vols in (told, np.exp(second[:-7]))
    ]
    assert errors == pytest.approx([6.924, 4.196], abs=0.01)


def test_dvol_reverts_slowly() -> None:
    """Oracle: scipy's linear regression. Source of the figures: docs/maths.md section 3.7."""
    vols = dvol()
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
