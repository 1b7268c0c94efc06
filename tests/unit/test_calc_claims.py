"""calc claim, strip and lvr from the command line: keys, values, refusals in one line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot import cli

Capture = pytest.CaptureFixture[str]

LOG_SV = (
    "--model", "log-sv", "--theta", "0.6", "--kappa1", "2", "--kappa2", "2",
    "--beta", "-0.3", "--volvol", "1",
)  # fmt: skip
RANGE = ("--entry", "2200", "--lower", "2000", "--upper", "2400")
TEN_DAYS = ("--vol", "0.6", "--days", "10")


def json_of(capsys: Capture, *argv: str) -> Any:
    assert cli.main(["calc", *argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_claim_answers_the_reference(capsys: Capture) -> None:
    """Source: quant reference section 3."""
    figures = json_of(capsys, "claim", *RANGE, *TEN_DAYS, "--notional", "1e6")
    assert figures.keys() == {"value", "premium"}
    assert figures["value"] == pytest.approx(-22652.626049, abs=5.1e-7)
    assert figures["premium"] == -figures["value"]


def test_claim_takes_a_forward(capsys: Capture) -> None:
    """Source: quant reference section 3, p1 = 2400."""
    argv = ("claim", *RANGE, *TEN_DAYS, "--notional", "1e6", "--forward", "2400")
    assert json_of(capsys, *argv)["value"] == pytest.approx(-36362.8997, abs=5.1e-5)


def test_claim_without_a_range_is_the_full_range_of_one(capsys: Capture) -> None:
    """Source: quant reference section 3, v2 BSM (1, 1)."""
    figures = json_of(capsys, "claim", "--entry", "2000", "--vol", "1", "--days", "365")
    assert figures["value"] == pytest.approx(-0.11750309741540454, rel=1e-12)


def test_strip_answers_the_reference(capsys: Capture) -> None:
    """Source: quant reference section 3, discrete strip, dK = 50."""
    figures = json_of(capsys, "strip", *RANGE, *TEN_DAYS, "--notional", "1e6", "--step", "50")
    assert figures.keys() == {"legs", "value", "value_continuous", "residual_max"}
    assert figures["value"] == pytest.approx(-22806.840, abs=5.1e-4)
    assert {leg["kind"] for leg in figures["legs"]} == {"put", "call"}
    assert [leg["strike"] for leg in figures["legs"]][:5] == [2000, 2050, 2100, 2150, 2200]
    assert 0 < figures["residual_max"] < 400


def test_strip_without_volatility_has_legs_and_no_value(capsys: Capture) -> None:
    figures = json_of(capsys, "strip", "--entry", "2000", "--notional", "1e6", "--step", "100")
    assert figures["value"] is None
    assert len(figures["legs"]) == 77


def test_lvr_answers_the_reference(capsys: Capture) -> None:
    """Source: quant reference section 5: 66.79262497 % a year, and 5 % a day at 30 bp, 12 s."""
    span = ("--price", "2000", "--lower", "1500", "--upper", "2500")
    year = json_of(capsys, "lvr", "--vol", "0.8", "--days", "365", *span)
    assert year["lvr_fraction"] == pytest.approx(0.6679262497, abs=5.1e-11)
    assert year["arb_fraction"] is None
    daily = json_of(
        capsys, "lvr", "--vol", str(0.05 * 365**0.5), "--days", "1",
        "--fee-bps", "30", "--block-seconds", "12",
    )  # fmt: skip
    assert daily["lvr_fraction"] == pytest.approx(3.125e-4, rel=1e-12)
    assert daily["arb_fraction"] == pytest.approx(3.811e-5, abs=5.1e-9)


def test_the_entry_price_stands_in_for_the_price(capsys: Capture) -> None:
    span = ("--lower", "1500", "--upper", "2500", "--vol", "0.8", "--days", "7")
    by_entry = json_of(capsys, "lvr", "--entry", "2000", *span)
    assert by_entry == json_of(capsys, "lvr", "--price", "2000", *span)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("claim", *RANGE, *TEN_DAYS, "--notional", "1e6"), ("premium", "lp vega", "-22652.62605")),
        (("strip", *RANGE, *TEN_DAYS, "--notional", "1", "--step", "100"), ("put", "covered")),
        (("lvr", "--vol", "0.8", "--days", "365"), ("lvr_fraction", "0.08", "efficiency")),
        (("claim", *RANGE, *TEN_DAYS, *LOG_SV), ("premium", "expected loss over entry value")),
    ],
)
def test_people_get_a_table(argv: tuple[str, ...], words: tuple[str, ...], capsys: Capture) -> None:
    assert cli.main(["calc", *argv]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in words)


def test_a_token_that_leapt_to_three_times_has_most_of_its_loss_to_come_back(
    capsys: Capture,
) -> None:
    """(sqrt(3) - 1)^2 / 2 = 0.267949 is lost now; in 30 days, at a pull of 18 a year, 0.0158."""
    line = "claim --entry 20 --vol 1.2 --days 30 --model ou --mean-reversion 18 --price 60"
    found = json_of(capsys, *line.split())
    assert found.keys() == {"value", "premium", "forward", "vol", "loss_now", "lvr_fraction"}
    assert found["loss_now"] == pytest.approx(-((3**0.5 - 1) ** 2) / 2)
    assert found["value"] == -found["premium"] == pytest.approx(-0.0157889313, abs=1e-10)
    assert found["forward"] == pytest.approx(26.17794838)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("claim --entry -1 --vol 0.5 --days 3", "entry is -1.0"),
        ("claim --entry 1 --vol 0 --days 3", "vol is 0.0"),
        ("claim --entry 1 --vol nan --days 3", "vol is nan"),
        ("claim --entry 1 --vol 0.5 --days 0", "days is 0.0"),
        ("claim --entry 1 --vol 0.5 --days 3 --lower 3 --upper 2", "lower is 3.0"),
        ("claim --entry 1 --vol 0.5 --days 3 --forward 0", "forward is 0.0"),
        ("claim --entry 1 --vol 0.5 --days 3 --notional -5", "notional is -5.0"),
        ("claim --entry 1e200 --vol 0.5 --days 3", "entry is 1e+200"),
        ("claim --entry 1 --vol 0.5 --days 3 --theta 0.6", "--theta belongs to --model log-sv"),
        (
            "claim --entry 1 --vol 0.5 --days 3 --mean-reversion 2",
            "--mean-reversion belongs to --model ou",
        ),
        ("claim --entry 1 --vol 0.5 --days 3 --model ou", "--model ou needs --mean-reversion"),
        (
            "claim --entry 1 --vol 0.5 --days 3 --model ou --mean-reversion 2 --forward 1",
            "its forward follows from it",
        ),
        (
            "claim --entry 1 --vol 0.5 --days 3 --model ou --mean-reversion 2 --price 0",
            "price is 0.0",
        ),
        (
            "claim --entry 1 --vol 0.5 --days 3 --model ou --mean-reversion -2",
            "reversion is -2.0",
        ),
        (
            "claim --entry 1 --vol 0.5 --days 3 --model log-sv --theta 0.6 --beta 0",
            "--model log-sv needs --kappa1, --kappa2, --volvol too",
        ),
        (f"claim --entry 1 --vol 0.5 --days 900 {' '.join(LOG_SV)} --beta 3", "beta is 3.0: above"),
        (
            f"claim --entry 1 --vol 0.5 --days 90 {' '.join(LOG_SV)} --volvol 3",
            "does not hold for so long",
        ),
        (f"claim --entry 1 --vol 0.5 --days 3 {' '.join(LOG_SV)} --volvol -1", "volvol is -1.0"),
        ("strip --entry 2200 --lower 2000 --upper 2400 --notional 1 --step 401", "step is 401.0"),
        ("strip --entry 2200 --notional 1 --step -5", "step is -5.0"),
        ("strip --entry 2200 --notional 1 --step 5 --vol 0.5", "--vol and --days together"),
        ("lvr --vol 0.5 --days 3 --lower 2", "a range needs --price"),
        ("lvr --vol 0.5 --days 3 --price 0", "price is 0.0"),
        ("lvr --vol 0.5 --days 3 --entry -2", "entry is -2.0"),
        ("lvr --vol 0 --days 3", "vol is 0.0"),
        ("lvr --vol 0.5 --days 3 --fee-bps 5", "--fee-bps and --block-seconds together"),
        ("lvr --vol 0.5 --days 3 --fee-bps -5 --block-seconds 12", "fee is -0.0005"),
        ("lvr --vol 0.5 --days 3 --fee-bps 5 --block-seconds 0", "block_seconds is 0.0"),
    ],
)
def test_impossible_input_is_one_line_and_an_exit_code(
    line: str, words: str, capsys: Capture
) -> None:
    assert cli.main(["calc", *line.split()]) != 0
    refusal = capsys.readouterr().err
    assert words in refusal
    assert refusal.count("\n") == 1
