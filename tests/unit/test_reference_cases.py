"""Every case of the quant reference is answered by `calc`, and docs/maths.md says by which command.

A family is one row of the table in docs/maths.md: its section and its first command. Each value
has the tolerance of the digits that the reference prints. Values that only tests can hold (a day's
swaps and fees, the empirical studies, laws) are rows of the same table with their test.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import mpmath
import pytest

from bot import cli
from tests.builders.chains import white_paper_quotes
from tests.builders.shared_data import shared_data
from tests.unit.core.test_cone import ETH_CONE
from tests.unit.core.test_volatility import MAY_VOLS, TOY_VOLS
from tests.unit.test_calc_vol import DAYS, chain_csv, toy_csv

Capture = pytest.CaptureFixture[str]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "maths.md"
HEADING = "## Where each reference case is answered"

Expected = Mapping[str, tuple[float, float]]
"""Key (with dots for keys within keys) -> value and tolerance."""


class Case(NamedTuple):
    """command: what follows `layerhedge`; FILE stands for `file`, made or found by that name."""

    command: str
    expected: Expected
    file: str = ""


class Family(NamedTuple):
    section: str
    what: str
    cases: list[Case]


RANGE = "--entry 2200 --lower 2000 --upper 2400"
LOG_SV = (
    "--model log-sv --vol 0.4861785891939535 --theta 0.6176006871606874"
    " --kappa1 1.955809653686808 --kappa2 1.978367101612294"
    " --beta -0.26916969112829325 --volvol 3.265815229306317"
)
NEARLY_STILL = (
    "--model log-sv --vol 0.6 --theta 0.6 --kappa1 1.955809653686808"
    " --kappa2 1.978367101612294 --beta 0 --volvol 0.01"
)
DAILY_FIVE = 0.05 * 365**0.5
HOURS = "prices/ethusdt_1h.parquet"
EIGHT, SEVEN, SIX, FOUR, THREE = 5.1e-9, 5.1e-8, 5.1e-7, 5.1e-5, 5.1e-4


def full_range() -> Iterator[Case]:
    for ratio, il, borrowed in [
        (0.25, -0.20000000, -0.12500000), (0.50, -0.05719096, -0.04289322),
        (0.80, -0.00619201, -0.00557281), (1.10, -0.00113443, -0.00119115),
        (1.25, -0.00619201, -0.00696601), (2.00, -0.05719096, -0.08578644),
        (4.00, -0.20000000, -0.50000000), (5.00, -0.25464401, -0.76393202),
    ]:  # fmt: skip
        yield Case(
            f"calc il --ratio {ratio}",
            {
                "il_vs_hold": (il, EIGHT),
                "loss_vs_entry_hold": (borrowed, EIGHT),
                "funded_pnl": (ratio**0.5 - 1.0, 1e-15),
            },
        )


def a_range() -> Iterator[Case]:
    for price, value, hold, il, borrowed, delta in [
        (1000, 0.54326063, 0.77964109, -0.30319139, -0.23638046, 543.260628),
        (1500, 0.81489094, 0.88982055, -0.08420755, -0.07492960, 543.260628),
        (1750, 0.92749699, 0.94491027, -0.01842850, -0.01741328, 364.474365),
        (2100, 1.01949006, 1.02203589, -0.00249094, -0.00254583, 170.055864),
        (2500, 1.05201968, 1.11017945, -0.05238772, -0.05815977, 0.0),
    ]:
        yield Case(
            f"calc il --entry 2000 --price {price} --lower 1500 --upper 2500 --value 1e6",
            {
                "lp_value": (1e6 * value, 1e6 * EIGHT),
                "hold_value": (1e6 * hold, 1e6 * EIGHT),
                "il_vs_hold": (il, EIGHT),
                "loss_vs_entry_hold": (borrowed, EIGHT),
                "delta_base": (delta, SIX),
                "liquidity": (93345.53114807632, 1e-7),
                "entry_base": (220.35890747, EIGHT),
                "entry_quote": (559282.18506460, EIGHT),
                "efficiency": (8.349078121716907, 1e-12),
            },
        )
    yield Case(
        "calc il --entry 2000 --price 2000 --lower 1500 --upper 2500 --value 1e6",
        {"gamma_base": (-0.52181738, EIGHT)},
    )


def ticks() -> Iterator[Case]:
    for root, price, tick in [
        (1662995104975155420368771254341874, 2269.74582399845, 199045),
        (1663132957987881128134345656405165, 2269.3695722609564, 199047),
    ]:
        yield Case(
            f"calc tick --sqrt-price-x96 {root} --decimals0 6 --decimals1 18 --base-token 1",
            {"price": (price, 1e-11), "tick": (tick, 0.0)},
        )


def claims() -> Iterator[Case]:
    ten = f"calc claim {RANGE} --notional 1e6 --days 10"
    for vol, value in [(0.6, -22652.626049), (0.4, -11520.491277), (0.8, -34841.495224)]:
        yield Case(f"{ten} --vol {vol}", {"value": (value, SIX), "premium": (-value, SIX)})
    for forward, value in [(2000, -37243.3741), (2400, -36362.8997)]:
        yield Case(f"{ten} --vol 0.6 --forward {forward}", {"value": (value, FOUR)})
    for vol, days, value in [
        (0.6, 30, -0.003691798629542944),
        (0.8, 30, -0.006553772204661024),
        (1, 365, -0.11750309741540454),
    ]:
        yield Case(f"calc claim --entry 2000 --vol {vol} --days {days}", {"value": (value, 1e-15)})


def payoffs() -> Iterator[Case]:
    for price, payoff in [
        (1800, -74098.0380), (2000, -24303.9304), (2100, -5932.1166),
        (2300, -5668.4003), (2400, -22188.4493), (2600, -65620.7215),
    ]:  # fmt: skip
        yield Case(
            f"calc il {RANGE} --price {price}", {"loss_vs_entry_hold": (payoff / 1e6, 5.1e-11)}
        )


def strips() -> Iterator[Case]:
    for step, value in [(25, -22691.166), (50, -22806.840), (100, -23270.373)]:
        yield Case(
            f"calc strip {RANGE} --notional 1e6 --step {step} --vol 0.6 --days 10",
            {"value": (value, THREE), "value_continuous": (-22652.626048, 1.1e-6)},
        )
    yield Case(
        "calc strip --entry 2000 --notional 1 --step 100 --vol 0.8 --days 30",
        {"value_continuous": (-0.00655377220466, 5e-15)},
    )


def stochastic_volatility() -> Iterator[Case]:
    """1.4: the reference's code has 2 for 6 in one coefficient; tests/unit/core/test_log_sv.py."""
    ten = f"calc claim {RANGE} --notional 1e6 --days 10"
    for forward, value in [
        (2200, -17396.17922667846), (2000, -33834.0649), (2100, -21438.9383),
        (2300, -21815.2846), (2400, -33232.3428),
    ]:  # fmt: skip
        yield Case(f"{ten} {LOG_SV} --forward {forward}", {"value": (value, 1.4)})
    yield Case(f"{ten} {NEARLY_STILL}", {"value": (-22652.637144, 1e-4)})


def options() -> Iterator[Case]:
    ours = "--spot 100 --strike 100 --vol 0.2 --days 365 --rate 0.05"
    yield Case(
        f"calc option --kind call {ours}",
        {
            "price": (10.450583572185565, 1e-13), "delta": (0.6368306511756191, 1e-14),
            "gamma": (0.018762017345846895, 1e-15), "vega": (37.52403469169379, 1e-12),
            "theta": (-6.414027546438197, 1e-13), "rho": (53.232481545376345, 1e-12),
        },
    )  # fmt: skip
    yield Case(f"calc option --kind put {ours}", {"price": (5.573526022256971, 1e-13)})
    hull = "--spot 42 --strike 40 --vol 0.2 --days 182.5 --rate 0.1"
    yield Case(f"calc option --kind call {hull}", {"price": (4.7594223929, 5.1e-11)})
    yield Case(f"calc option --kind put {hull}", {"price": (0.8085993729, 5.1e-11)})


def options_on_a_forward() -> Iterator[Case]:
    for kind, strike, price in [
        ("put", 1800, 91.35590267), ("put", 2000, 182.59681564),
        ("call", 2000, 182.59681564), ("call", 2200, 107.96047089),
    ]:  # fmt: skip
        yield Case(
            f"calc option --kind {kind} --forward 2000 --strike {strike} --vol 0.8 --days 30",
            {"price": (price, EIGHT)},
        )


def digitals() -> Iterator[Case]:
    """Section 3's formulas for both ends of its range, and Hull's printed d2; N by mpmath."""
    s = 0.6 * (10 / 365) ** 0.5
    ours = "--forward 2200 --vol 0.6 --days 10"
    below, above = (
        float(mpmath.ncdf((math.log(end / 2200) + s * s / 2) / s)) for end in (2000, 2400)
    )
    yield Case(f"calc option --kind put --digital {ours} --strike 2000", {"price": (below, 1e-15)})
    yield Case(
        f"calc option --kind call --digital {ours} --strike 2400", {"price": (1 - above, 1e-15)}
    )
    hull = "--spot 42 --strike 40 --vol 0.2 --days 182.5 --rate 0.1"
    paid = float(mpmath.ncdf(0.6278412719) * mpmath.exp(-0.05))
    yield Case(f"calc option --kind call --digital {hull}", {"price": (paid, 5.1e-11)})


def strangles() -> Iterator[Case]:
    yield Case(
        "calc strangle --entry 2000 --notional 1e6 --put 1600 --call 2400 --low 1000 --high 3000",
        {
            "loss_low": (42893.2188, FOUR), "put_quantity": (71.48869802, EIGHT),
            "loss_high": (25255.1286, FOUR), "call_quantity": (42.09188101, EIGHT),
            "uncovered_max": (5572.81, 5.1e-3), "uncovered_price": (1600.0, 0.0),
        },
    )  # fmt: skip


def rebalancing() -> Iterator[Case]:
    span = "--price 2000 --lower 1500 --upper 2500"
    yield Case(
        f"calc lvr --vol 0.8 --days 365 {span}",
        {"lvr_fraction": (0.6679262497, 5.1e-11), "efficiency": (8.349078121716907, 1e-12)},
    )
    for vol, days, taken, within in [
        (0.8, 365, 0.08, 1e-15), (0.6, 365, 0.045, 1e-15), (0.8, 30, 0.0065753, SEVEN),
        (DAILY_FIVE, 1, 3.125e-4, 1e-15),
    ]:  # fmt: skip
        yield Case(f"calc lvr --vol {vol} --days {days}", {"lvr_fraction": (taken, within)})


def arbitrage() -> Iterator[Case]:
    daily = f"calc lvr --vol {DAILY_FIVE} --days 1"
    for fee, seconds, share, bps in [
        (5, 12, 0.454545, 1.4205), (30, 12, 0.121951, 0.3811), (100, 12, 0.040000, 0.1250),
        (5, 2, 0.253847, 0.7933), (30, 2, 0.053659, 0.1677), (100, 2, 0.016726, 0.0523),
    ]:  # fmt: skip
        yield Case(
            f"{daily} --fee-bps {fee} --block-seconds {seconds}",
            {"arb_share": (share, SIX), "arb_fraction": (bps / 1e4, 5.1e-9)},
        )


def even_blocks() -> Iterator[Case]:
    daily = f"calc lvr --vol {DAILY_FIVE} --days 1"
    for fee, share in [(5, 0.578634), (30, 0.186246)]:
        yield Case(
            f"{daily} --fee-bps {fee} --block-seconds 12 --blocks constant",
            {"arb_share": (share, SIX)},
        )


def break_evens() -> Iterator[Case]:
    yield Case(
        f"calc breakeven --entry 2000 --vol {DAILY_FIVE} --fee-bps 30",
        {"turnover_day": (0.1042, FOUR)},
    )
    fees = 0.006553772204661024
    yield Case(f"calc breakeven --entry 2000 --fees {fees} --days 30", {"holding_vol": (0.8, 1e-9)})
    yield Case("calc breakeven --entry 2000 --fees 0.125 --days 30", {"price_low": (500.0, 1e-9)})


def toy() -> Iterator[Case]:
    for estimator, vol in TOY_VOLS.items():
        yield Case(
            f"calc vol --prices FILE --estimator {estimator}", {"annualised": (vol, 1e-12)}, "toy"
        )
    yield Case(
        "calc vol --prices FILE --estimator close --zero-mean",
        {"annualised": (0.2865484560077112, 1e-12)},
        "toy",
    )


def may() -> Iterator[Case]:
    for estimator, vol in MAY_VOLS.items():
        yield Case(
            f"calc vol --prices FILE --estimator {estimator} --timerange 20210501-20210601",
            {"annualised": (vol, 1e-12), "bars": (30, 0.0)},
            HOURS,
        )


def the_cone() -> Iterator[Case]:
    keys = ("min", "p25", "p50", "p75", "max")
    expected = {
        f"{horizon}.{key}": (value, FOUR)
        for horizon, row in ETH_CONE.items()
        for key, value in zip(keys, row, strict=False)
    }
    factors = {f"{h}.overlap_factor": (row[-1], SIX) for h, row in ETH_CONE.items()}
    yield Case(
        "calc cone --prices FILE --horizons 7,14,30,90 --timerange 20171231-20220101",
        expected | factors,
        HOURS,
    )


def vix() -> Iterator[Case]:
    yield Case(
        "calc volindex --chain FILE --at 1970-01-01T00:00:00Z --days 30"
        " --rate 0.000305 --rate-next 0.000286",
        {
            "index": (0.1368582053794788, 1e-14),
            "near.forward": (1962.89996, 5.1e-6), "next.forward": (1962.40006, 5.1e-6),
            "near.k0": (1960.0, 0.0), "next.k0": (1960.0, 0.0),
            "near.variance": (0.018462923922302192, 1e-15),
            "next.variance": (0.018821007683628224, 1e-15),
        },
        "vix",
    )  # fmt: skip


def dvol() -> Iterator[Case]:
    yield Case(
        "calc ivrank --history FILE --column dvol",
        {"now": (45.44, 0.0), "daily_move": (45.44 / 365**0.5, 1e-12), "days": (365, 0.0)},
        "options/btc_dvol_daily_2023-2024H1.csv",
    )


def crashes() -> Iterator[Case]:
    for entry, price, full, ranged, borrowed in [
        (237.23, 86.00, -11.6203, -45.2218, -32.5167),
        (237.23, 134.06, -3.9381, -24.0414, None),
        (4173.46, 1728.74, -8.9816, -39.3315, -29.1776),
        (4173.46, 2096.39, -5.6467, -30.0880, None),
    ]:
        asked = f"calc il --entry {entry} --price {price}"
        yield Case(asked, {"il_vs_hold": (full / 100, SIX)})
        expected = {"il_vs_hold": (ranged / 100, SIX)}
        if borrowed is not None:
            expected["loss_vs_entry_hold"] = (borrowed / 100, SIX)
        yield Case(f"{asked} --lower {0.75 * entry} --upper {1.25 * entry}", expected)


FAMILIES = [
    Family("1", "full range: three losses", list(full_range())),
    Family("2", "a range: values, losses, delta, gamma, efficiency", list(a_range())),
    Family("2", "price and tick of a pool", list(ticks())),
    Family("3", "payoff of the claim, over its notional", list(payoffs())),
    Family("3", "claim on a log-normal price", list(claims())),
    Family("3", "claim under log-normal stochastic volatility", list(stochastic_volatility())),
    Family("3", "strips, stepped and continuous", list(strips())),
    Family("3", "options on spot", list(options())),
    Family("3", "options on a forward", list(options_on_a_forward())),
    Family("3", "digitals", list(digitals())),
    Family("4", "strangle sized at two prices", list(strangles())),
    Family("5", "loss versus rebalancing", list(rebalancing())),
    Family("5", "arbitrage, blocks at random", list(arbitrage())),
    Family("5", "arbitrage, even blocks", list(even_blocks())),
    Family("5", "break-evens", list(break_evens())),
    Family("7.1", "estimators, four bars", list(toy())),
    Family("7.2", "estimators, a month", list(may())),
    Family("7.3", "cone", list(the_cone())),
    Family("7.4", "volatility index", list(vix())),
    Family("7.6", "implied volatility's rank and daily move", list(dvol())),
    Family("8", "losses in two crashes", list(crashes())),
]
ALL = [case for family in FAMILIES for case in family.cases]


def file_of(name: str, folder: Path) -> str:
    """A file that a case reads: made of the reference's own rows, or lying beside the checkout."""
    if name == "toy":
        return toy_csv(DAYS, folder)
    if name == "vix":
        quotes = white_paper_quotes("vixnearterm.dat", minutes=35_924)
        return chain_csv(quotes + white_paper_quotes("vixnextterm.dat", minutes=46_394), folder)
    return str(shared_data(name))


def within(found: Any, key: str) -> float:
    for part in key.split("."):
        found = found[part]
    return float(found)


@pytest.mark.parametrize("case", ALL, ids=[case.command for case in ALL])
def test_calc_answers_the_reference(case: Case, tmp_path: Path, capsys: Capture) -> None:
    """Source: the quant reference, by section as in FAMILIES."""
    words = case.command.split()
    if case.file:
        words = [file_of(case.file, tmp_path) if word == "FILE" else word for word in words]
    assert cli.main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    for key, (value, tolerance) in case.expected.items():
        assert within(found, key) == pytest.approx(value, rel=0.0, abs=tolerance), key


def rows() -> list[tuple[str, str, str]]:
    """(section, what, answer) of the table in the docs."""
    _, _, below = DOCS.read_text(encoding="utf-8").partition(HEADING)
    table, _, _ = below.partition("\n## ")
    found = re.findall(r"^\| ([\d.]+) \| ([^|]+) \| (.+) \|$", table, re.MULTILINE)
    return [(section, what.strip(), answer.strip()) for section, what, answer in found]


def test_the_page_says_by_which_command_each_case_is_answered() -> None:
    by_command = [row for row in rows() if "`calc " in row[2]]
    assert by_command == [
        (family.section, family.what, f"`{family.cases[0].command}`") for family in FAMILIES
    ]


def test_every_section_of_the_reference_is_in_the_table() -> None:
    """What no command answers is held by a test, whose existence tests/tidy proves."""
    sections = {section for section, _, _ in rows()}
    assert sections >= {"1", "2", "3", "4", "5", "6", "7.1", "7.2", "7.3", "7.4", "7.6", "8"}
    assert all("`calc " in answer or "`tests/" in answer for _, _, answer in rows())
