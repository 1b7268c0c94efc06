"""The exports, judged by the programs they are for: bean-check, a CSV reader, pyarrow."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bot.core import accounts
from bot.core.errors import ConfigError, ExportRangeError
from bot.core.ledger import Entry
from bot.report.ledger_export import (
    COLUMNS,
    account_name,
    commodity,
    export_beancount,
    export_csv,
)
from bot.report.ledger_parquet import export_parquet
from bot.report.ledger_view import balance_lines, decimals_of, entry_lines
from tests.builders.book import DECIMALS, POOL, PUT, capital, chain_of, draft, whole_life

BEAN_CHECK = Path(sys.executable).with_name("bean-check")


def bean_check(lines: Iterable[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the real checker on a file of these lines."""
    file = folder / "ledger.beancount"
    file.write_text("\n".join(lines) + "\n")
    return subprocess.run(
        [BEAN_CHECK, "--no-cache", file], capture_output=True, text=True, check=False
    )


def cash(atoms: int, *, currency: str = "USDC", cause: str = "start") -> tuple[Entry, ...]:
    """One entry of capital in cash."""
    return chain_of(draft("open", cause, (accounts.CASH, accounts.CAPITAL, currency, atoms)))


def test_a_whole_life_passes_bean_check(tmp_path: Path) -> None:
    lines = list(export_beancount(whole_life(), decimals=DECIMALS))
    result = bean_check(lines, tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"  Assets:Hedge:{POOL}  1.000000000000000000 {PUT}" in lines
    assert "2026-09-22 balance Assets:Cash  10128.700000 ~ 0 USDC" in lines


@pytest.mark.parametrize(
    ("whole", "broken"),
    [
        # one atom of 18 decimals in a posting: below Beancount's usual tolerances
        (
            f"Assets:Pool:{POOL}  30.000000000000000000",
            f"Assets:Pool:{POOL}  30.000000000000000001",
        ),
        ("Assets:Cash  -20.500000", "Assets:Cash  -20.500001"),
        # the closing assertion, by one atom
        ("balance Assets:Cash  10128.700000", "balance Assets:Cash  10128.700001"),
        ("1970-01-01 open Assets:Cash", "2999-01-01 open Assets:Cash"),
    ],
)
def test_bean_check_finds_one_wrong_atom(tmp_path: Path, whole: str, broken: str) -> None:
    text = "\n".join(export_beancount(whole_life(), decimals=DECIMALS))
    assert whole in text
    assert bean_check([text.replace(whole, broken, 1)], tmp_path).returncode != 0


@pytest.mark.parametrize("decimals", [0, 1, 6, 18, 27, 36])
def test_the_largest_amount_that_beancount_keeps_exactly_passes_and_one_more_is_refused(
    tmp_path: Path, decimals: int
) -> None:
    largest = 10**28 - 1
    scales = {"BIG": decimals}
    lines = list(export_beancount(cash(largest, currency="BIG"), decimals=scales))
    assert bean_check(lines, tmp_path).returncode == 0
    with pytest.raises(ExportRangeError, match="28 digits"):
        list(export_beancount(cash(largest + 1, currency="BIG"), decimals=scales))


@pytest.mark.parametrize(
    "currency", ["1INCH", "USDC.E", "stETH", "a b", "$", "A", "ÉTOILE", "A_B-"]
)
def test_any_token_symbol_becomes_a_commodity_that_beancount_accepts(
    tmp_path: Path, currency: str
) -> None:
    lines = export_beancount(cash(5, currency=currency), decimals={currency: 2})
    result = bean_check(lines, tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("layer", ["guard", "deep_wing", "2nd", "Guard", "a", "äußere", "x-y"])
def test_any_layer_name_becomes_an_account_that_beancount_accepts(
    tmp_path: Path, layer: str
) -> None:
    fee = accounts.venue_fees_account(pool=POOL, layer=layer)
    entries = chain_of(capital(), draft("hedge_open", "order", (fee, accounts.CASH, "USDC", 1)))
    result = bean_check(export_beancount(entries, decimals=DECIMALS), tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


def test_different_names_stay_different() -> None:
    layers = ["guard", "Guard", "GUARD", "gUARD", "deep_wing", "deep-wing", "deepwing", "a", "A"]
    layers.append(account_name("Income:Payoff:P:deep_wing").split(":")[-1])
    names = {account_name(f"Income:Payoff:P:{layer}") for layer in layers}
    assert len(names) == len(layers)
    symbols = ["1INCH", "INCH", "X1INCH", "1inch", "A B", "AB", "A_B", commodity("1INCH")]
    assert len({commodity(symbol) for symbol in symbols}) == len(symbols)


def test_quotes_and_line_breaks_in_a_memo_do_not_break_the_file(tmp_path: Path) -> None:
    entries = chain_of(
        draft("open", 'say "x"\n2020-01-01 open \\', (accounts.CASH, accounts.CAPITAL, "USDC", 1))
    )
    assert bean_check(export_beancount(entries, decimals=DECIMALS), tmp_path).returncode == 0


def test_an_empty_ledger_is_a_valid_file(tmp_path: Path) -> None:
    assert bean_check(export_beancount((), decimals={}), tmp_path).returncode == 0


def test_csv_and_parquet_hold_every_posting_exactly(tmp_path: Path) -> None:
    postings = [
        (entry.seq, posting.account, posting.currency, str(posting.atoms))
        for entry in whole_life()
        for posting in entry.postings
    ]
    table = list(csv.DictReader(export_csv(whole_life(), decimals=DECIMALS)))
    assert tuple(table[0]) == COLUMNS
    found = [(int(r["seq"]), r["account"], r["currency"], r["atoms"]) for r in table]
    assert found == postings

    file = tmp_path / "ledger.parquet"
    assert export_parquet(whole_life(), file, decimals=DECIMALS) == len(postings)
    rows = pq.read_table(file).to_pylist()
    assert [(r["seq"], r["account"], r["currency"], r["atoms"]) for r in rows] == postings
    for text, typed in zip(table, rows, strict=True):
        assert Decimal(text["amount"]) == typed["amount"]
        assert typed["amount"] * 10 ** decimals_of(typed["currency"], DECIMALS) == int(
            typed["atoms"]
        )


def test_parquet_keeps_amounts_that_beancount_cannot(tmp_path: Path) -> None:
    """uint112, the largest reserve of a pair, at the most decimals there may be."""
    atoms = 2**112 - 1
    file = tmp_path / "ledger.parquet"
    for decimals in (0, 36):
        export_parquet(cash(atoms, currency="BIG"), file, decimals={"BIG": decimals})
        row = pq.read_table(file).to_pylist()[0]
        assert f"{row['amount']:f}".replace(".", "").strip("0") == str(atoms).strip("0")


def test_the_view_shows_balances_and_entries_in_whole_tokens() -> None:
    balances = {(accounts.CASH, "USDC"): 1_500_000, (accounts.MARGIN, "USDC"): 0}
    (line,) = balance_lines(balances, decimals=DECIMALS)
    assert line.to_json() == {
        "account": "Assets:Cash",
        "currency": "USDC",
        "atoms": "1500000",
        "amount": "1.500000",
    }
    assert len(balance_lines(balances, decimals=DECIMALS, with_zeros=True)) == 2
    entry = entry_lines(whole_life()[4:5], decimals=DECIMALS)[0]
    assert (entry.seq, entry.kind, entry.time) == (5, "hedge_open", "2026-09-21T14:14:08Z")
    assert entry.postings[0].currency == PUT
    assert entry.postings[0].amount == 1


def test_a_currency_of_unknown_decimals_is_refused_not_guessed() -> None:
    with pytest.raises(ConfigError, match="DOGE"):
        decimals_of("DOGE", DECIMALS)
    with pytest.raises(ConfigError):
        decimals_of("DOGE-USDC-20261225-1800-P", DECIMALS)


def test_a_contract_counts_in_its_base_token_even_when_symbols_have_dashes() -> None:
    scales = {"A": 1, "A-B": 2, "USDC": 6}
    assert decimals_of("A-B-USDC-20261225-1800-P", scales) == 2
    assert decimals_of("A-USDC-20261225-1800-C", scales) == 1
