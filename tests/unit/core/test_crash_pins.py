"""Two crashes in stored hourly prices: what v2 and v3 positions lost in them.

Source: quant reference section 8, as printed. Entry is the open of the first hour, low the lowest
hourly low, close the last close before the window's end; the range is a quarter either way.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from bot.core.claim import claim_payoff
from bot.core.loss import calc_il
from tests.builders.shared_data import shared_data

HOURS_A_YEAR = 24 * 365
PRINTED = 5.1e-5


class Crash(NamedTuple):
    """Prices of a window, and the annual root mean square of its hourly log returns."""

    entry: float
    low: float
    close: float
    realised_vol: float


class Pin(NamedTuple):
    """A row of the table, per cent."""

    first: datetime
    end: datetime
    entry: float
    low: float
    close: float
    full_low: float
    full_close: float
    range_low: float
    range_close: float
    borrowed_low: float
    realised_vol: float


PINS = [
    Pin(datetime(2020, 3, 8, tzinfo=UTC), datetime(2020, 3, 14, tzinfo=UTC), 237.23, 86.00, 134.06,
        -11.6203, -3.9381, -45.2218, -24.0414, -32.5167, 345.1),
    Pin(datetime(2021, 5, 12, tzinfo=UTC), datetime(2021, 5, 24, tzinfo=UTC), 4173.46, 1728.74,
        2096.39, -8.9816, -5.6467, -39.3315, -30.0880, -29.1776, 244.7),
]  # fmt: skip


@cache
def crash(first: datetime, end: datetime) -> Crash:
    table = pq.read_table(shared_data("prices/ethusdt_1h.parquet")).sort_by("ts")
    stamps = table["ts"]
    at = [pa.scalar(moment).cast(stamps.type) for moment in (first, end)]
    hours = table.filter(pc.and_(pc.greater_equal(stamps, at[0]), pc.less(stamps, at[1])))
    close = hours["close"].to_numpy()
    return Crash(
        entry=hours["open"][0].as_py(),
        low=min(hours["low"].to_pylist()),
        close=close[-1].item(),
        realised_vol=np.sqrt(HOURS_A_YEAR * np.mean(np.diff(np.log(close)) ** 2)).item(),
    )


@pytest.mark.parametrize("pin", PINS)
def test_the_crash_has_the_prices_and_volatility_of_the_reference(pin: Pin) -> None:
    seen = crash(pin.first, pin.end)
    assert (seen.entry, seen.low, seen.close) == (pin.entry, pin.low, pin.close)
    assert 100 * seen.realised_vol == pytest.approx(pin.realised_vol, abs=0.051)


@pytest.mark.parametrize("pin", PINS)
def test_positions_lose_in_the_crash_what_the_reference_says(pin: Pin) -> None:
    seen = crash(pin.first, pin.end)
    span = {"lower": 0.75 * seen.entry, "upper": 1.25 * seen.entry}
    for price, full, ranged in (
        (seen.low, pin.full_low, pin.range_low),
        (seen.close, pin.full_close, pin.range_close),
    ):
        v2 = calc_il(entry=seen.entry, price=price)
        v3 = calc_il(entry=seen.entry, price=price, **span)
        assert 100 * v2["il_vs_hold"] == pytest.approx(full, abs=PRINTED)
        assert 100 * v3["il_vs_hold"] == pytest.approx(ranged, abs=PRINTED)
    borrowed = claim_payoff(seen.low, entry=seen.entry, **span).item()
    assert 100 * borrowed == pytest.approx(pin.borrowed_low, abs=PRINTED)
