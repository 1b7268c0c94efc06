"""The bridge from the float island to the venue's price grid: one contract's bid, mark and ask.

Everything is priced as a share of spot, rounded to a billionth, and only then becomes atoms: the
same market gives the same atoms on every machine, and scaling a token's decimals scales prices.
Why so: docs/adr/0008-venue-prices.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache

from bot.core import vol_quotes
from bot.core.depth import DepthTerms
from bot.core.errors import NotListedError, VenueTermsError
from bot.core.listing import ListingTerms, price_tick_atoms
from bot.core.margin import payoff_per_base
from bot.core.market import Market
from bot.core.options import time_value
from bot.core.orders import Contract, ContractKind
from bot.core.surface import CORRELATED, MAJOR, VOL_TOKEN, Surface, implied_vol
from bot.core.units import MILLION, YEAR_S, mul_div_up
from bot.core.vol_terms import VolTerms

BILLION = 10**9
SPREAD_TENOR_YEARS = 30 / 365
"""At this tenor and beyond the spread is not widened for shortness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadTerms:
    """How far bid and ask stand from the mark, in volatility.

    half_vol_min: least distance, annual volatility, >= 0. half_share: distance as a share of the
    volatility, at the money and at 30 days. It grows with 1/sqrt(tenor) below 30 days, by
    `distance_widening` per unit of ln(K/S)/sqrt(years), and by `stress_widening` per unit of
    realised volatility's excess over the calm level, as a share of it; all three together by
    `widening_max` at the most, so that no farther option is asked dearer than a nearer one.
    forward_half_ppm: distance for a forward, millionths of spot, widened by stress alone.
    Source of the defaults: docs/maths.md section 4.2.
    """

    half_vol_min: float = 0.002
    half_share: float = 0.01
    distance_widening: float = 0.3
    stress_widening: float = 0.5
    widening_max: float = 15.0
    forward_half_ppm: int = 250

    def __post_init__(self) -> None:
        if not 0 <= self.forward_half_ppm <= MILLION:
            raise VenueTermsError(
                name="forward_half_ppm", value=self.forward_half_ppm, problem="not within a million"
            )
        for name in ("half_vol_min", "half_share", "distance_widening", "stress_widening"):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0.0 <= value <= 1.0):
                raise VenueTermsError(name=name, value=value, problem="it must be from 0 to 1")
        if not 1.0 <= self.widening_max < math.inf:
            raise VenueTermsError(
                name="widening_max", value=self.widening_max, problem="it must be 1 or more"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTerms:
    """How the venue quotes one pool.

    quantity_max_base: largest size of one leg of an order, whole base tokens, >= 1. vol: how it
    quotes contracts on the pool's volatility index.
    """

    surface: Surface = MAJOR
    spread: SpreadTerms = field(default_factory=SpreadTerms)
    depth: DepthTerms = field(default_factory=DepthTerms)
    listing: ListingTerms = field(default_factory=ListingTerms)
    quantity_max_base: int = 100_000
    vol: VolTerms = field(default_factory=VolTerms)

    def __post_init__(self) -> None:
        if self.quantity_max_base < 1:
            raise VenueTermsError(
                name="quantity_max_base", value=self.quantity_max_base, problem="it must be >= 1"
            )


MAJOR_POOL = PoolTerms()
"""A pair like ETH/USD."""

CORRELATED_POOL = PoolTerms(
    surface=CORRELATED,
    listing=ListingTerms(strike_step_bps=25, price_tick_ppm=10),
    vol=VolTerms(strike_step_milli=250, price_tick_milli=1),
)
"""A pair whose tokens move together: a tenth of the volatility, so a finer grid and tick."""

VOL_TOKEN_POOL = PoolTerms(
    surface=VOL_TOKEN,
    spread=SpreadTerms(half_share=0.03),
    listing=ListingTerms(strike_step_bps=500),
)
"""A volatility token against money: wide strikes, and three times the spread of a major pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Prices of one contract, quote atoms for each `contract_unit`: bid <= mark < ask.

    An option's bid is 0 or more. Bid and ask are whole ticks; the mark is a model price between
    them, finer than a tick.
    """

    bid_atoms: int
    mark_atoms: int
    ask_atoms: int


@lru_cache(maxsize=256)  # a tick asks for the same price to decide, to fill and to value
def quote(contract: Contract, market: Market, terms: PoolTerms) -> Quote:
    """What the venue deals at now. At and after expiry: intrinsic value by spot, a tick around it.

    The time value is that of whichever of call and put is out of the money, so that marks of a
    call and a put differ by spot minus strike exactly.
    """
    if market.spot_atoms < 1:
        raise NotListedError(pool=market.pool, reason="spot is below one quote atom, no price")
    if contract.kind.is_on_index:
        bid, mark, ask = vol_quotes.prices(
            contract,
            market,
            surface=terms.surface,
            terms=terms.vol,
            widening=terms.spread.stress_widening * terms.surface.stress(market.realised_vol),
        )
        return Quote(bid_atoms=bid, mark_atoms=mark, ask_atoms=ask)
    if contract.kind is ContractKind.FORWARD:
        return _forward_quote(contract, market, terms)
    bid_ppb, mark_ppb, ask_ppb = _time_values_ppb(contract, market, terms)
    intrinsic = payoff_per_base(contract, market.spot_atoms)
    mark = intrinsic + mark_ppb * market.spot_atoms // BILLION
    low = intrinsic + bid_ppb * market.spot_atoms // BILLION
    high = intrinsic - (-ask_ppb * market.spot_atoms // BILLION)
    tick = price_tick_atoms(market.spot_atoms, terms.listing)
    return Quote(
        bid_atoms=max(0, min(low, mark - 1) // tick * tick),
        mark_atoms=mark,
        ask_atoms=-(-max(high, mark + 1) // tick) * tick,
    )


def _forward_quote(contract: Contract, market: Market, terms: PoolTerms) -> Quote:
    """Spot minus strike, as rates are zero, and a share of spot on both sides of it."""
    stress = terms.surface.stress(market.realised_vol)
    half_ppm = math.ceil(
        terms.spread.forward_half_ppm * (1.0 + terms.spread.stress_widening * stress)
    )
    half = max(1, mul_div_up(market.spot_atoms, half_ppm, MILLION))
    mark = payoff_per_base(contract, market.spot_atoms)
    tick = price_tick_atoms(market.spot_atoms, terms.listing)
    return Quote(
        bid_atoms=(mark - half) // tick * tick,
        mark_atoms=mark,
        ask_atoms=-(-(mark + half) // tick) * tick,
    )


def _time_values_ppb(contract: Contract, market: Market, terms: PoolTerms) -> tuple[int, int, int]:
    """(bid, mark, ask) without intrinsic value, billionths of spot, each rounded its own way."""
    years = (contract.expiry_s - market.time_s) / YEAR_S
    if years <= 0.0:
        return 0, 0, 0
    strike = contract.strike_atoms / market.spot_atoms
    vol = implied_vol(
        terms.surface, forward=1.0, strike=strike, years=years, realised_vol=market.realised_vol
    )
    half = _half_vol(
        vol,
        distance=abs(math.log(strike)) / math.sqrt(years),
        years=years,
        stress=terms.surface.stress(market.realised_vol),
        terms=terms.spread,
    )
    bid, mark, ask = (
        BILLION * time_value(forward=1.0, strike=strike, stdev=at_vol * math.sqrt(years))
        for at_vol in (max(0.0, vol - half), vol, vol + half)
    )
    return math.floor(bid), round(mark), math.ceil(ask)


def _half_vol(
    vol: float, *, distance: float, years: float, stress: float, terms: SpreadTerms
) -> float:
    widening = (
        max(1.0, math.sqrt(SPREAD_TENOR_YEARS / years))
        * (1.0 + terms.distance_widening * distance)
        * (1.0 + terms.stress_widening * stress)
    )
    return max(terms.half_vol_min, terms.half_share * vol) * min(widening, terms.widening_max)
