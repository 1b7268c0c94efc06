"""What a range brings and takes, against simulated prices and V3's own integers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bot.core.pool_economics import exits_a_year
from bot.core.range_worth import held_worth, worth_between
from tests.unit.core.test_weighing import CORE, MONTH

PATHS, STEPS = 4_000, 720
MATHS = (Path(__file__).parents[3] / "docs" / "maths.md").read_text(encoding="utf-8")
TABLE = re.findall(r"^\| (\d+) % \| (\d+) % \| (\S+) \| \S+ \| \S+ \| \S+ \|$", MATHS, re.MULTILINE)
assert len(TABLE) == 7


@dataclass(frozen=True)
class Simulated:
    """Means over drawn prices, fractions of the value a year."""

    fees: float
    loss: float


@cache
def prices(vol: float) -> list[np.ndarray]:
    """Hourly prices of a month from 1, log-normal without drift of the price, in mirrored pairs."""
    rng = np.random.default_rng(11)
    step = vol * math.sqrt(MONTH / STEPS)
    logs, found = np.zeros(PATHS), [np.ones(PATHS)]
    for _ in range(STEPS):
        half = rng.standard_normal(PATHS // 2)
        logs = logs + step * np.concatenate([half, -half]) - step * step / 2
        found.append(np.exp(logs))
    return found


def simulated(vol: float, lower: float, upper: float) -> Simulated:
    """A position of a twentieth in a pool of 10, put into a range and left.

    Each hour it is paid by its share of the liquidity that works, out of what the pool earns, and
    loses against its tokens of an hour ago: without drift that has the mean of the loss against
    those of the start, and a tenth of its noise.
    """
    ends = math.sqrt(lower), math.sqrt(upper)

    def amounts(price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        root = np.clip(np.sqrt(price), *ends)
        return 1 / root - 1 / ends[1], root - ends[0]

    path = prices(vol)
    size = 0.5 / sum(float(side[0]) for side in amounts(path[0]))
    others, whole = 9.5 / 2, 10 / 2
    fees, loss = np.zeros(PATHS), np.zeros(PATHS)
    for before, after in pairwise(path):
        paid = 0.12 * MONTH / STEPS * 2 * whole * np.sqrt(after)
        works = (after > lower) & (after < upper)
        fees += np.where(works, paid * size / (others + size), 0.0)
        (base, quote), (new_base, new_quote) = amounts(before), amounts(after)
        loss += size * ((base - new_base) * after + quote - new_quote)
    return Simulated(fees=fees.mean() / 0.5 / MONTH, loss=loss.mean() / 0.5 / MONTH)


@pytest.mark.parametrize("vol", [0.3, 0.6, 1.0])
@pytest.mark.parametrize("ends", [(1 / 1.1, 1.1), (0.8, 1.25), (1 / 1.5, 1.5), (0.9, 1.6)])
def test_a_range_earns_and_loses_what_simulated_ones_do(
    vol: float, ends: tuple[float, float]
) -> None:
    """Within 3 %: the fees of a mean over the time, where they are made within the range only.

    Were the position's share of them weighed by its mean liquidity instead, a range of 10 % at 60 %
    would be 25 % off."""
    found = worth_between(replace(CORE, weighed_vol=vol), *ends)
    seen = simulated(vol, *ends)
    assert found.fees == pytest.approx(seen.fees, rel=0.03)
    assert found.loss == pytest.approx(seen.loss, rel=0.03)


def test_beside_its_range_a_position_earns_only_when_the_price_comes_in() -> None:
    """All base, the price 4 % below the lower end. It is as dense as it will be there."""
    ends = (1.04, 1.5)
    found, seen = worth_between(replace(CORE, weighed_vol=0.6), *ends), simulated(0.6, *ends)
    assert found.fees == pytest.approx(seen.fees, rel=0.05)
    assert found.loss == pytest.approx(seen.loss, rel=0.05)


def test_following_is_two_transactions_and_a_swap_of_half_as_often_as_the_range_is_left() -> None:
    found = worth_between(CORE, 0.8, 1.25)
    once = 40 * 10**6 + CORE.depth.cost_of_swap(CORE.value_atoms // 2).atoms
    often = exits_a_year(vol=0.6, years=MONTH, lower=0.8, upper=1.25)
    assert found.follow == pytest.approx(often * once / CORE.value_atoms, rel=1e-12)
    assert found.net == pytest.approx(found.fees - found.loss - found.follow, rel=1e-12)
    assert worth_between(CORE, 0.0, math.inf).follow == 0.0
    gone = worth_between(CORE, 1.05, 1.3)
    assert gone.follow == pytest.approx(once / CORE.value_atoms / MONTH, rel=1e-12)


@pytest.mark.parametrize("gap", [{"fee_yield": None}, {"weighed_vol": None}, {"gas_atoms": None}])
def test_what_is_held_is_worth_nothing_known_without_a_figure(gap: dict[str, None]) -> None:
    assert held_worth(replace(CORE, **gap)) is None  # type: ignore[arg-type]


def test_the_worked_figures_of_the_maths_page_are_these() -> None:
    """Section 6.13: y 12 %, s 60 %, 30 days, half a million of ten, 25 %."""
    found = worth_between(CORE, 0.8, 1.25)
    often = exits_a_year(vol=0.6, years=MONTH, lower=0.8, upper=1.25)
    figures = {
        "0.044917": found.loss / found.placed.work,
        "8.755": found.placed.work,
        "9.472": found.placed.density,
        "0.7380": found.fees,
        "1.0507": 0.12 * found.placed.work,
        "4.734": often,
    }
    section = MATHS.split("### 6.13")[1].split("**Tier**")[0]
    for told, value in figures.items():
        assert f" {told}" in section
        assert f"{value:.{len(told.split('.')[1])}f}" == told


@pytest.mark.parametrize(("vol", "width", "told"), TABLE)
def test_a_row_of_what_is_weighed_is_what_is_weighed(vol: str, width: str, told: str) -> None:
    """At 26 bps a time, as the table's simulations had it."""
    share = 1 + float(width) / 100
    vol_a_year = float(vol) / 100
    found = worth_between(replace(CORE, weighed_vol=vol_a_year), 1 / share, share)
    often = exits_a_year(vol=vol_a_year, years=MONTH, lower=1 / share, upper=share)
    assert f"{found.fees - found.loss - often * 0.0026:.3f}" == told
