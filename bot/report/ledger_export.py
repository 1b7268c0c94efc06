"""The ledger in other programs' formats: Beancount and CSV, as lines of text.

Parquet is in ledger_parquet.py, which alone needs pyarrow.
Why so: docs/adr/0013-exports.md.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from bot.core.canonical import digest_text
from bot.core.errors import ExportRangeError
from bot.core.ledger import Balances, Entry, Posting
from bot.core.units import atoms_to_decimal
from bot.report.ledger_view import amount_text, decimals_of, time_text

BEANCOUNT_DIGITS = 28
"""Beancount computes in Python's default decimal context and rounds silently beyond it."""

COLUMNS = (
    "seq",
    "tick",
    "time",
    "block_number",
    "block_hash",
    "kind",
    "cause",
    "memo",
    "account",
    "currency",
    "atoms",
    "amount",
    "entry_hash",
)
"""One row a posting. atoms: exact integer; amount: the same in whole tokens."""

_COMMODITY = re.compile(r"[A-Z](?:[A-Z0-9'._-]*[A-Z0-9])?")
_NAME = re.compile(r"[A-Z0-9][A-Za-z0-9-]*")
_OPENED = "1970-01-01"


def export_csv(entries: Iterable[Entry], *, decimals: Mapping[str, int]) -> Iterator[str]:
    """Yield the ledger as CSV lines, header first; see COLUMNS."""
    yield _csv_line(COLUMNS)
    for entry in entries:
        for posting in entry.postings:
            yield _csv_line(posting_columns(entry, posting, decimals=decimals))


def posting_columns(
    entry: Entry, posting: Posting, *, decimals: Mapping[str, int]
) -> tuple[int | str, ...]:
    """Return one posting in the order of COLUMNS."""
    return (
        entry.seq,
        entry.tick,
        time_text(entry.time_s),
        entry.block_number,
        entry.block_hash,
        entry.kind,
        entry.cause,
        entry.memo,
        posting.account,
        posting.currency,
        str(posting.atoms),
        _amount(posting.atoms, posting.currency, decimals),
        entry.hash,
    )


def export_beancount(entries: Iterable[Entry], *, decimals: Mapping[str, int]) -> Iterator[str]:
    """Yield the ledger as lines of a Beancount v3 file that `bean-check` proves to balance.

    Amounts are written with all their decimals, so the tolerance that Beancount infers, half of
    the last digit, is half an atom: it forgives nothing. The file ends with an exact balance
    assertion for each account. Accounts open in 1970, because after a reorg a later entry may
    carry an earlier block's date. Amounts beyond 28 digits are refused: Beancount rounds them.
    """
    yield ";; layerhedge paper ledger, made by `layerhedge ledger export --format beancount`"
    yield 'option "title" "layerhedge paper ledger"'
    yield 'option "tolerance_multiplier" "0.5"'
    yield ""
    opened: set[str] = set()
    balances: Balances = {}
    last_day = date(1970, 1, 1)
    for entry in entries:
        for posting in entry.postings:
            yield from _openings(posting, opened)
        day = datetime.fromtimestamp(entry.time_s, UTC).date()
        last_day = max(last_day, day)
        yield from _transaction(entry, day, decimals)
        for posting in entry.postings:
            key = (posting.account, posting.currency)
            balances[key] = balances.get(key, 0) + posting.atoms
            _refuse_wide(posting, balances[key])
    # A balance assertion holds at the beginning of its day.
    after = last_day + timedelta(days=1)
    for (account, currency), atoms in sorted(balances.items()):
        amount = _amount(atoms, currency, decimals)
        yield f"{after} balance {account_name(account)}  {amount} ~ 0 {commodity(currency)}"


def commodity(currency: str) -> str:
    """Return a currency as a Beancount commodity; one that is none already gets a digest.

    >>> commodity("WETH-USDC-20261225-1800-P")
    'WETH-USDC-20261225-1800-P'
    >>> commodity("1INCH")
    'X1INCH-7A19D7A9'
    """
    if _COMMODITY.fullmatch(currency) and not _has_digest(currency):
        return currency
    return f"X{re.sub(r'[^A-Z0-9]', '', currency.upper())}-{_short_digest(currency)}"


def account_name(account: str) -> str:
    """Return an account as a Beancount account: names start with a capital or a digit.

    >>> account_name("Income:Payoff:WETH-USDC:guard")
    'Income:Payoff:WETH-USDC:Guard'
    >>> account_name("Income:Payoff:WETH-USDC:deep_wing")
    'Income:Payoff:WETH-USDC:DeepWing-C3F34480'
    """
    words = account.split(":")
    return ":".join((*words[:2], *map(_component, words[2:])))


def _component(name: str) -> str:
    """Return a name of ours as one of Beancount's, two different ones never as the same."""
    capital = name[:1].upper() + name[1:]
    is_plain = name == name.upper() or (name == name.lower() and capital != name.upper())
    if is_plain and _NAME.fullmatch(capital) and not _has_digest(name):
        return capital
    words = re.findall(r"[A-Za-z0-9]+", name)
    stem = "".join(word[:1].upper() + word[1:] for word in words)
    return f"{stem or 'X'}-{_short_digest(name)}"


def _short_digest(text: str) -> str:
    return digest_text(text)[:8].upper()


def _has_digest(text: str) -> bool:
    return re.search(r"-[0-9A-F]{8}$", text) is not None


def _openings(posting: Posting, opened: set[str]) -> Iterator[str]:
    name = commodity(posting.currency)
    if name not in opened:
        opened.add(name)
        yield f"{_OPENED} commodity {name}"
        yield f"  currency: {_quoted(posting.currency)}"
    account = account_name(posting.account)
    if account not in opened:
        opened.add(account)
        yield f"{_OPENED} open {account}"
        yield f"  account: {_quoted(posting.account)}"


def _transaction(entry: Entry, day: date, decimals: Mapping[str, int]) -> Iterator[str]:
    yield ""
    yield f"{day} * {_quoted(entry.kind)} {_quoted(entry.memo)}"
    yield f"  entry: {entry.seq}"
    yield f"  tick: {entry.tick}"
    yield f"  time: {_quoted(time_text(entry.time_s))}"
    yield f"  block: {entry.block_number}"
    yield f"  block-hash: {_quoted(entry.block_hash)}"
    yield f"  cause: {_quoted(entry.cause)}"
    yield f"  hash: {_quoted(entry.hash)}"
    partial: dict[str, int] = {}
    for posting in entry.postings:
        currency = posting.currency
        partial[currency] = partial.get(currency, 0) + posting.atoms
        _refuse_wide(posting, posting.atoms)
        _refuse_wide(posting, partial[currency])
        amount = _amount(posting.atoms, currency, decimals)
        yield f"  {account_name(posting.account)}  {amount} {commodity(currency)}"


def _refuse_wide(posting: Posting, atoms: int) -> None:
    if abs(atoms) >= 10**BEANCOUNT_DIGITS:
        raise ExportRangeError(
            atoms=atoms,
            currency=posting.currency,
            account=posting.account,
            digits=BEANCOUNT_DIGITS,
        )


def _amount(atoms: int, currency: str, decimals: Mapping[str, int]) -> str:
    return amount_text(atoms_to_decimal(atoms, decimals_of(currency, decimals)))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _csv_line(columns: tuple[int | str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(columns)
    return line.getvalue()
