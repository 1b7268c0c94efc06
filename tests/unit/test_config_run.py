"""Run files, environment and .env: who wins, what is refused, and that no secret is ever shown."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from bot.config import Secret, check_run, load_run, show_run
from bot.config.secret import url_shown
from bot.core.errors import ConfigError
from bot.core.listing import ListingTerms
from bot.core.quotes import VOL_TOKEN_POOL, PoolTerms
from bot.core.surface import CORRELATED, SurfaceTerms
from bot.core.terms import venue_from_json, venue_to_json
from bot.core.vol_terms import VolTerms

CHECKOUT = Path(__file__).resolve().parents[2]
OWNER, PAIR, OTHER_PAIR = ("0x" + digit * 40 for digit in "12a")
KEY = "k3y-that-nobody-may-see"

RULES = """
[strategy]
name = "unhedged"
"""
CHAIN = '[chain]\nrpc_url = "http://127.0.0.1:8545"\n'
REST = f"""
[position]
owner = "{OWNER}"
pools = [{{ address = "{PAIR}" }}]
[paper]
capital = {{ USDC = "50000.000001" }}
[rules]
file = "rules.toml"
"""
RUN = CHAIN + REST


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder holds no .env, and relative paths must not start from it."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))


def written(folder: Path, text: str, *, name: str = "run.toml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def lines(folder: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    return [error.line for error in check_run([written(folder, text)], environ or {})]


def test_the_shipped_example_is_a_valid_run() -> None:
    example = CHECKOUT / "layerhedge.example.toml"
    assert check_run([example], {}) == ()
    assert load_run([example], {}).rules.name == "starter"


def test_a_short_run_file_is_filled_with_the_defaults_that_the_docs_tell(tmp_path: Path) -> None:
    run = load_run([written(tmp_path, RUN)], {})
    assert run.chain.rpc_url.reveal() == "http://127.0.0.1:8545"
    assert (run.chain.timeout_s, run.chain.poll_ms, run.chain.chain_id) == (10.0, 500, None)
    assert run.position.pools[0].hedged
    assert run.capital == {"USDC": Decimal("50000.000001")}
    assert run.scheduler.every_s is None
    assert run.venue.default == PoolTerms()


def test_paths_start_from_the_folder_of_the_file_that_names_them(tmp_path: Path) -> None:
    run = load_run([written(tmp_path, RUN)], {})
    assert run.rules_file == tmp_path / "rules.toml"
    assert run.book == tmp_path / "layerhedge.sqlite"
    over = written(tmp_path / "over", '[book]\npath = "b.sqlite"\n', name="over.toml")
    assert load_run([tmp_path / "run.toml", over], {}).book == tmp_path / "over" / "b.sqlite"
    from_variable = {"LAYERHEDGE__BOOK__PATH": "v.sqlite"}
    assert load_run([tmp_path / "run.toml"], from_variable).book == Path.cwd() / "v.sqlite"


def test_later_files_win_key_by_key(tmp_path: Path) -> None:
    first = written(tmp_path, RUN + "[scheduler]\nevery = 15\nheartbeat_s = 30\n")
    later = written(
        tmp_path, '[scheduler]\nevery = "block"\n[paper]\ncapital = {DAI = 7}\n', name="later.toml"
    )
    run = load_run([first, later], {})
    assert (run.scheduler.every_s, run.scheduler.heartbeat_s) == (None, 30.0)
    assert run.capital == {"USDC": Decimal("50000.000001"), "DAI": Decimal(7)}
    sources = {setting.key: setting.source for setting in show_run([first, later], {})}
    assert sources["scheduler.every"] == str(later)
    assert sources["scheduler.heartbeat_s"] == str(first)
    assert sources["paper.capital"] == f"{first}, {later}"
    assert sources["chain.poll_ms"] == "default"


def test_what_is_shown_names_the_rules_obeyed(tmp_path: Path) -> None:
    path = written(tmp_path, RUN)
    shown = {setting.key: setting for setting in show_run([path], {})}
    assert shown["rules.hash"].value == load_run([path], {}).rules.hash
    assert shown["rules.layers"].value == []
    assert shown["rules.name"].source == str(tmp_path / "rules.toml")


def test_variables_win_over_files_by_section_and_key(tmp_path: Path) -> None:
    environ = {
        "LAYERHEDGE__CHAIN__TIMEOUT_S": "2.5",
        "LAYERHEDGE__SCHEDULER__EVERY": "30",
        "LAYERHEDGE__POSITION__OWNER": "0x" + "9" * 40,  # TOML would read a number
        "LAYERHEDGE__POSITION__POOLS": f'[{{address = "{OTHER_PAIR}", hedged = false}}]',
        "LAYERHEDGE__PAPER__CAPITAL__DAI": "0.1",
        "LAYERHEDGE__VENUE__DEFAULT__SURFACE__ATM_VOL": "0.9",
    }
    path = written(tmp_path, RUN)
    run = load_run([path], environ)
    assert run.chain.timeout_s == 2.5
    assert run.scheduler.every_s == 30.0
    assert run.position.owner == "0x" + "9" * 40
    assert [pool.address for pool in run.position.pools] == [OTHER_PAIR]
    assert run.capital["DAI"] == Decimal("0.1")
    assert run.venue.default.surface == SurfaceTerms(atm_vol=0.9)
    sources = {setting.key: setting.source for setting in show_run([path], environ)}
    assert sources["chain.timeout_s"] == "environment variable LAYERHEDGE__CHAIN__TIMEOUT_S"


def test_dotenv_files_stand_behind_the_variables_that_are_set(tmp_path: Path) -> None:
    path = written(tmp_path, RUN)
    (tmp_path / ".env").write_text(
        "LAYERHEDGE__CHAIN__POLL_MS=111\nLAYERHEDGE__CHAIN__CHAIN_ID=5\n", encoding="utf-8"
    )
    Path(".env").write_text("LAYERHEDGE__CHAIN__CHAIN_ID=7\nLAYERHEDGE__CHAIN__TIMEOUT_S=3\n")
    chain = load_run([path], {"LAYERHEDGE__CHAIN__POLL_MS": "222"}).chain
    assert (chain.poll_ms, chain.chain_id, chain.timeout_s) == (222, 5, 3.0)


def test_an_unreadable_dotenv_file_is_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, RUN)
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe\n")
    assert any(".env: file: cannot be read" in error.line for error in check_run([path], {}))


def test_the_nodes_address_comes_from_file_or_variable(tmp_path: Path) -> None:
    template = RUN.replace("http://127.0.0.1:8545", "https://rpc.example/v2/${RPC_KEY}?a=${B}")
    path = written(tmp_path, template)
    url = load_run([path], {"RPC_KEY": KEY, "B": "b"}).chain.rpc_url
    assert url.reveal() == f"https://rpc.example/v2/{KEY}?a=b"
    url = load_run([path], {"LAYERHEDGE_RPC_URL": f"wss{KEY}.ipc"}).chain.rpc_url
    assert url.reveal() == f"wss{KEY}.ipc"


def test_a_missing_variable_is_named(tmp_path: Path) -> None:
    text = RUN.replace("http://127.0.0.1:8545", "https://rpc.example/${RPC_KEY}")
    assert lines(tmp_path, text) == [
        f"{tmp_path / 'run.toml'}: chain.rpc_url: the environment variable RPC_KEY is not set; "
        "set RPC_KEY, or put it into .env"
    ]
    assert lines(tmp_path, text, {"RPC_KEY": ""}) == lines(tmp_path, text)


SECRET_PLACES = {
    "the node's address": {"LAYERHEDGE_RPC_URL": f"https://rpc.example/{KEY}"},
    "a node's address that is none": {"LAYERHEDGE_RPC_URL": KEY},
    "a part of the address": {"RPC_KEY": KEY},
    "the wrong variable": {"LAYERHEDGE__POSITION__OWNER": KEY, "RPC_KEY": "x"},
    "a number's variable": {"LAYERHEDGE__CHAIN__POLL_MS": KEY, "RPC_KEY": "x"},
    "a rhythm's variable": {"LAYERHEDGE__SCHEDULER__EVERY": KEY, "RPC_KEY": "x"},
    "a list's variable": {"LAYERHEDGE__POSITION__POOLS": f'["{KEY}"]', "RPC_KEY": "x"},
    "a table's variable": {"LAYERHEDGE__CHAIN": f'"{KEY}"', "RPC_KEY": "x"},
    "a venue's variable": {"LAYERHEDGE__VENUE__DEFAULT__PRESET": KEY, "RPC_KEY": "x"},
}


@pytest.mark.parametrize("where", SECRET_PLACES)
def test_a_secret_in_the_environment_is_never_shown(where: str, tmp_path: Path) -> None:
    path = written(
        tmp_path, RUN.replace("http://127.0.0.1:8545", "https://u:${RPC_KEY}@h.example/${RPC_KEY}")
    )
    environ = SECRET_PLACES[where]
    errors = check_run([path], environ)
    told = [text for error in errors for text in (str(error), error.line, repr(error.operands))]
    if not errors:
        run = load_run([path], environ)
        assert KEY in run.chain.rpc_url.reveal()
        told += [str(run), repr(run), f"{run.chain.rpc_url}", repr(dataclasses.asdict(run.chain))]
        told += [repr(copy.deepcopy(run.chain)), repr(show_run([path], environ))]
    assert told
    assert not [text for text in told if KEY in text]


def test_a_secret_cannot_be_written_by_pickle() -> None:
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(Secret(KEY, shown="..."))


def test_an_address_in_a_file_is_shown_without_its_key() -> None:
    assert url_shown(f"https://u:{KEY}@rpc.example:8545/{KEY}?k={KEY}#{KEY}") == (
        "https://rpc.example:8545/..."
    )
    assert url_shown("http://127.0.0.1:8545") == "http://127.0.0.1:8545"
    assert url_shown(f"https://rpc.example?k={KEY}") == "https://rpc.example/..."


REFUSALS = {
    "an unknown key": (RUN + "[schedular]\n", "schedular: is not a known key; did you mean"),
    "a missing table": (CHAIN, "position.owner: is missing; add it"),
    "no capital": (RUN.replace('USDC = "50000.000001"', ""), "paper.capital: is empty"),
    "negative capital": (
        RUN.replace('"50000.000001"', "-5"),
        "paper.capital.USDC: -5 is out of range",
    ),
    "capital in words": (RUN.replace('"50000.000001"', '"much"'), "'much' is no number"),
    "no pool": (RUN.replace(f'{{ address = "{PAIR}" }}', ""), "position.pools: has 0 entries"),
    "an address that is none": (
        RUN.replace(PAIR, "0x12"),
        "position.pools[1].address: '0x12' does not fit; write an address: 0x and 40 hex digits",
    ),
    "a pair twice": (
        RUN.replace("pools = [", f'pools = [{{ address = "{PAIR}" }}, '),
        "position.pools[2].address: is that of pools[1] too",
    ),
    "an owner that is no address": (RUN.replace(OWNER, "me"), "position.owner: 'me' does not fit"),
    "a rhythm that is none": (RUN + '[scheduler]\nevery = "blok"\n', "scheduler.every: 'blok' is"),
    "ticks too fast": (RUN + "[scheduler]\nevery = 0\n", "scheduler.every: 0 is out of range"),
    "a node by a strange scheme": (
        RUN.replace("http://", "ftp://"),
        "chain.rpc_url: is no address of a node",
    ),
    "a variable where none is taken": (
        RUN + '[book]\npath = "${HOME}/book"\n',
        "book.path: '${HOME}/book' names a variable; only chain.rpc_url takes ${NAME}",
    ),
    "an unknown preset": (
        RUN + '[venue.default]\npreset = "corelated"\n',
        "venue.default.preset: 'corelated' is not known; did you mean `correlated`?",
    ),
    "a surface whose wing falls": (
        RUN + '[venue.pools."WETH-USDC".surface]\nskew = -0.5\n',
        "venue.pools.WETH-USDC.surface.skew: -0.5 is refused: a wing would fall",
    ),
    "fees below zero": (RUN + "[venue.fees]\ntrade_ppm = -1\n", "venue.fees.trade_ppm: -1 is out"),
    "margin above all": (
        RUN + "[venue.margin]\nfloor_bps = 10001\n",
        "venue.margin.floor_bps: 10001 is refused: not within 0 to 10000",
    ),
    "a rule file that is missing": (
        RUN.replace("rules.toml", "none.toml"),
        "none.toml: file: cannot be read: No such file",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_run_is_refused_for(case: str, tmp_path: Path) -> None:
    text, words = REFUSALS[case]
    found = lines(tmp_path, text)
    assert any(words in line for line in found), found
    assert all("\n" not in line for line in found)
    with pytest.raises(ConfigError):
        load_run([tmp_path / "run.toml"], {})


def test_problems_of_the_run_and_of_its_rules_are_told_together(tmp_path: Path) -> None:
    path = written(tmp_path, RUN.replace(OWNER, "me"))
    (tmp_path / "rules.toml").write_text("[strategy]\nname = 'Not One'\n", encoding="utf-8")
    keys = [error.operands["key"] for error in check_run([path], {})]
    assert keys == ["position.owner", "strategy.name"]


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("LAYERHEDGE__CHAIN__TIMEOUT", "is no key; did you mean `CHAIN__TIMEOUT_S`?"),
        ("LAYERHEDGE__CHAIN__POLL_MS__X", "goes deeper than its key; stop at CHAIN__POLL_MS"),
    ],
)
def test_a_variable_that_sets_no_key_is_refused(variable: str, words: str, tmp_path: Path) -> None:
    assert lines(tmp_path, RUN, {variable: "1"}) == [
        f"environment variable {variable}: {variable}: {words}"
    ]


def test_what_a_variables_table_lacks_is_the_files_fault(tmp_path: Path) -> None:
    path = written(tmp_path, REST)
    errors = check_run([path], {"LAYERHEDGE__CHAIN__POLL_MS": "100"})
    assert [error.operands["file"] for error in errors] == [str(path)]


def test_a_pool_of_a_volatility_token_is_quoted_by_its_own_surface_and_spread(
    tmp_path: Path,
) -> None:
    text = RUN + (
        "[venue.default.spread]\nhalf_share = 0.02\n"
        '[venue.pools."STETH-WETH"]\npreset = "vol_token"\n'
    )
    terms = load_run([written(tmp_path, text)], {}).venue.terms(["WETH-USDC", "STETH-WETH"])
    assert terms.pools["STETH-WETH"] == VOL_TOKEN_POOL
    assert terms.pools["WETH-USDC"].spread.half_share == 0.02


def test_each_pool_is_quoted_by_preset_default_and_its_own_knobs(tmp_path: Path) -> None:
    text = RUN + (
        "[venue.default.listing]\nlot_micro = 5\n"
        '[venue.pools."STETH-WETH"]\npreset = "correlated"\nquantity_max_base = 9\n'
    )
    venue = load_run([written(tmp_path, text)], {}).venue
    terms = venue.terms(["WETH-USDC", "STETH-WETH"])
    assert terms.pools["WETH-USDC"] == PoolTerms(listing=ListingTerms(lot_micro=5))
    assert terms.pools["STETH-WETH"] == PoolTerms(
        surface=CORRELATED,
        listing=ListingTerms(strike_step_bps=25, price_tick_ppm=10, lot_micro=5),
        vol=VolTerms(strike_step_milli=250, price_tick_milli=1),
        quantity_max_base=9,
    )
    assert venue_from_json(json.loads(json.dumps(venue_to_json(terms)))) == terms
    with pytest.raises(ConfigError, match=r"venue.pools.STETH-WETH: is the name of no watched"):
        venue.terms(["WETH-USDC"])


def test_reading_a_configuration_loads_no_heavy_library(tmp_path: Path) -> None:
    """In a process of its own: this one has loaded them all."""
    heavy = ("pydantic", "web3", "pandas", "numpy", "scipy", "dotenv", "apscheduler", "rich")
    program = (
        "import sys; from bot.config import load_run; load_run([sys.argv[1]], {});"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    path = written(tmp_path, RUN)
    environ = {"PYTHONPATH": str(CHECKOUT), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
