"""calc strangle, breakeven, tick and ivrank from the command line: keys, tables, refusals.

Their reference values are in tests/unit/test_reference_cases.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from bot.commands.calc import TICK_LABELS
from bot.commands.calc_hedges import BREAKEVEN_LABELS, STRANGLE_LABELS
from bot.commands.calc_vol import RANK_LABELS
from bot.core.options import black_price
from bot.core.orders import ContractKind

Capture = pytest.CaptureFixture[str]
ENDS = "--entry 2000 --notional 1e6 --put 1600 --call 2400 --low 1000 --high 3000"


def json_of(capsys: Capture, line: str) -> Any:
    assert cli.main(["calc", *line.split(), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_strangle_has_every_key_and_its_premium_is_the_sum_of_two_options(
    capsys: Capture,
) -> None:
    plain = json_of(capsys, f"strangle {ENDS}")
    assert plain.keys() == STRANGLE_LABELS.keys()
    assert plain["premium"] is None
    priced = json_of(capsys, f"strangle {ENDS} --vol 0.8 --days 30")
    put, call = (
        black_price(kind=kind, forward=2000.0, strike=strike, vol=0.8, years=30 / 365)
        for kind, strike in ((ContractKind.PUT, 1600.0), (ContractKind.CALL, 2400.0))
    )
    paid = plain["put_quantity"] * put + plain["call_quantity"] * call
    assert priced["premium"] == pytest.approx(paid, rel=1e-13)


def test_break_evens_have_every_key_and_null_for_what_was_not_asked(capsys: Capture) -> None:
    by_vol = json_of(capsys, "breakeven --entry 2000 --vol 0.8 --fee-bps 30")
    assert by_vol.keys() == BREAKEVEN_LABELS.keys()
    assert {key for key, value in by_vol.items() if value is None} == {
        "rebalancing_vol", "holding_vol", "price_low", "price_high",
    }  # fmt: skip
    by_fees = json_of(capsys, "breakeven --entry 2000 --fees 0.9 --days 30")
    assert by_fees["turnover_year"] is None
    assert by_fees["price_low"] is None  # no fall loses so much
    assert by_fees["price_high"] > 2000.0


def test_a_tick_gives_its_price_and_the_price_its_tick(capsys: Capture) -> None:
    """1.0001**199045 of atoms per atom, 12 decimals apart: the day's first price, below a tick."""
    by_tick = json_of(capsys, "tick --tick 199045 --decimals0 6 --base-token 1")
    assert by_tick.keys() == TICK_LABELS.keys()
    assert by_tick["price"] == pytest.approx(1e12 / 1.0001**199045, rel=1e-9)
    root = by_tick["sqrt_price_x96"]
    assert json_of(capsys, f"tick --sqrt-price-x96 {root}")["tick"] == 199045
    assert json_of(capsys, f"tick --sqrt-price-x96 {int(root) - 1}")["tick"] == 199044
    assert json_of(capsys, f"tick --sqrt-price-x96 {2**96}")["price"] == 1.0


def test_a_rank_counts_the_last_days_only(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "levels.csv"
    file.write_text("close,iv\n1,90\n1,40\n1,80\n1,60\n", encoding="utf-8")
    asked = f"ivrank --history {file} --column iv"
    found = json_of(capsys, f"{asked} --days 3")
    assert found.keys() == RANK_LABELS.keys()
    assert (found["rank"], found["percentile"], found["days"]) == (0.5, pytest.approx(1 / 3), 3)
    assert json_of(capsys, asked)["rank"] == 0.4


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"strangle {ENDS}", ("put_quantity", "71.48869802", "uncovered_max", "1600")),
        ("breakeven --entry 2000 --fees 0.125 --days 30", ("price_low", "500", "holding_vol")),
        ("tick --tick 0", ("79228162514264337593543950336", "price")),
    ],
)
def test_people_get_a_table(line: str, words: tuple[str, ...], capsys: Capture) -> None:
    assert cli.main(["calc", *line.split()]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in words)


def test_people_get_a_table_of_ranks(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "levels.csv"
    file.write_text("close\n40\n80\n60\n", encoding="utf-8")
    assert cli.main(["calc", "ivrank", "--history", str(file)]) == 0
    shown = capsys.readouterr().out
    assert all(key in shown for key in RANK_LABELS)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"strangle {ENDS} --vol 0.5", "--vol and --days together"),
        (f"strangle {ENDS} --vol 0 --days 3", "vol is 0.0"),
        (f"strangle {ENDS} --low 0", "low is 0.0"),
        (f"strangle {ENDS} --put 900", "put is 900.0: it must be above low, 1000.0"),
        (f"strangle {ENDS} --entry -1", "entry is -1.0"),
        ("breakeven --entry 2000", "give --vol with --fee-bps, or --fees with --days, or both"),
        ("breakeven --entry 2000 --vol 0.5", "--vol and --fee-bps together"),
        ("breakeven --entry 2000 --fees 0.5", "--fees and --days together"),
        ("breakeven --entry 2000 --fees -0.5 --days 3", "fees is -0.5"),
        ("breakeven --entry 2000 --fees 0.5 --days 0", "days is 0.0"),
        ("breakeven --entry 2000 --vol 0.5 --fee-bps 0", "fee is 0.0"),
        ("tick --sqrt-price-x96 1", "1"),
        ("tick --tick 887273", "887273"),
        ("tick --tick 0 --decimals0 300", "decimals0 300 is not from 0 to 255"),
        ("ivrank --history no-such.csv", "there is no such file"),
        ("ivrank --history levels.txt", "neither .csv"),
    ],
)
def test_impossible_input_is_one_line_and_an_exit_code(
    line: str, words: str, capsys: Capture
) -> None:
    assert cli.main(["calc", *line.split()]) not in (0, 1)
    refusal = capsys.readouterr().err
    assert words in refusal
    assert refusal.count("\n") == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [("close\n40\n", "needs 2 days"), ("iv\n40\n50\n", "close is missing"),
     ("close\n40\nx\n", "levels.csv")],
)  # fmt: skip
def test_levels_that_make_no_history_are_one_line(
    rows: str, words: str, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "levels.csv"
    file.write_text(rows, encoding="utf-8")
    assert cli.main(["calc", "ivrank", "--history", str(file)]) not in (0, 1)
    refusal = capsys.readouterr().err
    assert words in refusal
    assert refusal.count("\n") == 1


def test_the_zero_mean_goes_with_closes_only(capsys: Capture) -> None:
    argv = "vol --prices x.csv --estimator parkinson --zero-mean"
    assert cli.main(["calc", *argv.split()]) == 2
    assert "--zero-mean goes with --estimator close" in capsys.readouterr().err
