"""Rank, percentile and daily move of implied volatilities, by hand and over real days."""

from __future__ import annotations

import csv
from fractions import Fraction
from math import inf, nan, sqrt

import pytest

from bot.core.errors import EstimateError
from bot.core.iv_rank import daily_move, iv_rank
from tests.builders.shared_data import shared_data


@pytest.mark.parametrize(
    ("levels", "rank", "percentile"),
    [
        ([40.0, 80.0, 60.0], 0.5, 1 / 3),
        ([40.0, 60.0, 80.0], 1.0, 2 / 3),
        ([80.0, 60.0, 40.0], 0.0, 0.0),
        ([0.4, 0.5, 0.5, 0.5, 0.9, 0.5], 0.2, 1 / 6),
    ],
)
def test_rank_is_a_place_in_the_range_and_percentile_a_share_of_days(
    levels: list[float], rank: float, percentile: float
) -> None:
    found = iv_rank(levels)
    assert found.rank == pytest.approx(rank, abs=1e-15)
    assert found.percentile == pytest.approx(percentile, abs=1e-15)
    assert (found.now, found.least, found.most) == (levels[-1], min(levels), max(levels))


def test_a_year_of_bitcoins_index_has_its_rank() -> None:
    """Oracle: sorting and counting the file's own decimals as fractions."""
    with shared_data("options/btc_dvol_daily_2023-2024H1.csv").open(encoding="utf-8") as file:
        levels = [row["dvol"] for row in csv.DictReader(file)][-365:]
    exact = sorted(map(Fraction, levels))
    now = Fraction(levels[-1])
    found = iv_rank([float(level) for level in levels])
    assert found.days == 365
    assert found.rank == pytest.approx(float((now - exact[0]) / (exact[-1] - exact[0])), rel=1e-13)
    assert found.percentile == exact.index(now) / 365


def test_a_days_move_is_the_level_over_the_root_of_the_year() -> None:
    """Source: quant reference section 7.6; the coarse rule's 20 is 4.7 % off."""
    assert daily_move(0.8) == pytest.approx(0.8 / sqrt(365), rel=1e-15)
    assert daily_move(60.0) / (60.0 / 20.0) == pytest.approx(20.0 / sqrt(365), rel=1e-12)


@pytest.mark.parametrize(
    ("levels", "problem"),
    [
        ([], "needs 2 days and has 0"),
        ([50.0], "needs 2 days and has 1"),
        ([50.0, 50.0, 50.0], "all 3 days are at 50.0"),
        ([50.0, nan], "not a number above 0"),
        ([50.0, inf], "not a number above 0"),
        ([50.0, 0.0], "not a number above 0"),
    ],
)
def test_what_has_no_rank_is_refused(levels: list[float], problem: str) -> None:
    with pytest.raises(EstimateError, match=problem):
        iv_rank(levels)
