"""The levels that contracts are written on at a moment, and the unit that each is counted in."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.orders import Contract, ContractKind, contract_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """spot_atoms: quote atoms per whole base token. index_atoms: the volatility index, and
    token_atoms: the vol token, quote atoms a contract; 0 where no contract looks at them."""

    spot_atoms: int
    base_decimals: int
    index_atoms: int = 0
    token_atoms: int = 0

    def of(self, contract: Contract) -> int:
        """What the contract is written on, in the unit of its price."""
        if contract.kind is ContractKind.VOL_TOKEN:
            return self.token_atoms
        return self.index_atoms if contract.kind.is_on_index else self.spot_atoms

    def unit(self, contract: Contract) -> int:
        """See `contract_unit`."""
        return contract_unit(contract, base_decimals=self.base_decimals)
