"""The script as data: prices, chance and time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import log, sqrt
from statistics import fmean, pstdev

import pytest

from bot.config.scenario_file import load_scenario
from bot.core.scenario import Knot, draw, draw_normal, price_paths
from tests.builders.scripts import two_days

WHOLE = Fraction(10**6, 10**18)
"""USDC atoms per WETH atom at a price of 1."""


def test_the_price_is_the_knots_price_at_every_knot() -> None:
    path = price_paths(two_days())["WETH-USDC"]
    assert [path[step] / WHOLE for step in (0, 24, 48)] == [2000, 1900, 1800]
    assert len(path) == 49


def test_without_noise_the_price_falls_by_the_same_factor_at_every_step() -> None:
    scenario = two_days()
    still = replace(
        scenario,
        steps_count=2,
        pools=(
            replace(
                scenario.pools[0], vol=0.0, path=(Knot(step=0, price=100), Knot(step=2, price=400))
            ),
        ),
    )
    assert [price / WHOLE for price in price_paths(still)["WETH-USDC"]] == [100, 200, 400]


def test_the_noise_has_the_volatility_that_the_file_says() -> None:
    """Source: standard deviation of log returns times sqrt(steps a year); 3 sigma of its error."""
    scenario = two_days()
    steps = 4_000
    flat = replace(
        scenario,
        steps_count=steps,
        pools=(
            replace(
                scenario.pools[0],
                vol=0.8,
                path=(Knot(step=0, price=2000), Knot(step=steps, price=2000)),
            ),
        ),
    )
    path = price_paths(flat)["WETH-USDC"]
    returns = [log(after / before) for before, after in pairwise(path)]
    annualised = pstdev(returns) * sqrt(365 * 24)
    assert annualised == pytest.approx(0.8, rel=3 / sqrt(2 * steps))


def test_a_pool_priced_by_others_has_their_product_as_its_price() -> None:
    scenario = load_scenario("whipsaw")
    still = replace(scenario, pools=tuple(replace(pool, vol=0.0) for pool in scenario.pools))
    paths = price_paths(still)
    for index, joint in enumerate(paths["STETH-USDC"]):
        product = paths["STETH-WETH"][index] * paths["WETH-USDC"][index]
        assert abs(joint / product - 1) < Fraction(1, 10**8)


def test_prices_carry_nine_digits_and_no_more() -> None:
    for price in price_paths(two_days())["WETH-USDC"]:
        assert (price / WHOLE * 10**5).denominator == 1


def test_another_seed_is_another_path() -> None:
    scenario = two_days()
    other = replace(scenario, seed=2)
    assert price_paths(scenario) == price_paths(scenario)
    assert price_paths(scenario) != price_paths(other)


def test_chance_is_a_function_of_its_cause() -> None:
    assert draw(1, "pool", 2) == draw(1, "pool", 2)
    assert draw(1, "pool", 2) != draw(1, "pool", 3)


def test_normal_draws_have_mean_0_and_deviation_1() -> None:
    """Source: standard errors 1/sqrt(n) and 1/sqrt(2n), three of them."""
    count = 4_000
    drawn = [draw_normal("test", place) for place in range(count)]
    assert abs(fmean(drawn)) < 3 / sqrt(count)
    assert abs(pstdev(drawn) - 1) < 3 / sqrt(2 * count)


def test_a_branch_is_a_second_late() -> None:
    scenario = two_days()
    assert scenario.time_s(3) == scenario.start_s + 3 * 3_600
    assert scenario.time_s(3, branch=2) == scenario.time_s(3) + 2


def test_reorgs_and_stalls_are_found_at_their_steps() -> None:
    scenario = two_days(
        'kind = "reorg"\nday = 0.5\ndepth = 2',
        'kind = "stall"\nday = 1\nsteps = 2',
        'kind = "reorg"\nday = 2\ndepth = 5',
    )
    assert [scenario.reorg_depth(step) for step in (11, 12, 48)] == [0, 2, 5]
    assert [scenario.branch(step) for step in (11, 12, 47, 48)] == [0, 1, 1, 2]
    assert [scenario.stalls(step) for step in (23, 24, 25, 26)] == [False, True, True, False]
    assert scenario.reorg_depth_max == 5
