"""How much the venue shows at its bid and at its ask: what one tick can deal there at the most."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.core.errors import VenueTermsError
from bot.core.listing import ListingTerms, lot_atoms
from bot.core.market import Market
from bot.core.orders import Contract
from bot.core.units import MILLION, YEAR_S, mul_div_down


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthTerms:
    """What stands at the best price of each contract and side, anew at every block.

    size_base: at the money in calm times, whole base tokens, >= 1. It thins by
    `distance_thinning` per unit of ln(K/S)/sqrt(years) and by `stress_thinning` per unit of
    realised volatility's excess over the calm level, as a share of it; both >= 0.
    Source of the defaults: judgement, as chains of quotes tell no sizes; docs/assumptions.md.
    """

    size_base: int = 2_000
    distance_thinning: float = 0.5
    stress_thinning: float = 1.0

    def __post_init__(self) -> None:
        if self.size_base < 1:
            raise VenueTermsError(
                name="size_base", value=self.size_base, problem="it must be 1 or more"
            )
        for name in ("distance_thinning", "stress_thinning"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise VenueTermsError(name=name, value=value, problem="it must be 0 or more")


def depth_atoms(
    contract: Contract, market: Market, *, stress: float, listing: ListingTerms, terms: DepthTerms
) -> int:
    """Base atoms that can be dealt at the quote on one side, whole lots, rounded down, >= 0.

    stress: how far realised volatility is above the calm level, as a share of it, >= 0.
    Worked: 2,000 at x = 2 and stress 3 are 2,000 / ((1 + 0.5 * 2) * (1 + 3)) = 250.
    """
    thinning = (1.0 + terms.distance_thinning * _distance(contract, market)) * (
        1.0 + terms.stress_thinning * stress
    )
    share_ppm = int(MILLION / thinning)
    shown = mul_div_down(terms.size_base * 10**market.base_decimals, share_ppm, MILLION)
    lot = lot_atoms(market.base_decimals, listing)
    return shown // lot * lot


def _distance(contract: Contract, market: Market) -> float:
    """|ln(K/S)| / sqrt(years); 0 for a forward, which is as liquid at any strike."""
    years = (contract.expiry_s - market.time_s) / YEAR_S
    if years <= 0.0 or not contract.kind.is_option:
        return 0.0
    return abs(math.log(contract.strike_atoms / market.spot_atoms)) / math.sqrt(years)
