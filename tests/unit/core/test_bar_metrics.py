"""Metrics of bars: what is stepped, what is told, and when nothing is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.bar_metrics import BAR_METRICS, NOTHING_SEEN, Indicators, closed, read
from bot.core.bar_signals import NO_BARS, BarSignals, observed, wanted_of
from bot.core.metrics import METRICS
from tests.builders.closes import HOUR_S, SHORT, bar, rules_on_bars
from tests.builders.runs import storm_rules

FIELDS = {
    "rsi": {"rsi"},
    "divergence": {"rsi", "divergence"},
    "macd_histogram": {"macd"},
    "macd_cross": {"macd"},
    "macd_cross_bars": {"macd"},
    "bar_vol": {"cone"},
    "vol_cone_percentile": {"cone"},
    "vol_of_vol": {"cone", "vol_of_vol"},
    "range_vol": {"ranges"},
}
ZIGZAG = [10.0 + (n * 7) % 5 + n % 3 for n in range(40)]
ALL = frozenset(BAR_METRICS)


def seen_after(names: frozenset[str], closes: list[float]) -> Indicators:
    seen = NOTHING_SEEN
    for close in closes:
        seen = closed(seen, bar(close, high=20.0), SHORT, names)
    return seen


def signals_after(*ticks: tuple[float, float], wanted: frozenset[str] = ALL) -> BarSignals:
    """Signals after (hours, price) pairs."""
    signals = NO_BARS
    for hours, price in ticks:
        time_s = round(hours * HOUR_S)
        signals = observed(signals, time_s=time_s, price=price, terms=SHORT, wanted=wanted)
    return signals


@pytest.mark.parametrize("name", BAR_METRICS)
def test_only_what_a_metric_is_read_off_is_stepped(name: str) -> None:
    seen = seen_after(frozenset({name}), ZIGZAG)
    stepped = {
        field
        for field in Indicators.__slots__
        if getattr(seen, field) != getattr(NOTHING_SEEN, field)
    }
    assert stepped == FIELDS[name]


def test_every_metric_of_bars_is_a_metric_that_rules_may_speak_of() -> None:
    assert {name: METRICS[name] for name in BAR_METRICS} == BAR_METRICS
    assert set(FIELDS) == set(BAR_METRICS)


def test_values_are_floats_of_six_decimals_and_nought_has_no_sign() -> None:
    values = read(ALL, seen_after(ALL, ZIGZAG), SHORT)
    assert {type(value) for value in values.values()} == {float}
    assert all(value == round(value, 6) for value in values.values() if value is not None)
    still = read(ALL, seen_after(ALL, [8.0] * 20), SHORT)
    assert "-" not in str(still["macd_histogram"])


def test_a_histogram_in_bps_is_alike_for_a_pool_of_any_price() -> None:
    names = frozenset({"macd_histogram"})
    one = read(names, seen_after(names, ZIGZAG), SHORT)["macd_histogram"]
    dear = read(names, seen_after(names, [1e9 * close for close in ZIGZAG]), SHORT)
    assert dear["macd_histogram"] == pytest.approx(one, rel=1e-6)


def test_a_value_is_that_of_the_last_closed_bar_until_the_next_one_closes() -> None:
    ticks = [(float(n), close) for n, close in enumerate(ZIGZAG)]
    before = signals_after(*ticks)
    within = signals_after(*ticks, (39.5, 99.0), (39.9, 1.0))
    assert within.metrics == before.metrics
    assert signals_after(*ticks, (39.5, 99.0), (40.0, 99.0)).metrics != before.metrics


def test_all_are_unknown_while_the_bar_before_is_missing() -> None:
    ticks = [(float(n), close) for n, close in enumerate(ZIGZAG)]
    assert set(signals_after(*ticks, (41.0, 12.0), (41.9, 12.5)).metrics.values()) == {None}
    assert None not in signals_after(*ticks, (41.0, 12.0), (42.0, 12.5)).metrics.values()


def test_before_the_first_bar_has_closed_all_are_there_and_unknown() -> None:
    assert signals_after((0.0, 5.0), (0.5, 6.0)).metrics == dict.fromkeys(BAR_METRICS)


def test_rules_know_the_metrics_that_they_speak_of() -> None:
    assert storm_rules().metric_names == {"realised_vol", "move_sigma_abs", "il_bps", "move_bps"}
    assert wanted_of(storm_rules().metric_names) == frozenset()
    rules = rules_on_bars("rsi", "vol_of_vol")
    assert wanted_of(rules.metric_names) == {"rsi", "vol_of_vol"}
    assert replace(rules, layers=()).metric_names == frozenset()
