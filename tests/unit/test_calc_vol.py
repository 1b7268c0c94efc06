"""calc vol, cone and volindex from the command line, on files that people have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from bot import cli
from bot.commands.calc_vol import CONE_KEYS, STRIP_KEYS
from bot.core.volatility import Estimator
from tests.builders.bars import TOY
from tests.builders.chains import Quote, flat_quotes, white_paper_quotes
from tests.builders.shared_data import shared_data
from tests.unit.core.test_cone import ETH_CONE
from tests.unit.core.test_volatility import MAY_VOLS, TOY_VOLS

Capture = pytest.CaptureFixture[str]
DAYS = [f"2026-02-{day:02}" for day in range(1, 6)]
CHAIN_HEADER = "quote_time_utc,expiry_utc,strike,kind,bid_coin,ask_coin,mark_coin,forward,index"


def json_of(capsys: Capture, *argv: str) -> Any:
    assert cli.main([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: Capture, *argv: str) -> str:
    """The one line on stderr of a command that fails."""
    assert cli.main(list(argv)) not in (0, 1)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def toy_csv(times: list[str], folder: Path) -> str:
    path = folder / "toy.csv"
    rows = zip(times, TOY["open"], TOY["high"], TOY["low"], TOY["close"], strict=True)
    body = "\n".join(",".join(map(str, row)) for row in rows)
    path.write_text(f"ts,open,high,low,close\n{body}\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("estimator", Estimator)
@pytest.mark.parametrize(
    "times",
    [
        DAYS,
        [f"{day}T00:00:00Z" for day in DAYS],
        [f"{day} 02:00:00+02:00" for day in DAYS],
        [str(1_769_904_000 + 86_400 * day) for day in range(5)],
        [str((1_769_904_000 + 86_400 * day) * 1000) for day in range(5)],
    ],
    ids=["days", "zulu", "offset", "seconds", "milliseconds"],
)
def test_the_toy_series_has_its_reference_volatility_however_its_times_are_written(
    times: list[str], estimator: Estimator, tmp_path: Path, capsys: Capture
) -> None:
    """Source: the project's reference values, section 7.1."""
    file = toy_csv(times, tmp_path)
    found = json_of(capsys, "calc", "vol", "--prices", file, "--estimator", estimator)
    assert found == {"annualised": pytest.approx(TOY_VOLS[estimator], abs=1e-12), "bars": 4}


@pytest.mark.parametrize("estimator", Estimator)
def test_may_from_the_hourly_file_has_its_reference_volatility(
    estimator: Estimator, capsys: Capture
) -> None:
    """Source: section 7.2: the first day of the range only gives the previous close."""
    prices = str(shared_data("prices/ethusdt_1h.parquet"))
    asked = ("calc", "vol", "--prices", prices, "--estimator", estimator, "--bars", "1d")
    found = json_of(capsys, *asked, "--timerange", "20210501-20210601")
    assert found == {"annualised": pytest.approx(MAY_VOLS[estimator], abs=1e-12), "bars": 30}
    later = json_of(capsys, *asked, "--timerange", "20210502-20210601")
    assert later["bars"] == 29
    assert later["annualised"] != found["annualised"]


def test_the_cone_from_the_hourly_file_is_the_reference_table(capsys: Capture) -> None:
    """Source: section 7.3."""
    prices = str(shared_data("prices/ethusdt_1h.parquet"))
    asked = ("calc", "cone", "--prices", prices, "--horizons", "7,14,30,90")
    found = json_of(capsys, *asked, "--timerange", "20171231-20220101")
    assert set(found) == {str(horizon) for horizon in ETH_CONE}
    for horizon, (*percentiles, factor) in ETH_CONE.items():
        row = found[str(horizon)]
        assert [round(row[key], 4) for key in CONE_KEYS[:-1]] == percentiles
        assert round(row["overlap_factor"], 6) == factor
        assert set(row) == set(CONE_KEYS)


def test_columns_that_nobody_asked_for_are_not_looked_at(tmp_path: Path, capsys: Capture) -> None:
    path = Path(toy_csv(DAYS, tmp_path))
    rows = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(f"{'n/a' if at else 'note'},{row}" for at, row in enumerate(rows)))
    found = json_of(capsys, "calc", "vol", "--prices", str(path), "--estimator", "close")
    assert found["annualised"] == pytest.approx(TOY_VOLS["close"], abs=1e-12)


def test_people_are_told_what_is_missing(tmp_path: Path, capsys: Capture) -> None:
    file = toy_csv([*DAYS[:4], "2026-02-07"], tmp_path)
    assert cli.main(["calc", "vol", "--prices", file, "--estimator", "close"]) == 0
    shown = capsys.readouterr().out
    assert "annualised" in shown
    assert "2 of the 1d bars are missing, 0 have holes inside" in shown
    assert cli.main(["calc", "cone", "--prices", file, "--horizons", "2,3"]) == 0
    assert "overlap_factor" in capsys.readouterr().out


# -- refusals of prices ---------------------------------------------------------------------------

GOOD = ["2026-02-01,1,2,1,2", "2026-02-02,2,3,2,3", "2026-02-03,3,4,3,4"]


@pytest.mark.parametrize(
    ("header", "rows", "problem"),
    [
        ("ts,open,high,low", ["2026-02-01,1,2,1", "2026-02-02,1,2,1"], "column close is missing"),
        ("time,open,high,low,close", GOOD, "column ts is missing"),
        ("ts,open,high,low,close", [*GOOD, GOOD[2]], "this time is there twice"),
        ("ts,open,high,low,close", [GOOD[1], GOOD[0], GOOD[2]], "comes after a later one"),
        ("ts,open,high,low,close", [*GOOD, "2026-02-04,3,2,4,3"], "high is below low"),
        ("ts,open,high,low,close", [*GOOD, "2026-02-04,0,2,0,1"], "price is not a number above 0"),
        ("ts,open,high,low,close", [*GOOD, "2026-02-04,,2,1,1"], "price is not a number above 0"),
        ("ts,open,high,low,close", [*GOOD, "2026-02-04,nan,2,1,1"], "a price is not a number"),
        ("ts,open,high,low,close", [*GOOD, "2026-02-04,x,2,1,1"], "conversion error"),
        ("ts,open,high,low,close", [*GOOD, "yesterday,3,4,3,4"], "ts 'yesterday' is no UTC time"),
        ("ts,open,high,low,close", [*GOOD, ",3,4,3,4"], "is no UTC time in whole seconds"),
        ("ts,open,high,low,close", [*GOOD, "2026-02-04T00:00:00.5,3,4,3,4"], "is no UTC time"),
        ("ts,open,high,low,close", [*GOOD, "1e15,3,4,3,4"], "ts '1e15' is no UTC time"),
        ("ts,open,high,low,close", GOOD[:1], "1 rows do not tell how long a bar is"),
        ("ts,open,high,low,close", GOOD[:2], "it needs 2 bars and has 1"),
        ("ts,open,high,low,close,volume", [f"{row},-1" for row in GOOD], "volume is not a number"),
        ("ts,open,high,low,close,close", [f"{row},1" for row in GOOD], "close is there twice"),
    ],
)
def test_impossible_prices_are_one_line(
    header: str, rows: list[str], problem: str, tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    line = refused(capsys, "calc", "vol", "--prices", str(path), "--estimator", "close")
    assert problem in line


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("--estimator", "median"), "estimator 'median' is none of close, parkinson"),
        (("--estimator", "close", "--bars", "1w"), "bars '1w' are not written as"),
        (("--estimator", "close", "--bars", "0d"), "bars '0d' are not written as"),
        (("--estimator", "close", "--bars", "7h"), "do not divide the day"),
        (("--estimator", "close", "--bars", "1h"), "do not make bars of 3600 s"),
        (("--estimator", "close", "--timerange", "20260301-20260401"), "has no bars in"),
        (("--estimator", "close", "--timerange", "20260203-20260201"), "is empty"),
        (("--estimator", "close", "--timerange", "20260201-20260203"), "it needs 2 bars and has 1"),
    ],
)
def test_impossible_questions_about_prices_are_one_line(
    flags: tuple[str, ...], problem: str, tmp_path: Path, capsys: Capture
) -> None:
    assert problem in refused(capsys, "calc", "vol", "--prices", toy_csv(DAYS, tmp_path), *flags)


@pytest.mark.parametrize(
    ("horizons", "problem"),
    [
        ("1", "horizon 1 is below 2 bars"),
        ("7", "no 7 returns in a row among 4"),
        ("a,b", "are not written as 7,14,30"),
        ("7,", "are not written as 7,14,30"),
        ("-7", "are not written as 7,14,30"),
    ],
)
def test_impossible_horizons_are_one_line(
    horizons: str, problem: str, tmp_path: Path, capsys: Capture
) -> None:
    file = toy_csv(DAYS, tmp_path)
    assert problem in refused(capsys, "calc", "cone", "--prices", file, f"--horizons={horizons}")


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, capsys: Capture) -> None:
    asked = ("calc", "vol", "--estimator", "close", "--prices")
    assert "there is no such file" in refused(capsys, *asked, str(tmp_path / "none.csv"))
    (tmp_path / "prices.txt").write_text("ts\n", encoding="utf-8")
    assert "neither .csv" in refused(capsys, *asked, str(tmp_path / "prices.txt"))
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    assert "empty.csv" in refused(capsys, *asked, str(tmp_path / "empty.csv"))
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    assert "bad.parquet" in refused(capsys, *asked, str(tmp_path / "bad.parquet"))
    (tmp_path / "folder.csv").mkdir()
    assert "folder.csv" in refused(capsys, *asked, str(tmp_path / "folder.csv"))


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.timestamp("ns", "UTC"), pa.date32()])
def test_a_parquet_file_of_any_time_type_is_read(
    kind: pa.DataType, tmp_path: Path, capsys: Capture
) -> None:
    days = pa.array(np.array(DAYS, dtype="datetime64[D]"))
    columns = {name: list(values) for name, values in TOY.items()}
    path = tmp_path / "toy.parquet"
    parquet.write_table(pa.table({"ts": days.cast(kind), **columns}), path)
    found = json_of(capsys, "calc", "vol", "--prices", str(path), "--estimator", "close")
    assert found["annualised"] == pytest.approx(TOY_VOLS["close"], abs=1e-12)


# -- the index ------------------------------------------------------------------------------------


def chain_csv(quotes: list[Quote], folder: Path, *, index: float = 1.0) -> str:
    """Quotes whose time starts at the epoch, as a chain in coin prices at this index."""
    path = folder / "chain.csv"
    lines = [CHAIN_HEADER]
    for quote in quotes:
        expiry = np.datetime64(round(quote.expiry_s), "s")
        kind = "call" if quote.is_call else "put"
        bid = repr(quote.bid / index) if quote.bid else ""
        lines.append(
            f"1970-01-01T00:00:00Z,{expiry}Z,{quote.strike},{kind},{bid},{quote.ask / index!r},0,1,"
            f"{index!r}"
        )
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return str(path)


def asked_of(chain: str, **changed: str) -> list[str]:
    flags = {"--chain": chain, "--at": "1970-01-01T00:00:00Z", "--days": "30"}
    flags |= {f"--{name}": value for name, value in changed.items()}
    return ["calc", "volindex", *(f"{name}={value}" for name, value in flags.items())]


def test_the_white_papers_chains_as_a_coin_chain_give_its_index(
    tmp_path: Path, capsys: Capture
) -> None:
    """Source: the CBOE's white paper; one rate for both expiries moves the sixth digit only."""
    quotes = white_paper_quotes("vixnearterm.dat", minutes=35_924)
    quotes += white_paper_quotes("vixnextterm.dat", minutes=46_394)
    found = json_of(capsys, *asked_of(chain_csv(quotes, tmp_path, index=1960.0), rate="0.0003"))
    assert found["index"] == pytest.approx(0.1368582053794788, abs=1e-6)
    assert (found["near"]["k0"], found["next"]["k0"]) == (1960.0, 1960.0)
    assert (found["near"]["strikes"], found["next"]["strikes"]) == (146, 122)
    assert found["near"]["variance"] == pytest.approx(0.0184629239, abs=1e-7)
    assert found["near"]["forward"] == pytest.approx(1962.89996, abs=1e-4)
    assert set(found) == {"index", "near", "next"}
    assert set(found["near"]) == set(found["next"]) == set(STRIP_KEYS)


@pytest.mark.parametrize(
    ("name", "at", "low", "high"),
    [
        ("deribit_eth_chain_2025-12-30.csv.gz", "2025-12-30T17:31:15.944181+00:00", 0.58, 0.66),
        ("deribit_eth_chain_2026-02-03.csv.gz", "2026-02-03T04:29:35.033992", 0.64, 0.75),
    ],
)
def test_whole_chains_give_an_index_a_little_above_their_volatility_at_the_money(
    name: str, at: str, low: float, high: float, capsys: Capture
) -> None:
    """low: at-the-money volatility of the expiries around 30 days, read off the chain."""
    chain = str(shared_data(f"options/{name}"))
    found = json_of(capsys, "calc", "volindex", "--chain", chain, "--at", at, "--days", "30")
    assert low < found["index"] < high
    for days in (1, 2, 7, 14, 60, 90, 180, 365):
        flags = ("--chain", chain, "--at", at, "--days", str(days))
        assert 0.4 < json_of(capsys, "calc", "volindex", *flags)["index"] < 1.0


def test_people_see_the_index_and_its_expiries(tmp_path: Path, capsys: Capture) -> None:
    quotes = flat_quotes(
        days=40, vol=0.6, forward=2000.0, strikes=[1000.0 + 50.0 * step for step in range(60)]
    )
    assert cli.main(asked_of(chain_csv(quotes, tmp_path))) == 0
    shown = capsys.readouterr().out
    assert "over 30 days" in shown
    assert shown.count("1970-02-10T00:00:00+00:00") == 2


FLAT = flat_quotes(
    days=40, vol=0.6, forward=2000.0, strikes=[1000.0 + 50.0 * step for step in range(60)]
)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"at": "noon"}, "time 'noon' is not written as"),
        ({"at": "1980-01-01"}, "none of its 1 expiries comes after"),
        ({"days": "0"}, "days 0.0 are not above 0"),
        ({"days": "nan"}, "days nan are not above 0"),
        ({"rate": "inf"}, "rate inf is impossible"),
    ],
)
def test_impossible_questions_about_a_chain_are_one_line(
    changed: dict[str, str], problem: str, tmp_path: Path, capsys: Capture
) -> None:
    assert problem in refused(capsys, *asked_of(chain_csv(FLAT, tmp_path), **changed))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("index", "spot", "column index is missing"),
        (",call,", ",CALL,", "kind 'CALL' is neither call nor put"),
        ("1970-02-10T00:00:00Z", "soon", "expiry_utc 'soon' is no ISO 8601 time"),
        (",0,1,1.0", ",0,1,0", "an index is not a number above 0"),
        (",1050.0,", ",1000.0,", "the option is there twice"),
        (",1000.0,", ",-1000.0,", "the strike is not a number above 0"),
        (",1000.0,", ",,", "the strike is not a number above 0"),
        (",put,", ",call,", "the option is there twice"),
    ],
)
def test_impossible_chains_are_one_line(
    old: str, new: str, problem: str, tmp_path: Path, capsys: Capture
) -> None:
    file = Path(chain_csv(FLAT, tmp_path))
    file.write_text(file.read_text("utf-8").replace(old, new), encoding="utf-8")
    assert problem in refused(capsys, *asked_of(str(file)))
