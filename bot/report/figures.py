"""Figures for people: exact amounts from atoms, with separators, signs and units. No floats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from bot.core.contracts import NEVER_S, contract_decimals
from bot.core.market import Market
from bot.core.orders import Leg
from bot.core.units import DAY_S, WIDE, atoms_to_decimal

PLACES_MAX = 6
MINUS = "\u2212"


def plain(atoms: int, decimals: int) -> str:
    """Whole tokens, exact and without an exponent, for JSON and CSV.

    >>> plain(-1_500_000, 6)
    '-1.500000'
    """
    return f"{atoms_to_decimal(atoms, decimals):f}"


def amount(atoms: int, decimals: int, *, places: int | None = None) -> str:
    """Whole tokens for a table: as many places as the size calls for, thousands apart.

    >>> amount(31_200_104_000, 6), amount(12_345_678, 18), amount(-5, 1)
    ('31,200.10', '0.00000000001235', '\u22120.5000')
    """
    value = atoms_to_decimal(atoms, decimals)
    return _signed_text(value, _places(value) if places is None else places)


def places_for(scale_atoms: int, decimals: int) -> int:
    """Places of money next to a position of this size: a millionth of it shows, two at least.

    >>> places_for(1_000_000 * 10**6, 6), places_for(240 * 10**18, 18)
    (2, 4)
    """
    if scale_atoms <= 0:
        return min(decimals, 6)
    return max(2, min(decimals, 6 - Decimal(scale_atoms).adjusted() + decimals))


def change(atoms: int, decimals: int, *, places: int | None = None) -> str:
    """An amount with its sign always shown.

    >>> change(5_000_000, 6), change(0, 6)
    ('+5.0000', '0.00')
    """
    return f"+{amount(atoms, decimals, places=places)}" if atoms > 0 else amount(
        atoms, decimals, places=places
    )  # fmt: skip


def number(value: float, *, places: int = 1) -> str:
    """A measured number for a table.

    >>> number(-412.34)
    '\u2212412.3'
    """
    return _signed_text(Decimal(repr(value)), places)


def fraction_of(part_atoms: int, whole_atoms: int) -> str:
    """A share in whole per cent with its sign; a dash of nothing.

    >>> fraction_of(-5, 200), fraction_of(3, 2)
    ('\u22122 %', '+150 %')
    """
    if not whole_atoms:
        return "-"
    text = _signed_text(WIDE.divide(Decimal(part_atoms * 100), Decimal(whole_atoms)), 0)
    return f"+{text} %" if part_atoms > 0 else f"{text} %"


def price(market: Market) -> str:
    """The spot price, quote per base."""
    return amount(market.spot_atoms, market.quote_decimals)


def moment(time_s: int) -> str:
    """Block time as people write it.

    >>> moment(1_772_438_400)
    '2026-03-02 08:00 UTC'
    """
    return f"{datetime.fromtimestamp(time_s, tz=UTC):%Y-%m-%d %H:%M} UTC"


def duration(seconds: int) -> str:
    """A span of block time in its two largest units.

    >>> duration(90_000), duration(125)
    ('1d 1h', '2m 5s')
    """
    parts = []
    left = abs(seconds)
    for name, size in (("d", DAY_S), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts[:2]) or "0s"


def contracts(legs: tuple[Leg, ...], *, base_decimals: int) -> str:
    """Legs as signed sizes and codes.

    `+4.2 WETH-USDC-20260313-1800-P`, with the next leg after a comma.
    """
    return ", ".join(
        f"{'+' if leg.quantity_atoms > 0 else MINUS}"
        f"{_trimmed(abs(leg.quantity_atoms), _decimals(leg, base_decimals))} {leg.contract.code}"
        for leg in legs
    )


def money(balances: Mapping[str, int], decimals: Mapping[str, int]) -> str:
    """Balances of several currencies in one line, empty ones left out."""
    parts = [
        f"{amount(atoms, decimals[symbol])} {symbol}"
        for symbol, atoms in balances.items()
        if atoms and symbol in decimals
    ]
    return ", ".join(parts) or "0"


def expiry(time_s: int) -> str:
    """When a contract expires, for a table; the vol token never does.

    >>> expiry(1_772_438_400), expiry(NEVER_S)
    ('2026-03-02 08:00 UTC', 'never')
    """
    return "never" if time_s == NEVER_S else moment(time_s)


def _decimals(leg: Leg, base_decimals: int) -> int:
    return contract_decimals(leg.contract, base_decimals=base_decimals)


def _trimmed(atoms: int, decimals: int) -> str:
    return f"{atoms_to_decimal(atoms, decimals).normalize(WIDE):f}"


def _places(value: Decimal) -> int:
    """Two places for what counts in cents, four significant digits for what is smaller."""
    if not value or abs(value) >= 100:
        return 2
    if abs(value) >= 1:
        return 2 if abs(value) >= 10 else 4
    return min(36, 3 - value.adjusted()) if abs(value) < Decimal("0.1") else 4


def _signed_text(value: Decimal, places: int) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN, context=WIDE)
    text = f"{abs(rounded):,f}"
    return f"{MINUS}{text}" if rounded < 0 else text
