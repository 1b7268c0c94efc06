"""The ledger's laws: balance, chain, chart of accounts, and what no book may ever say."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from bot.core import accounts
from bot.core.accounts import CHART, Root, account_root
from bot.core.errors import (
    AccountUnknownError,
    BookCorruptError,
    LedgerInvariantError,
    LedgerUnbalancedError,
)
from bot.core.ledger import (
    Draft,
    Entry,
    LedgerHead,
    Posting,
    check_chain,
    check_entry,
    reversal,
    seal_of,
)
from tests.builders.book import (
    LAYER,
    POOL,
    PUT,
    capital,
    chain_of,
    deposit,
    draft,
    hedge_open,
    hedge_settle,
    whole_life,
)


def test_a_whole_life_gives_the_balances_worked_out_by_hand() -> None:
    """10,000 capital - 21.3 for the put + 150 payoff; the reversed purchase leaves nothing."""
    summary = check_chain(whole_life())
    assert summary.balances[accounts.CASH, "USDC"] == 10_128_700_000
    assert summary.balances[accounts.pool_account(POOL), "WETH"] == 30_000000000000000000
    assert summary.balances[accounts.hedge_account(POOL), PUT] == 0
    assert summary.balances[accounts.payoff_account(pool=POOL, layer=LAYER), "USDC"] == -150_000_000
    assert summary.trial == {"USDC": 0, "WETH": 0, PUT: 0}
    assert summary.kinds == {
        "open": 1,
        "deposit": 1,
        "hedge_open": 2,
        "reversal": 1,
        "hedge_settle": 1,
    }
    assert summary.head == LedgerHead(seq=6, hash=whole_life()[-1].hash)


def test_an_entry_is_sealed_by_the_sha256_of_its_sorted_json() -> None:
    """Oracle: json and hashlib used directly, the recipe of docs/ledger.md."""
    entry = chain_of(capital())[0]
    content = dict(entry.to_json())  # type: ignore[arg-type]
    sealed = content.pop("hash")
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == sealed == entry.hash
    assert content["prev_hash"] == "0" * 64


def test_an_entry_survives_its_json() -> None:
    for entry in whole_life():
        assert Entry.from_json(json.loads(json.dumps(entry.to_json()))) == entry


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 9},
        {"tick": 9},
        {"time_s": 9},
        {"block_number": 9},
        {"block_hash": "0x9"},
        {"kind": "mark"},
        {"cause": "other"},
        {"memo": "other"},
        {"prev_hash": "9" * 64},
        {"hash": "9" * 64},
        {"postings": capital(atoms=1).postings},
    ],
)
def test_no_field_of_an_entry_can_be_changed_unseen(change: dict[str, object]) -> None:
    entries = list(whole_life())
    entries[2] = replace(entries[2], **change)  # type: ignore[arg-type]
    with pytest.raises(BookCorruptError):
        check_chain(entries)


def test_a_resealed_change_breaks_the_chain_at_the_next_entry() -> None:
    entries = list(whole_life())
    forged = replace(entries[1], memo="nothing to see here")
    entries[1] = replace(forged, hash=seal_of(forged))
    with pytest.raises(BookCorruptError, match="row 3 "):
        check_chain(entries)


def test_a_missing_a_repeated_and_a_swapped_entry_break_the_chain() -> None:
    one, two, three, *_ = whole_life()
    for entries in ([one, three], [one, one, two], [two, one], [two]):
        with pytest.raises(BookCorruptError):
            check_chain(entries)


def test_an_unbalanced_draft_cannot_be_built_and_an_unbalanced_entry_is_not_read() -> None:
    lopsided = (Posting(account=accounts.CASH, currency="USDC", atoms=1),)
    with pytest.raises(LedgerUnbalancedError, match="'USDC': 1"):
        Draft(kind="open", cause="x", memo="", postings=lopsided)
    forged = replace(chain_of(capital())[0], postings=lopsided)
    forged = replace(forged, hash=seal_of(forged))
    with pytest.raises(LedgerUnbalancedError):
        check_entry(forged, head=LedgerHead(), file="book")


def test_currencies_balance_one_by_one_not_together() -> None:
    with pytest.raises(LedgerUnbalancedError):
        Draft(
            kind="open",
            cause="x",
            memo="",
            postings=(
                Posting(account=accounts.CASH, currency="USDC", atoms=1),
                Posting(account=accounts.CAPITAL, currency="DAI", atoms=-1),
            ),
        )


@pytest.mark.parametrize("account", [accounts.CASH, accounts.MARGIN])
def test_cash_and_margin_never_go_below_zero_not_even_in_between(account: str) -> None:
    debt = chain_of(
        draft("hedge_open", "debt", (accounts.CAPITAL, account, "USDC", 1)),
        draft("hedge_close", "mended", (account, accounts.CAPITAL, "USDC", 1)),
    )
    with pytest.raises(LedgerInvariantError, match=f"after entry 1: {account} is -1 atoms"):
        check_chain(debt)


def test_a_settled_contract_leaves_no_units() -> None:
    entries = chain_of(capital(), hedge_open(units=10), hedge_settle(units=9))
    with pytest.raises(LedgerInvariantError, match=f"holds 1 of {PUT}, which settled in entry 3"):
        check_chain(entries)


def test_an_open_contract_and_a_settlement_taken_back_may_leave_units() -> None:
    bought = chain_of(capital(), hedge_open())
    assert check_chain(bought).balances[accounts.hedge_account(POOL), PUT] == 10**18
    settled = chain_of(capital(), hedge_open(), hedge_settle())
    head = LedgerHead(seq=3, hash=settled[-1].hash)
    undone = settled + chain_of(reversal(settled[-1], cause="reorg"), head=head)
    assert check_chain(undone).balances[accounts.hedge_account(POOL), PUT] == 10**18


def test_one_cause_is_booked_once() -> None:
    with pytest.raises(LedgerInvariantError, match="booked twice"):
        check_chain(chain_of(capital(), deposit("mint"), deposit("mint")))


@pytest.mark.parametrize("shift", [1, -1, None])
def test_stored_balances_must_be_the_derived_ones(shift: int | None) -> None:
    entries = whole_life()
    stored = dict(check_chain(entries).balances)
    assert check_chain(entries, stored=stored).balances == stored
    key = (accounts.CASH, "USDC")
    if shift is None:
        del stored[key]
    else:
        stored[key] += shift
    with pytest.raises(BookCorruptError, match="Assets:Cash is stored as"):
        check_chain(entries, stored=stored)


def test_a_reversal_undoes_an_entry_in_every_account() -> None:
    entry = chain_of(hedge_open())[0]
    totals: dict[tuple[str, str], int] = {}
    for posting in entry.postings + reversal(entry, cause="reorg").postings:
        key = (posting.account, posting.currency)
        totals[key] = totals.get(key, 0) + posting.atoms
    assert set(totals.values()) == {0}


def test_an_empty_ledger_is_whole() -> None:
    summary = check_chain(())
    assert (summary.head, dict(summary.balances)) == (LedgerHead(), {})


def test_every_account_of_the_chart_has_a_root_and_its_names() -> None:
    for prefix, names in CHART.items():
        account = ":".join((prefix, *("WETH-USDC", "guard")[: len(names)]))
        assert account_root(account) is Root(prefix.split(":")[0])


@pytest.mark.parametrize(
    "account",
    [
        "",
        "Assets",
        "Assets:Cash:USDC",
        "Assets:Pool",
        "Assets:Pool:",
        "Assets:Pool:A B",
        "Assets:Gold",
        "assets:Cash",
        "Income:Payoff:WETH-USDC",
        "Expenses:Premium:P:l:x",
    ],
)
def test_an_account_off_the_chart_is_refused_by_name_and_in_the_books(account: str) -> None:
    with pytest.raises(AccountUnknownError):
        account_root(account)
    with pytest.raises(AccountUnknownError):
        check_chain(chain_of(draft("open", "x", (account, accounts.CAPITAL, "USDC", 1))))
