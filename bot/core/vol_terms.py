"""How the venue quotes contracts on a pool's volatility index: one contract is one quote token a
vol point, and sizes are counted in millionths of a contract."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from bot.core.errors import VenueTermsError
from bot.core.units import MILLION, YEAR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class VolTerms:
    """Knobs of vol futures, vol calls and the vol token; docs/maths.md section 4.8.

    vol_of_vol: volatility of the index itself, a yearly fraction, >= 0. vol_of_vol_days: how long a
    shock to it lasts; the forward index of a later expiry moves less, > 0.
    future_half_ppm: bid and ask of futures and of the token from the mark, millionths of the
    forward index. half_vol_of_vol: the same for calls, in vol of vol. Both are widened by
    `spread.stress_widening`.
    token_roll_ppm: what the token loses at each daily roll, millionths of its value.
    strike_step_milli, price_tick_milli: grids, thousandths of a vol point. lot_micro: smallest
    size. depth_contracts: what stands at bid and ask in calm times, thinned by
    `depth.stress_thinning`. contracts_max: largest size of one leg, whole contracts.
    Source of the defaults: vol_of_vol and its days from BTC's DVOL (432 days of 2023 and 2024);
    the token's roll is a thirtieth of a future sold and bought again; all others are judgement.
    """

    vol_of_vol: float = 0.9
    vol_of_vol_days: float = 39.0
    future_half_ppm: int = 5_000
    half_vol_of_vol: float = 0.05
    token_roll_ppm: int = 333
    strike_step_milli: int = 2_500
    price_tick_milli: int = 10
    lot_micro: int = 1_000
    depth_contracts: int = 10_000
    contracts_max: int = 100_000

    def __post_init__(self) -> None:
        for name in ("vol_of_vol", "half_vol_of_vol"):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0.0 <= value <= 10.0):
                raise VenueTermsError(name=name, value=value, problem="it must be from 0 to 10")
        if not (math.isfinite(self.vol_of_vol_days) and self.vol_of_vol_days > 0.0):
            raise VenueTermsError(
                name="vol_of_vol_days", value=self.vol_of_vol_days, problem="it must be above 0"
            )
        for name in ("future_half_ppm", "token_roll_ppm"):
            value = getattr(self, name)
            if not 0 <= value < MILLION:
                raise VenueTermsError(name=name, value=value, problem="not below a million")
        for field in fields(self)[5:]:
            value = getattr(self, field.name)
            if value < 1:
                raise VenueTermsError(name=field.name, value=value, problem="it must be 1 or more")

    def index_stdev(self, ahead_s: int, *, vol_of_vol: float) -> float:
        """Standard deviation of the log of the index `ahead_s` from now, >= 0.

        vol_of_vol of a shock that fades: v sqrt((1 - e^(-2u)) D / 2), u = T/D.
        Worked: 0.9 over 30 days with D = 39 days is 0.9 * sqrt(0.785287 * 0.106849 / 2) = 0.184344.
        """
        if ahead_s <= 0:
            return 0.0
        decay = self.vol_of_vol_days / 365.0
        faded = -math.expm1(-2.0 * ahead_s / YEAR_S / decay)
        return vol_of_vol * math.sqrt(faded * decay / 2.0)
