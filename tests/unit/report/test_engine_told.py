"""A book with a second engine as people and other programs see it: apart, and adding up."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bot.core.conditions import Comparison
from bot.core.rules import Engine
from bot.core.sleeves import Sleeve
from bot.report.figures import contracts
from bot.report.ledger_export import export_beancount
from bot.report.ledger_view import balance_lines, decimals_of
from bot.report.page import report_page
from bot.report.reading import Story, read_story
from bot.report.screen import Frame, picture
from bot.report.standing import standings
from bot.report.summary import summarise
from bot.report.waiting import conditions_of
from tests.builders.ladders import Ladder
from tests.builders.runs import POOL, layer
from tests.builders.vols import engine_layer

DOWN = {
    "arm": Comparison(metric="move_bps", below=-200.0),
    "disarm": Comparison(metric="move_bps", above=-50.0),
}


@pytest.fixture(scope="module")
def played() -> Ladder:
    """A put of the core and a call spread, a future and the token of the engine; one is sold."""
    ladder = Ladder(
        layer("put", **DOWN),
        engine_layer("calls", instrument="vol_call_spread", offsets_bps=(0, 3_000)),
        engine_layer("future", disarm=Comparison(metric="move_bps", above=9_000.0)),
        engine_layer("token", instrument="vol_token"),
        cash=10**11,
        engine=Engine(capital_bps=2_000),
    )
    ladder.walk((1, 1_900), (24, 1_850))
    ladder.step(1, 1_850)
    return ladder


@pytest.fixture(scope="module")
def story(played: Ladder) -> Story:
    found = read_story(played.journal.rows())
    assert found is not None
    return found


def test_the_engines_money_and_result_are_the_ledgers(played: Ladder, story: Story) -> None:
    """Oracle: balances of the ledger; premium, spread, fees and payoff by layer."""
    balances, last = played.journal.balances(), story.last
    assert last is not None
    assert last.engine.cash["USDC"] == balances["Assets:EngineCash", "USDC"]
    assert last.engine.margin["USDC"] == balances["Assets:EngineMargin", "USDC"]
    assert last.money.cash["USDC"] == balances["Assets:Cash", "USDC"]
    assert story.head.engine_bps == 2_000
    *_, stands = standings(story.ticks)
    standing = stands[POOL]
    for money, names in (
        (standing.hedge, ("put",)), (standing.engine, ("calls", "future", "token")),
    ):  # fmt: skip
        for kind, atoms in (
            ("Expenses:Premium", money.premium_atoms),
            ("Expenses:Spread", money.spread_atoms),
            ("Expenses:VenueFees", money.fees_atoms),
        ):
            assert atoms == sum(
                balances.get((f"{kind}:{POOL}:{name}", "USDC"), 0) for name in names
            )
    given = 10**11 // 5
    spent = given - last.engine.cash["USDC"] - last.engine.margin["USDC"]
    assert standing.engine.cash_atoms == -spent
    assert (standing.hedge.open_count, standing.engine.open_count) == (1, 3)
    assert standing.hedged_vs_hold_atoms == (
        standing.lp_vs_hold_atoms + standing.hedge.pnl_atoms + standing.engine.pnl_atoms
    )


def test_the_summary_for_machines_has_the_engine_beside_the_core(story: Story) -> None:
    pool = summarise(story).to_json()["pools"][POOL]  # type: ignore[index,call-overload]
    assert pool["engine"]["open_hedges"] == 3  # type: ignore[index,call-overload]
    assert pool["open_hedges"] == 1  # type: ignore[index,call-overload]


def test_the_screen_and_the_page_show_the_engine_apart(played: Ladder, story: Story) -> None:
    assert story.last is not None
    *_, stands = standings(story.ticks)
    frame = Frame(
        title="t", head=story.head, tick=story.last, standing=stands,
        conditions=conditions_of(story.head.terms), events=(), ticks_total=None, ticks_done=3,
    )  # fmt: skip
    console = Console(width=120, record=True, file=StringIO())
    console.print(picture(frame, pools_max=1))
    shown = console.export_text()
    assert "engine cash " in shown
    assert "  engine " in shown
    page = report_page(played.journal)  # type: ignore[arg-type]
    for words in ("Second engine", "second engine together", "future (engine)", "never"):
        assert words in page


def test_quantities_of_index_contracts_are_told_in_contracts(story: Story) -> None:
    assert story.last is not None
    by_layer = {hedge.layer: hedge for hedge in story.last.hedges}
    token = by_layer["token"]
    assert token.sleeve is Sleeve.ENGINE
    size = token.legs[0].quantity_atoms
    assert contracts(token.legs, base_decimals=18) == f"+{size / 1e6:g} WETH-USDC-VT"


@pytest.mark.parametrize(
    ("code", "decimals"),
    [
        ("WETH-USDC-20261225-65-VF", 6), ("WETH-USDC-20261225-67.5-VC", 6), ("WETH-USDC-VT", 6),
        ("WETH-USDC-20261225-1800-F", 18), ("WETH-USDC-20261225-1800-P", 18),
    ],
)  # fmt: skip
def test_the_ledger_counts_index_contracts_in_millionths(code: str, decimals: int) -> None:
    assert decimals_of(code, {"WETH": 18, "USDC": 6}) == decimals


def test_bean_check_passes_a_book_with_an_engine(
    played: Ladder, story: Story, tmp_path: Path
) -> None:
    assert balance_lines(played.journal.balances(), decimals=story.head.decimals)
    file = tmp_path / "ledger.beancount"
    lines = export_beancount(played.journal.entries(), decimals=story.head.decimals)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("bean-check"), "--no-cache", file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
