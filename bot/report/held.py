"""What a book holds after a tick, as its record tells: each sleeve's money, and open hedges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.orders import Leg
from bot.core.sleeves import Sleeve


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneySeen:
    """One sleeve's cash, margin and debt after a tick, atoms by quote symbol."""

    cash: Mapping[str, int]
    margin: Mapping[str, int]
    debt: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeSeen:
    """An open hedge after a tick. value_atoms: what the venue would pay; None when unknown."""

    id: str
    pool: str
    layer: str
    sleeve: Sleeve
    legs: tuple[Leg, ...]
    opened_s: int
    expiry_s: int
    cost_atoms: int
    margin_atoms: int
    value_atoms: int | None

    @property
    def owner(self) -> str:
        """Its layer, and whose money paid where that is not the core's."""
        core = self.sleeve is Sleeve.CORE
        return self.layer if core else f"{self.layer} ({self.sleeve.value})"


def read_money(row: Mapping[str, Any]) -> MoneySeen:
    """One sleeve's part of a record's book."""
    return MoneySeen(
        cash=read_atoms(row["cash"]),
        margin=read_atoms(row["margin"]),
        debt=read_atoms(row["debt"]),
    )


def read_hedge(row: Mapping[str, Any]) -> HedgeSeen:
    """One hedge of a record's book."""
    return HedgeSeen(
        id=row["id"],
        pool=row["pool"],
        layer=row["layer"],
        sleeve=Sleeve(row["sleeve"]),
        legs=tuple(Leg.from_json(leg) for leg in row["legs"]),
        opened_s=row["opened_s"],
        expiry_s=row["expiry_s"],
        cost_atoms=int(row["cost"]),
        margin_atoms=int(row["margin"]),
        value_atoms=None if row["value"] is None else int(row["value"]),
    )


def read_atoms(row: Mapping[str, str]) -> Mapping[str, int]:
    """Balances as a record writes them."""
    return {symbol: int(atoms) for symbol, atoms in row.items()}
