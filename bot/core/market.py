"""What the venue and the policy know about one pool's market at one tick."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.canonical import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One pool's market facts at a block, in atoms where money depends on them.

    pool: name of the pool, the underlying. time_s: block time, the only clock of the core.
    spot_atoms: marginal price, quote atoms per whole base token, rounded down.
    twap_atoms: 30-minute time-weighted price in the same unit; None until 30 minutes were seen.
    realised_vol: annualised (365 d) realised volatility, a fraction rounded to 6 decimals; None
    until warm.
    vol_token_micro: what a vol token is worth, millionths of a quote token; None where no rule
    speaks of contracts on the volatility index.
    """

    pool: str
    time_s: int
    base_symbol: str
    base_decimals: int
    quote_symbol: str
    quote_decimals: int
    spot_atoms: int
    twap_atoms: int | None
    realised_vol: float | None
    vol_token_micro: int | None = None

    def to_json(self) -> Json:
        """Return the canonical form for the journal."""
        return {
            "pool": self.pool,
            "time_s": self.time_s,
            "spot": str(self.spot_atoms),
            "twap": None if self.twap_atoms is None else str(self.twap_atoms),
            "realised_vol": self.realised_vol,
        }
