"""A market with a volatility index, contracts on it, and layers of the second engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.core.conditions import Comparison
from bot.core.market import Market
from bot.core.orders import Contract, ContractKind, Leg
from bot.core.quotes import PoolTerms
from bot.core.rules import Layer, SizeBy
from bot.core.sleeves import Sleeve
from bot.core.surface import SurfaceTerms
from bot.core.units import DAY_S
from bot.core.venue import PaperVenue, VenueTerms
from bot.core.vol_quotes import strike_micro
from tests.builders.runs import POOL, layer

START_S = 1_772_438_400  # 2026-03-02T08:00:00Z, a Monday
EXPIRY_S = 1_774_598_400  # 2026-03-27T08:00:00Z, the last Friday of March
FLAT = SurfaceTerms(atm_vol=0.65, atm_vol_long=0.65, skew=0.0, curvature=0.0)
"""65 % at every strike and tenor."""
CONTRACT = 10**6
USD = 10**6

MARKET = Market(
    pool=POOL, time_s=START_S, base_symbol="WETH", base_decimals=18, quote_symbol="USDC",
    quote_decimals=6, spot_atoms=2_000 * USD, twap_atoms=None, realised_vol=None,
    vol_token_micro=60 * 10**6,
)  # fmt: skip


def venue_of(surface: SurfaceTerms = FLAT, **changes: Any) -> PaperVenue:
    terms = PoolTerms(surface=surface)
    return PaperVenue(VenueTerms(pools={POOL: replace(terms, vol=replace(terms.vol, **changes))}))


def contract(
    venue: PaperVenue,
    kind: ContractKind,
    points: float = 65.0,
    *,
    expiry_s: int = EXPIRY_S,
    market: Market = MARKET,
) -> Contract:
    """The listed one whose strike is nearest to so many vol points."""
    target = int(points * 10**market.quote_decimals)
    return venue.contract(market, kind=kind.value, target_atoms=target, expiry_s=expiry_s)


def bought(which: Contract, contracts: int = 1) -> Leg:
    return Leg(contract=which, quantity_atoms=contracts * CONTRACT)


def points_of(which: Contract, market: Market = MARKET) -> float:
    """Its strike in vol points."""
    return strike_micro(which, market) / 10**6


def engine_layer(name: str, **changes: Any) -> Layer:
    """A vol future of the second engine, bought below 1,960 and sold above 1,990."""
    plain: dict[str, Any] = {
        "instrument": "vol_future",
        "offsets_bps": (0,),
        "size_by": SizeBy.CAPITAL,
        "hedge_ratio_bps": 2_000,
        "tenor_s": 14 * DAY_S,
        "arm": Comparison(metric="move_bps", below=-200.0),
        "disarm": Comparison(metric="move_bps", above=-50.0),
        "premium_budget_bps_per_year": 10_000,
        "cooldown_s": 0,
        "sleeve": Sleeve.ENGINE,
    }
    return layer(name, **{**plain, **changes})
