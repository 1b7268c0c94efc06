"""Feeds from a file: what is read, what is refused, and what happens when it changes."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from bot.core.errors import FeedUnreadableError, MarketDataError
from bot.core.feeds import rate_differential
from bot.edges.feed_file import FeedFile, read_feeds
from tests.builders.shared_data import shared_data

ROWS = """time,name,value
2026-03-02T08:00:00Z,gas_wei,20000000000
2026-03-02 09:00,gas_wei,300000000000
1772438400,reference_e18:WETH-USDC,1999950000000000000000
2026-03-02T08:00:00Z,lend_ppm:USDC,64500
"""
EIGHT_S = 1_772_438_400  # 2026-03-02T08:00:00Z


def written(folder: Path, text: str) -> Path:
    path = folder / "feeds.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_gives_whole_numbers_of_any_length_by_time(tmp_path: Path) -> None:
    fed = read_feeds(written(tmp_path, ROWS))
    assert fed.at(EIGHT_S) == {
        "gas_wei": 20 * 10**9,
        "reference_e18:WETH-USDC": 199_995 * 10**16,
        "lend_ppm:USDC": 64_500,
    }
    assert fed.at(EIGHT_S + 3_600)["gas_wei"] == 300 * 10**9
    assert fed.at(EIGHT_S - 1) == {}


def test_a_parquet_file_says_the_same(tmp_path: Path) -> None:
    table = pa.table(
        {
            "time": pa.array([EIGHT_S] * 2, pa.timestamp("s")),
            "name": ["gas_wei", "lend_ppm:USDC"],
            "value": [20 * 10**9, -7],
        }
    )
    path = tmp_path / "feeds.parquet"
    parquet.write_table(table, path)
    assert read_feeds(path).at(EIGHT_S) == {"gas_wei": 20 * 10**9, "lend_ppm:USDC": -7}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("yesterday,gas_wei,1", "row 1: time 'yesterday' is no UTC time"),
        ("2026-03-02T08:00:00.5Z,gas_wei,1", "is no whole second"),
        ("2026-03-02T08:00:00Z,gas_wei,1.5", "value '1.5' is no whole number"),
        ("2026-03-02T08:00:00Z,gas_wei,", "is no whole number"),
        ("2026-03-02T08:00:00Z,gas,1", "gas is no feed"),
        ("2026-03-02T08:00:00Z,gas_wei,-1", "gas_wei is -1"),
    ],
)
def test_a_row_that_says_nothing_is_refused(tmp_path: Path, row: str, words: str) -> None:
    path = written(tmp_path, f"time,name,value\n{row}\n")
    with pytest.raises(MarketDataError) as refusal:
        read_feeds(path)
    assert words in str(refusal.value)


def test_a_missing_file_and_a_missing_column_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError):
        FeedFile(tmp_path / "none.csv", age_s_max=60)
    with pytest.raises(MarketDataError, match="column value is missing"):
        FeedFile(written(tmp_path, "time,name\n1,gas_wei\n"), age_s_max=60)


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    feeds = FeedFile(written(tmp_path, ROWS), age_s_max=7_200)
    assert feeds.timeline().at(EIGHT_S + 7_200)["gas_wei"] == 300 * 10**9
    assert feeds.timeline() is feeds.timeline()
    written(tmp_path, ROWS + "2026-03-02T10:00:00Z,gas_wei,5\n")
    assert feeds.timeline().at(EIGHT_S + 7_200)["gas_wei"] == 5
    assert feeds.timeline().at(EIGHT_S + 14_401) == {}


def test_a_file_that_breaks_while_the_bot_runs_is_tried_again(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS)
    feeds = FeedFile(path, age_s_max=10**9)
    written(tmp_path, ROWS + "2026-03-02T10:00:00Z,gas_")
    for _ in range(2):
        with pytest.raises(FeedUnreadableError):
            feeds.timeline()
    os.remove(path)
    with pytest.raises(FeedUnreadableError, match="No such file"):
        feeds.timeline()
    written(tmp_path, ROWS)
    assert feeds.timeline().at(EIGHT_S)["gas_wei"] == 20 * 10**9


def test_recorded_lending_rates_make_a_feed(tmp_path: Path) -> None:
    """Aave v3 on Polygon, 14 August 2023 at midnight: lending WETH brings 0.39 % a year."""
    source = shared_data("macro/aave_v3_polygon_minute_2023-08-14_17.csv.gz")
    with gzip.open(source, "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["block_timestamp"] < "2023-08-15"]
    lines = [
        f"{row['block_timestamp']},lend_ppm:{row['token']},"
        f"{round(float(row['liquidity_rate']) * 1e6)}"
        for row in rows
    ]
    fed = read_feeds(written(tmp_path, "\n".join(["time,name,value", *lines])), age_s_max=3_600)
    midnight_s = 1_691_971_200
    assert fed.at(midnight_s)["lend_ppm:WETH"] == 3_931
    days = [rate_differential(fed.at(midnight_s + 60 * n), base="WETH", quote="USDC")
            for n in range(1_440)]  # fmt: skip
    assert all(value is not None and -0.1 < value < 0.01 for value in days)
    assert fed.at(midnight_s + 86_400 + 3_600) == {}
