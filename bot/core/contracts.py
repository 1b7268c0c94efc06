"""Contracts that the venue lists: on a pool's price, and on its volatility index.

Quantities of contracts on the price are base atoms of the underlying (so a token of 0 or 36
decimals works), prices quote atoms per whole base token. Contracts on the volatility index are
counted in millionths, and their prices are quote atoms a contract. `contract_unit` says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.core.canonical import Json

NEVER_S = 253_402_300_799
"""The expiry of what has none: the end of the year 9999."""
CONTRACT_DECIMALS = 6
"""A contract on the index is counted in millionths."""


class ContractKind(Enum):
    """What a contract pays at expiry, strike K: per whole base token by the settlement price S, or
    per contract by the volatility index I, one quote token a vol point."""

    CALL = "call"  # max(S - K, 0)
    PUT = "put"  # max(K - S, 0)
    FORWARD = "forward"  # S - K, of either sign
    VOL_FUTURE = "vol_future"  # I - K, of either sign
    VOL_CALL = "vol_call"  # max(I - K, 0)
    VOL_TOKEN = "vol_token"  # never expires; worth what its rolled future has become

    @property
    def is_option(self) -> bool:
        """Whether it is a right: worth 0 or more, so that nobody pays to be rid of it."""
        return self not in (ContractKind.FORWARD, ContractKind.VOL_FUTURE)

    @property
    def is_on_index(self) -> bool:
        """Whether it is on the pool's volatility index, not on its price."""
        return self in (ContractKind.VOL_FUTURE, ContractKind.VOL_CALL, ContractKind.VOL_TOKEN)

    @property
    def letters(self) -> str:
        """How a code ends: C, P, F, VF, VC or VT."""
        return "".join(word[0].upper() for word in self.value.split("_"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A listed European, cash-settled contract. `code` names it in orders and in the ledger.

    code: POOL-YYYYMMDD-STRIKE-C|P|F|VF|VC, for example WETH-USDC-20261225-1800-P, expiry 08:00 UTC;
    POOL-VT for the vol token, whose expiry is NEVER_S and whose strike is 0.
    """

    code: str
    kind: ContractKind
    pool: str
    strike_atoms: int
    expiry_s: int

    def to_json(self) -> Json:
        """Return the canonical form for the journal."""
        return {
            "code": self.code,
            "kind": self.kind.value,
            "pool": self.pool,
            "strike": str(self.strike_atoms),
            "expiry_s": self.expiry_s,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Contract:
        """Read what `to_json` wrote."""
        return cls(
            code=row["code"],
            kind=ContractKind(row["kind"]),
            pool=row["pool"],
            strike_atoms=int(row["strike"]),
            expiry_s=row["expiry_s"],
        )


def contract_decimals(contract: Contract, *, base_decimals: int) -> int:
    """Decimals that quantities of this contract are counted in."""
    return CONTRACT_DECIMALS if contract.kind.is_on_index else base_decimals


def contract_unit(contract: Contract, *, base_decimals: int) -> int:
    """The quantity that a price is for: one whole base token in atoms, or one contract in
    millionths. Money is quantity * price / unit, everywhere."""
    unit: int = 10 ** contract_decimals(contract, base_decimals=base_decimals)
    return unit
