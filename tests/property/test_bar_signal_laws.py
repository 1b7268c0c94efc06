"""Laws of the signals on price bars over drawn ticks: one history, whichever way it is walked."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import macd, rsi
from bot.core.bar_signals import NO_BARS, observed, wanted_of
from bot.core.bars import bars_from_ticks
from bot.core.errors import MarketDataError
from bot.core.price_bars import PriceBar
from bot.core.rules import Rules
from bot.core.signal_history import price_bars, signal_history
from bot.core.signals import PoolSignals, realised_vol, sampled
from tests.builders.closes import HOUR_S, SHORT, bars_of_closes, rules_on_bars
from tests.oracles.indicators import exact_macd, exact_rsi

RULES = rules_on_bars(vol_sample_s=1_500)
Ticks = tuple[list[int], list[float]]
GAPS_S = st.one_of(
    st.sampled_from((0, 900, 1_800, 3_599, 3_600, 3_601)),
    st.integers(0, 5_000),
    st.integers(2, 12).map(lambda hours: hours * HOUR_S),
)
"""Several ticks in a bar, one in each, none in some, none in more than any memory reaches."""
MOVES = st.one_of(
    st.just(0.0), st.floats(-0.02, 0.02), st.floats(-0.02, 0.02), st.sampled_from((-2.0, 3.0))
)


@st.composite
def histories(draw: st.DrawFn) -> Ticks:
    """Times and prices of ticks; jumps, repeats, still prices and holes."""
    steps = draw(st.lists(st.tuples(GAPS_S, MOVES), min_size=1, max_size=120))
    scale = draw(st.sampled_from((2e-9, 1.0, 3_000.0)))
    start_s = draw(st.integers(1_700_000_000, 1_700_009_000))
    times = list(accumulate((gap for gap, _ in steps), initial=start_s))
    moves = accumulate((move for _, move in steps), initial=0.0)
    return times, [scale * math.exp(move) for move in moves]


def walked(times: list[int], prices: list[float], rules: Rules) -> dict[str, list[float | None]]:
    """Every signal after each tick, one tick at a time, as a live run takes them."""
    signals, vol = NO_BARS, PoolSignals().vol
    found: dict[str, list[float | None]] = {"realised_vol": []}
    for time_s, price in zip(times, prices, strict=True):
        signals = observed(
            signals,
            time_s=time_s,
            price=price,
            terms=rules.bars,
            wanted=wanted_of(rules.metric_names),
        )
        vol = sampled(vol, price, time_s=time_s, rules=rules)
        found["realised_vol"].append(realised_vol(PoolSignals(vol=vol), rules))
        for name, value in signals.metrics.items():
            found.setdefault(name, []).append(value)
    return found


def bits(values: list[float | None]) -> list[int]:
    """The bits of each; those of nan for unknown."""
    return np.array(values, dtype=np.float64).view(np.int64).tolist()  # type: ignore[no-any-return]


@given(histories())
def test_a_whole_history_at_once_is_the_walk_through_it_to_the_bit(ticks: Ticks) -> None:
    times, prices = ticks
    live = walked(times, prices, RULES)
    at_once = signal_history(time_s=times, price=prices, rules=RULES)
    assert at_once.keys() == live.keys()
    for name, values in live.items():
        assert at_once[name].view(np.int64).tolist() == bits(values), name


def test_the_drawn_histories_make_every_signal_known() -> None:
    """Two hundred plain hours under the drawn rules: otherwise the law above would say little."""
    times = [HOUR_S * hour for hour in range(200)]
    prices = [2_000.0 + 100.0 * math.sin(hour / 3) + hour % 7 for hour in range(200)]
    last = {name: values[-1] for name, values in walked(times, prices, RULES).items()}
    assert len(last) == 10
    assert None not in last.values()


@given(histories(), st.data())
def test_no_signal_knows_what_comes_after_it(ticks: Ticks, data: st.DataObject) -> None:
    times, prices = ticks
    cut = data.draw(st.integers(1, len(times)))
    whole = signal_history(time_s=times, price=prices, rules=RULES)
    part = signal_history(time_s=times[:cut], price=prices[:cut], rules=RULES)
    for name, values in part.items():
        assert whole[name][:cut].view(np.int64).tolist() == values.view(np.int64).tolist(), name


@given(histories())
def test_bars_of_the_live_path_are_those_of_files(ticks: Ticks) -> None:
    """Oracle: bot/core/bars.py, which builds bars of market data."""
    times, prices = np.array(ticks[0]), np.array(ticks[1])
    first = np.flatnonzero(np.diff(times // HOUR_S, prepend=-1))
    found = price_bars(times, prices, first, HOUR_S)
    wanted = bars_from_ticks(time_s=times, price=prices, volume=np.zeros(len(times)), step_s=HOUR_S)
    for name in ("start_s", "open", "high", "low", "close"):
        assert [getattr(bar, name) for bar in found] == getattr(wanted, name).tolist(), name
    assert sum(bar.missing for bar in found) == len(wanted.missing_start_s())


closes = st.lists(st.floats(0.5, 2.0), min_size=1, max_size=25)


@given(closes)
def test_the_index_is_its_exact_weighted_sum(drawn: list[float]) -> None:
    state = rsi.START
    for bar in bars_of_closes(drawn):
        state = rsi.step(state, bar, length=3)
    wanted, found = exact_rsi(drawn, length=3), rsi.rsi(state, length=3)
    if wanted is None:
        assert found in {None, 50.0}
        assert (found is None) == (len(drawn) < 4)
    else:
        assert found == pytest.approx(float(wanted), abs=1e-9)
        assert 0.0 <= found <= 100.0


@given(closes)
def test_line_and_signal_are_their_exact_weighted_sums(drawn: list[float]) -> None:
    state = macd.START
    for bar in bars_of_closes(drawn):
        state = macd.step(state, bar, SHORT)
    wanted = exact_macd(drawn, fast=2, slow=4, signal=3)
    if wanted is None:
        assert macd.histogram(state, SHORT) is None
    else:
        line, signal = map(float, wanted)
        assert macd.line(state, SHORT) == pytest.approx(line, abs=1e-12)
        assert macd.signal(state, SHORT) == pytest.approx(signal, abs=1e-12)


@given(closes)
def test_a_falling_price_mirrors_the_index_of_a_rising_one(drawn: list[float]) -> None:
    def last(bars: list[PriceBar]) -> float | None:
        state = rsi.START
        for bar in bars:
            state = rsi.step(state, bar, length=3)
        return rsi.rsi(state, length=3)

    ours, mirror = last(bars_of_closes(drawn)), last(bars_of_closes([3.0 - x for x in drawn]))
    if ours is None or mirror is None:
        assert ours is mirror
    elif len(set(drawn)) == len({3.0 - x for x in drawn}):
        assert ours + mirror == pytest.approx(100.0, abs=1e-6)


@pytest.mark.parametrize(
    ("times", "prices", "problem"),
    [
        ([1, 2], [1.0], "not of one length"),
        ([2, 1], [1.0, 1.0], "after a later one"),
        ([1, 2], [1.0, 0.0], "not a finite number above 0"),
        ([1, 2], [1.0, math.nan], "not a finite number above 0"),
    ],
)
def test_a_history_that_no_chain_could_give_is_refused(
    times: list[int], prices: list[float], problem: str
) -> None:
    with pytest.raises(MarketDataError, match=problem):
        signal_history(time_s=times, price=prices, rules=RULES)


def test_a_history_without_ticks_has_no_signals() -> None:
    found = signal_history(time_s=[], price=[], rules=RULES)
    assert {values.size for values in found.values()} == {0}
