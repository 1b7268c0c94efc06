"""Rules as data: what a rule file says, once it has been validated (bot/config reads it)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.core.conditions import Condition
from bot.core.units import MILLION


class SizeBy(Enum):
    """What a layer's size is measured against."""

    IL = "il"  # cover `hedge_ratio_bps` of the further IL at the stress prices
    DELTA = "delta"  # cover `hedge_ratio_bps` of the base tokens in the pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of the ladder. Times in seconds, thresholds inside the conditions.

    offsets_bps: strike distances from spot that the instrument asks for, signed.
    stress_bps: price moves from spot at which `SizeBy.IL` sizes the hedge, signed.
    premium_budget_bps_per_year: premium and fees spent within any 365 days, over entry value.
    roll_before_expiry_s: sell and buy anew when less than this is left; 0 waits for expiry.
    monetise_bps: sell when the hedge brings this multiple of its cost (40_000 is 4x); None never.
    """

    name: str
    instrument: str
    offsets_bps: tuple[int, ...]
    arm: Condition
    disarm: Condition
    hedge_ratio_bps: int
    size_by: SizeBy
    stress_bps: tuple[int, ...]
    tenor_s: int
    premium_budget_bps_per_year: int
    cooldown_s: int
    hold_s_min: int
    roll_before_expiry_s: int
    monetise_bps: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A whole strategy. `hash` is the digest of its content (terms.py): the record obeys it.

    horizon_s: the horizon of one sigma in `move_sigma`.
    vol_half_life_s, vol_sample_s: EWMA of realised volatility; vol_samples_min: until it is warm.
    twap_window_s: averaging window of the settlement price (1,800 s).
    dust_quote_micro: pools with less on their quote side are not hedged; millionths of a whole
    quote token, so that one rule file serves pools of any decimals.
    total_budget_bps_per_year: cap over all layers of a pool; None for the sum of the layers.
    """

    name: str
    hash: str
    horizon_s: int
    vol_half_life_s: int
    vol_sample_s: int
    vol_samples_min: int
    twap_window_s: int
    dust_quote_micro: int
    total_budget_bps_per_year: int | None
    layers: tuple[Layer, ...]

    def is_dust(self, reserve_quote_atoms: int, quote_decimals: int) -> bool:
        """Whether so little is left on a pool's quote side that it is not hedged; exact."""
        unit: int = 10**quote_decimals
        return reserve_quote_atoms * MILLION < self.dust_quote_micro * unit
