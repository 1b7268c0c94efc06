"""The ledger for people and machines: balances and entries in whole tokens, as plain data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from bot.core.contracts import CONTRACT_DECIMALS
from bot.core.errors import ConfigError
from bot.core.ledger import Entry
from bot.core.units import atoms_to_decimal

_CONTRACT = re.compile(r"(?P<pool>.+)-\d{8}-[^-]+-(?P<kind>[CPF]|V[FC])")
_TOKEN = re.compile(r".+-VT")


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceLine:
    """What one account holds of one currency. amount: atoms as whole tokens, exactly."""

    account: str
    currency: str
    atoms: int
    amount: Decimal

    def to_json(self) -> dict[str, str]:
        """Return the line for `--json`; numbers are text, they exceed what JSON readers keep."""
        return {
            "account": self.account,
            "currency": self.currency,
            "atoms": str(self.atoms),
            "amount": amount_text(self.amount),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """One entry with its postings as balance lines. time: its block's time, UTC, ISO 8601."""

    seq: int
    tick: int
    time: str
    block_number: int
    kind: str
    cause: str
    memo: str
    hash: str
    postings: tuple[BalanceLine, ...]

    def to_json(self) -> dict[str, object]:
        """Return the entry for `--json`."""
        return {
            "seq": self.seq,
            "tick": self.tick,
            "time": self.time,
            "block_number": self.block_number,
            "kind": self.kind,
            "cause": self.cause,
            "memo": self.memo,
            "hash": self.hash,
            "postings": [posting.to_json() for posting in self.postings],
        }


def decimals_of(currency: str, decimals: Mapping[str, int]) -> int:
    """Return the decimals of a currency; a contract is counted in units of its base token, one on
    the volatility index in millionths.

    >>> decimals_of("WETH-USDC-20261225-1800-P", {"WETH": 18, "USDC": 6})
    18
    """
    if currency in decimals:
        return decimals[currency]
    if _TOKEN.fullmatch(currency):
        return CONTRACT_DECIMALS
    if match := _CONTRACT.fullmatch(currency):
        if match["kind"].startswith("V"):
            return CONTRACT_DECIMALS
        pool = match["pool"]
        bases = [symbol for symbol in decimals if pool.startswith(f"{symbol}-")]
        if bases:
            # The longest: a token called A-B has a pool A-B-USDC, which also starts with A.
            return decimals[max(bases, key=len)]
    raise ConfigError(
        file="book",
        key=currency,
        problem="its decimals are not known",
        remedy="use the configuration that the book was kept with",
    )


def balance_lines(
    balances: Mapping[tuple[str, str], int],
    *,
    decimals: Mapping[str, int],
    with_zeros: bool = False,
) -> tuple[BalanceLine, ...]:
    """Return balances by account and currency, sorted; empty ones only when asked for."""
    return tuple(
        _line(account, currency, atoms, decimals)
        for (account, currency), atoms in sorted(balances.items())
        if atoms or with_zeros
    )


def entry_lines(entries: Iterable[Entry], *, decimals: Mapping[str, int]) -> tuple[EntryLine, ...]:
    """Return entries in whole tokens. For the last N: `store.entries(after_seq=head.seq - N)`."""
    return tuple(
        EntryLine(
            seq=entry.seq,
            tick=entry.tick,
            time=time_text(entry.time_s),
            block_number=entry.block_number,
            kind=entry.kind,
            cause=entry.cause,
            memo=entry.memo,
            hash=entry.hash,
            postings=tuple(
                _line(posting.account, posting.currency, posting.atoms, decimals)
                for posting in entry.postings
            ),
        )
        for entry in entries
    )


def amount_text(amount: Decimal) -> str:
    """Return an amount with all its decimals and no exponent.

    >>> amount_text(Decimal("1E-18"))
    '0.000000000000000001'
    """
    return f"{amount:f}"


def time_text(time_s: int) -> str:
    """Return unix time as UTC in ISO 8601.

    >>> time_text(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(account: str, currency: str, atoms: int, decimals: Mapping[str, int]) -> BalanceLine:
    return BalanceLine(
        account=account,
        currency=currency,
        atoms=atoms,
        amount=atoms_to_decimal(atoms, decimals_of(currency, decimals)),
    )
