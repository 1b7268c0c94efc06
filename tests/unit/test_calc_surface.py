"""calc surface, and surfaces of chain files in run files and scenarios."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from scipy.stats import norm

from bot.cli import main
from bot.config import check_run, load_run
from bot.config.scenario_file import load_scenario, read_scenario
from bot.core.errors import MarketDataError, VenueTermsError
from bot.core.moving_surface import MovingSurface
from bot.core.record import read_body
from bot.core.smile_surface import SmileSurface
from bot.core.surface import MAJOR
from bot.core.surface_source import SurfaceSource
from bot.core.terms import venue_from_json, venue_to_json
from bot.edges.store import SqliteStore
from bot.wiring.surfaces import surface_of, venue_terms
from tests.builders.shared_data import shared_data

ROOT = Path(__file__).resolve().parents[2]
HEADER = "quote_time_utc,expiry_utc,strike,kind,bid_coin,ask_coin,mark_coin,forward,index\n"
MOMENT = "2026-02-03T00:00:00Z"
DAYS = ("2025-12-30", "2026-02-03")


def black(kind: str, strike: float, years: float, vol: float) -> float:
    """Black's formula on a forward of 2,000, as a share of it, with scipy's normal law."""
    stdev = vol * math.sqrt(years)
    d = math.log(2000.0 / strike) / stdev + stdev / 2.0
    call = float(norm.cdf(d) - strike / 2000.0 * norm.cdf(d - stdev))
    return call if kind == "call" else call - 1.0 + strike / 2000.0


def chain_text(*, times: tuple[str, ...] = (MOMENT,)) -> str:
    """Two expiries of flat 60 %, a point either way; coin prices."""
    rows = []
    for day, years in (("2026-03-05", 30 / 365), ("2026-05-04", 90 / 365)):
        for strike in range(1500, 2601, 100):
            kind = "call" if strike >= 2000 else "put"
            low, high = (black(kind, float(strike), years, vol) for vol in (0.59, 0.61))
            time = times[len(rows) % len(times)]
            rows.append(f"{time},{day}T00:00:00Z,{strike},{kind},{low},{high},{low},2000,2000\n")
    return HEADER + "".join(rows)


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    file = tmp_path / "chain.csv"
    file.write_text(chain_text(), "utf-8")
    return file


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main([*words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_flat_chain_is_met_and_has_the_margins_of_a_log_normal(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flat volatility: density over the log-normal one 1, variance three times from 30 to 90."""
    found = answer(capsys, "calc", "surface", "--chain", str(chain))
    assert found["quotes"] == 23
    assert found["error_mean"] == pytest.approx(0.0, abs=1e-4)
    assert found["inside"] == 1.0
    assert found["calm_vol"] == pytest.approx(0.6, abs=2e-4)
    near, far = found["expiries"]
    assert near["days"] == pytest.approx(30.0)
    assert near["calendar_margin"] == pytest.approx(2.0, rel=0.2)
    assert far["calendar_margin"] is None
    assert near["butterfly_margin"] == pytest.approx(1.0, abs=0.25)


def test_the_table_says_the_same_in_words(chain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calc", "surface", "--chain", str(chain), "--at", MOMENT]) == 0
    out = capsys.readouterr().out
    assert "23 quotes of 3 days or more" in out
    assert "100.0 % between bid and ask" in out


def test_a_chain_of_several_quote_times_needs_the_moment_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "chain.csv"
    file.write_text(chain_text(times=(MOMENT, "2026-02-03T00:00:01Z")), "utf-8")
    assert main(["calc", "surface", "--chain", str(file)]) != 0
    assert "2 quote times" in capsys.readouterr().err
    assert answer(capsys, "calc", "surface", "--chain", str(file), "--at", MOMENT)["quotes"] == 23
    assert main(["calc", "surface", "--chain", str(file), "--at", "noon"]) == 2
    assert "2026-02-03T04:29:35Z" in capsys.readouterr().err


def test_a_chain_without_a_quote_is_refused_by_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "chain.csv"
    file.write_text(HEADER + f"{MOMENT},2026-03-05T00:00:00Z,2000,call,,0.1,0.1,2000,2000\n")
    assert main(["calc", "surface", "--chain", str(file)]) != 0
    err = capsys.readouterr().err
    assert str(file) in err
    assert "no quotes" in err
    with pytest.raises(MarketDataError, match="no quotes"):
        surface_of(SurfaceSource(file=str(file)))


@pytest.mark.parametrize("day", DAYS)
def test_a_real_chain_is_told_within_the_bounds(
    day: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(shared_data(f"options/deribit_eth_chain_{day}.csv.gz"))
    found = answer(capsys, "calc", "surface", "--chain", file)
    assert found["error_mean"] < 0.0015
    assert found["inside"] >= 0.98
    assert all(row["butterfly_margin"] > 0.0 for row in found["expiries"])


RUN = """
[chain]
rpc_url = "http://127.0.0.1:1"
[position]
owner = "0x00000000000000000000000000000000000000aa"
pools = [{ address = "0x00000000000000000000000000000000000000bb" }]
[paper]
capital = { USDC = "1000" }
[rules]
file = "RULES"
"""


def run_file(folder: Path, venue: str) -> Path:
    file = folder / "run.toml"
    file.write_text(RUN.replace("RULES", str(ROOT / "rules" / "starter.toml")) + venue, "utf-8")
    return file


def test_a_run_file_names_a_chain_and_the_surface_moves(chain: Path) -> None:
    venue = '[venue.default]\nchain = "chain.csv"\n[venue.default.moving]\nbeta = 0.5\n'
    config = load_run([run_file(chain.parent, venue)], environ={})
    assert config.venue.source("A-B") == SurfaceSource(file=str(chain), knobs=(("beta", 0.5),))
    terms = venue_terms(config.venue, ["A-B"])
    surface = terms.pools["A-B"].surface
    assert isinstance(surface, MovingSurface)
    assert surface.beta == 0.5
    calm, storm = (
        surface.vol(forward=1.0, strike=1.0, years=0.05, realised_vol=vol) for vol in (0.6, 1.2)
    )
    assert calm == pytest.approx(0.6, abs=1e-3)
    assert storm > 0.75
    assert venue_from_json(json.loads(json.dumps(venue_to_json(terms)))) == terms


def test_a_pool_may_stand_still_or_keep_a_surface_of_its_own(chain: Path) -> None:
    venue = (
        '[venue.default]\nchain = "chain.csv"\n'
        '[venue.pools."A-B".moving]\non = false\n'
        '[venue.pools."C-D"]\npreset = "major"\n'
    )
    config = load_run([run_file(chain.parent, venue)], environ={})
    pools = venue_terms(config.venue, ["A-B", "C-D", "E-F"]).pools
    assert isinstance(pools["A-B"].surface, SmileSurface)
    assert pools["C-D"].surface == MAJOR
    assert isinstance(pools["E-F"].surface, MovingSurface)


@pytest.mark.parametrize(
    ("venue", "key", "problem"),
    [
        ('[venue.default]\nchain = "nowhere.csv"', "venue.default.chain", "is no file"),
        ('[venue.default]\nchian = "chain.csv"', "venue.default.chian", "did you mean `chain`"),
        (
            '[venue.default]\nchain = "chain.csv"\nsurface.skew = -0.1',
            "venue.default.chain",
            "surface.skew say two surfaces",
        ),
        ("[venue.default.moving]\nbeta = 0.5", "venue.default.moving.beta", "add chain"),
        (
            '[venue.default]\nchain = "chain.csv"\nmoving.betta = 1',
            "venue.default.moving.betta",
            "did you mean `beta`",
        ),
        (
            '[venue.default]\nchain = "chain.csv"\nmoving.beta = 2',
            "venue.default.moving.beta",
            "out of range",
        ),
    ],
)
def test_a_mistake_about_a_surface_is_told_with_its_cure(
    venue: str, key: str, problem: str, chain: Path
) -> None:
    (found,) = check_run([run_file(chain.parent, venue + "\n")], environ={})
    assert key in str(found)
    assert problem in found.line


def test_knobs_that_do_not_go_together_are_refused_where_the_surface_is_made(chain: Path) -> None:
    source = SurfaceSource(file=str(chain), knobs=(("decay_days", 50.0),))
    with pytest.raises(VenueTermsError, match="slow_days"):
        surface_of(source)


def test_a_run_without_a_chain_loads_no_arrays(tmp_path: Path) -> None:
    code = (
        "import sys; from bot.config import load_run; from bot.wiring.surfaces import venue_terms;"
        f"venue_terms(load_run([{str(run_file(tmp_path, ''))!r}], environ={{}}).venue, ['A-B']);"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert not set(process.stdout.split()) & {"numpy", "scipy", "pyarrow", "numba"}


def test_a_scenario_quotes_from_a_chain_and_its_book_is_replayed_without_the_file(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The opening's terms carry the whole surface; every tick is decided again to the byte."""
    text = (ROOT / "scenarios" / "crash.toml").read_text("utf-8")
    head, pool, rest = text.partition("[[pool]]\n")
    file, book = chain.parent / "chained.toml", chain.parent / "book.sqlite"
    file.write_text(f'{head}{pool}chain = "chain.csv"\nmoving = {{ beta = 0.7 }}\n{rest}', "utf-8")
    assert main(["replay", str(file), "--book", str(book), "--json"]) == 0
    with SqliteStore(book, create=False, readonly=True) as store:
        opening = read_body(next(iter(store.rows())).body)
    name = load_scenario(str(file)).pools[0].name
    surface = venue_from_json(opening["terms"]["venue"]).pools[name].surface
    assert surface == surface_of(SurfaceSource(file=str(chain), knobs=(("beta", 0.7),)))
    chain.unlink()
    surface_of.cache_clear()
    assert main(["journal", "verify", "--book", str(book)]) == 0
    capsys.readouterr()


def test_a_scenario_whose_chain_is_no_file_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "scenarios" / "calm.toml").read_text("utf-8")
    file = tmp_path / "broken.toml"
    file.write_text(text.replace("[[pool]]\n", '[[pool]]\nchain = "nowhere.csv"\n', 1), "utf-8")
    scenario, problems = read_scenario(file)
    assert scenario is None
    assert "is no file" in str(problems[0])
