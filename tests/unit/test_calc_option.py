"""calc option: known answers from the shell, and refusals of one line."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import mpmath
import pytest

from bot import cli
from bot.commands.calc_option import OPTION_LABELS
from tests.oracles.options import exact_greeks

Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "commands.md"

TERMS = {"kind": "call", "spot": "100", "strike": "100", "vol": "0.2", "days": "365"}


def argv_of(**changes: str) -> list[str]:
    terms = TERMS | changes
    return ["calc", "option", *(part for key in terms for part in (f"--{key}", terms[key]))]


def figures_of(capsys: Capture, **changes: str) -> dict[str, float]:
    assert cli.main([*argv_of(**changes), "--json"]) == 0
    figures: dict[str, float] = json.loads(capsys.readouterr().out)
    return figures


def test_the_textbook_option_has_its_known_price_and_greeks(capsys: Capture) -> None:
    """Source: S = K = 100, r = 5 %, sigma = 20 %, one year; two independent computations."""
    figures = figures_of(capsys, rate="0.05")
    assert figures == pytest.approx(
        {
            "price": 10.450583572185565, "delta": 0.6368306511756191,
            "gamma": 0.018762017345846895, "vega": 37.52403469169379,
            "theta": -6.414027546438197, "rho": 53.232481545376345,
        },
        rel=1e-14,
    )  # fmt: skip


def test_hulls_put_has_its_known_price(capsys: Capture) -> None:
    """Source: Hull, S = 42, K = 40, r = 10 %, sigma = 20 %, half a year."""
    figures = figures_of(capsys, kind="put", spot="42", strike="40", days="182.5", rate="0.1")
    assert figures["price"] == pytest.approx(0.8085993729, abs=5e-11)


def test_the_table_for_people_has_every_figure(capsys: Capture) -> None:
    assert cli.main(argv_of()) == 0
    out = capsys.readouterr().out
    assert all(key in out for key in OPTION_LABELS)
    assert "7.965567455" in out


def test_at_expiry_the_figures_are_the_payoff_and_its_slope(capsys: Capture) -> None:
    figures = figures_of(capsys, kind="put", spot="1500", strike="1800", days="0")
    assert (figures["price"], figures["delta"], figures["gamma"]) == (300.0, -1.0, 0.0)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"spot": "-100"}, "spot is -100"),
        ({"spot": "0"}, "spot is 0"),
        ({"spot": "nan"}, "spot is nan"),
        ({"strike": "-1"}, "strike is -1"),
        ({"strike": "inf"}, "strike is inf"),
        ({"vol": "0"}, "vol is 0"),
        ({"vol": "-0.2"}, "vol is -0.2"),
        ({"vol": "nan"}, "vol is nan"),
        ({"days": "-1"}, "days is -1"),
        ({"days": "nan"}, "days is nan"),
        ({"rate": "1e9"}, "rate is 1000000000"),
        ({"rate": "nan"}, "rate is nan"),
        ({"spot": "1e308", "strike": "1e308", "vol": "0.01", "days": "36500000"}, "float"),
    ],
)
def test_impossible_input_is_one_line_with_the_number_and_never_nan(
    changes: dict[str, str], named: str, capsys: Capture
) -> None:
    joined = [f"--{key}={value}" for key, value in (TERMS | changes).items()]
    assert cli.main(["calc", "option", *joined, "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert named in err


@pytest.mark.parametrize("kind", ["call", "put"])
@pytest.mark.parametrize("rate", ["0", "0.08"])
def test_a_forward_is_the_spot_that_grows_to_it(kind: str, rate: str, capsys: Capture) -> None:
    """Oracle: 50 digits on spot F e**-rT; per 1 of the forward, which theta and rho leave there."""
    argv = ("--kind", kind, "--strike", "1900", "--vol", "0.7", "--days", "73", "--rate", rate)
    assert cli.main(["calc", "option", "--forward", "2000", *argv, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    r, years = float(rate), 0.2
    with mpmath.workdps(50):
        bond = mpmath.exp(-mpmath.mpf(r) * mpmath.mpf(years))
        exact = exact_greeks(
            is_call=kind == "call", spot=2000 * bond, strike=1900, vol=0.7, years=years, rate=r
        )
        still = exact_greeks(is_call=kind == "call", spot=2000, strike=1900, vol=0.7, years=years)
        assert found["price"] == pytest.approx(float(exact.price), rel=1e-13)
        assert found["delta"] == pytest.approx(float(exact.delta * bond), rel=1e-13)
        assert found["gamma"] == pytest.approx(float(exact.gamma * bond**2), rel=1e-12)
        assert found["vega"] == pytest.approx(float(exact.vega), rel=1e-12)
        assert found["theta"] == pytest.approx(
            float(bond * still.theta + r * exact.price), rel=1e-11
        )
        assert found["rho"] == pytest.approx(float(-years * exact.price), rel=1e-13)


@pytest.mark.parametrize("kind", ["call", "put"])
@pytest.mark.parametrize("on", ["spot", "forward"])
def test_a_digital_has_the_price_and_slopes_of_fifty_digits(
    kind: str, on: str, capsys: Capture
) -> None:
    """Oracle: the exact digital, and differences of it."""
    terms = {"strike": 1900.0, "vol": 0.7, "years": 0.2, "rate": 0.08}
    argv = ("--kind", kind, "--strike", "1900", "--vol", "0.7", "--days", "73", "--rate", "0.08")
    assert cli.main(["calc", "option", "--digital", f"--{on}", "2000", *argv, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == {"price", "delta", "vega"}
    with mpmath.workdps(50):
        bond = mpmath.exp(-mpmath.mpf(0.08) * mpmath.mpf(0.2)) if on == "forward" else 1

        def price(underlying: mpmath.mpf, vol: mpmath.mpf) -> mpmath.mpf:
            given = {**terms, "vol": vol, "spot": underlying * bond}
            return exact_greeks(is_call=kind == "call", **given).digital

        at, vol, h = mpmath.mpf(2000), mpmath.mpf(0.7), mpmath.mpf(10) ** -12
        slope = (price(at + h, vol) - price(at - h, vol)) / (2 * h)
        bend = (price(at, vol + h) - price(at, vol - h)) / (2 * h)
        assert found["price"] == pytest.approx(float(price(at, vol)), rel=1e-13)
        assert found["delta"] == pytest.approx(float(slope), rel=1e-11)
        assert found["vega"] == pytest.approx(float(bend), rel=1e-11)


@pytest.mark.parametrize("given", [(), ("--spot", "100", "--forward", "100")])
def test_either_a_spot_or_a_forward_is_given(given: tuple[str, ...], capsys: Capture) -> None:
    argv = ("--kind", "call", "--strike", "100", "--vol", "0.2", "--days", "3")
    assert cli.main(["calc", "option", *given, *argv]) == 2
    assert "give --spot or --forward" in capsys.readouterr().err


@pytest.mark.parametrize("extra", [("--forward", "0"), ("--forward", "1", "--rate", "1e9")])
def test_an_impossible_forward_is_one_line(extra: tuple[str, ...], capsys: Capture) -> None:
    argv = ("--kind", "call", "--strike", "100", "--vol", "0.2", "--days", "3", "--digital")
    assert cli.main(["calc", "option", *argv, *extra]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_table_says_what_the_figures_are_per(capsys: Capture) -> None:
    argv = ("--kind", "call", "--strike", "100", "--vol", "0.2", "--days", "3")
    assert cli.main(["calc", "option", "--forward", "100", *argv]) == 0
    assert "per 1 of the forward" in capsys.readouterr().out


def test_every_key_is_documented() -> None:
    page = DOCS.read_text(encoding="utf-8")
    assert all(f"| `{key}` |" in page for key in OPTION_LABELS)


def test_one_option_is_priced_without_arrays() -> None:
    """So that it answers at once: numba alone takes most of a second to import."""
    code = (
        "import sys; from bot import cli; cli.main(sys.argv[1:]); "
        "print(sorted({'numba', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *argv_of(), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    figures, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    assert math.isfinite(json.loads(figures)["price"])
