"""Beta by exact sums against numpy's regression, and against the whole window summed anew."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.beta import EMPTY_WINDOW, BetaWindow, beta_of, beta_step
from bot.core.rolling import GRAINS, log_grains
from tests.builders.shared_data import shared_data

RETURNS = st.lists(
    st.tuples(*[st.integers(-GRAINS, GRAINS)] * 2), min_size=3, max_size=40
)  # a bar that moves by a factor of e, either way


def stepped(pairs: list[tuple[int, int]], *, bars: int) -> BetaWindow:
    window = EMPTY_WINDOW
    for index, pool in pairs:
        window = beta_step(window, index=index, pool=pool, bars=bars)
    return window


@given(pairs=RETURNS, bars=st.integers(3, 20))
def test_a_rolling_window_is_the_whole_window_summed_anew_to_the_bit(
    pairs: list[tuple[int, int]], bars: int
) -> None:
    rolled = stepped(pairs, bars=bars)
    assert rolled == stepped(pairs[-bars:], bars=bars)
    assert rolled.returns == tuple(pairs[-bars:])
    assert rolled.sum_xx == sum(x * x for x, _ in pairs[-bars:])


@given(pairs=RETURNS)
def test_beta_is_the_exact_least_squares_slope(pairs: list[tuple[int, int]]) -> None:
    """Oracle: covariance over variance in fractions."""
    count = len(pairs)
    mean_x, mean_y = (Fraction(sum(column), count) for column in zip(*pairs, strict=True))
    variance = sum(((x - mean_x) ** 2 for x, _ in pairs), Fraction(0))
    covariance = sum(((x - mean_x) * (y - mean_y) for x, y in pairs), Fraction(0))
    found = beta_of(stepped(pairs, bars=count), bars=count)
    if variance == 0:
        assert found is None
    else:
        assert found == float(covariance / variance)


def test_beta_is_numpys_slope_of_the_returns() -> None:
    x = np.sin(np.arange(60) * 1.7) * 0.02
    y = 1.35 * x + np.cos(np.arange(60) * 2.3) * 0.005 + 0.001
    index, pool = (100.0 * np.exp(np.cumsum(moves)) for moves in (x, y))
    pairs = [
        (log_grains(index[n + 1] / index[n]), log_grains(pool[n + 1] / pool[n])) for n in range(59)
    ]
    slope = np.polyfit(x[1:], y[1:], 1)[0]
    assert beta_of(stepped(pairs, bars=59), bars=59) == pytest.approx(slope, rel=1e-9)


def test_beta_is_unknown_until_the_window_is_full_and_while_the_index_stands_still() -> None:
    assert beta_of(stepped([(5, 5)] * 2, bars=3), bars=3) is None
    assert beta_of(stepped([(5, 7)] * 3, bars=3), bars=3) is None
    assert beta_of(stepped([(5, 7), (5, 7), (6, 9)], bars=3), bars=3) == 2.0


def test_ethers_beta_to_bitcoin_in_a_real_year_is_numpys() -> None:
    """By the hour, 2021; docs/maths.md tells the figures of rolling windows."""
    closes = {}
    for name in ("eth", "btc"):
        frame = pd.read_parquet(shared_data(f"prices/{name}usdt_1h.parquet"))
        closes[name] = frame.set_index("ts")["close"].loc["2021"]
    both = pd.concat(closes, axis=1).dropna()
    eth, btc = both["eth"].to_numpy(), both["btc"].to_numpy()
    pairs = [
        (log_grains(b), log_grains(e))
        for b, e in zip((btc[1:] / btc[:-1]).tolist(), (eth[1:] / eth[:-1]).tolist(), strict=True)
    ]
    found = beta_of(stepped(pairs, bars=len(pairs)), bars=len(pairs))
    slope = np.polyfit(np.diff(np.log(btc)), np.diff(np.log(eth)), 1)[0]
    assert found == pytest.approx(slope, rel=1e-9)
    assert found == pytest.approx(1.0621, abs=1e-4)
    rolled = sorted(rolling(pairs, bars=720))
    middle = [rolled[int(len(rolled) * share)] for share in (0.05, 0.5, 0.95)]
    assert middle == pytest.approx([0.838, 1.058, 1.270], abs=2e-3)


def rolling(pairs: list[tuple[int, int]], *, bars: int) -> Iterator[float]:
    window = EMPTY_WINDOW
    for index, pool in pairs:
        window = beta_step(window, index=index, pool=pool, bars=bars)
        value = beta_of(window, bars=bars)
        if value is not None:
            yield value
