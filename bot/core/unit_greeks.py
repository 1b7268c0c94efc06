"""What a contract adds to delta, gamma and vega, in shares of spot: from floats to sizes.

Shares and billionths, so that the same market gives the same sizes on every machine and at any
number of decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from bot.core.market import Market
from bot.core.options import option_greeks
from bot.core.orders import Contract, ContractKind, Leg
from bot.core.quotes import PoolTerms
from bot.core.surface import implied_vol
from bot.core.units import YEAR_S
from bot.core.vol_index import POINT
from bot.core.vol_quotes import quote_unit, vega_points

BILLION = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitGreeks:
    """Of one `contract_unit` of a contract, or of a structure, in billionths.

    delta_ppb: base tokens that it stands for. gamma_ppb: spot times gamma, the change of delta per
    relative move of 1. vega_ppb: change of price per 1.00 of volatility, as a share of spot.
    """

    delta_ppb: int
    gamma_ppb: int
    vega_ppb: int


FORWARD_GREEKS = UnitGreeks(delta_ppb=BILLION, gamma_ppb=0, vega_ppb=0)


@lru_cache(maxsize=256)
def greeks_of(contract: Contract, market: Market, terms: PoolTerms) -> UnitGreeks:
    """At the surface's volatility for this strike, held fixed as spot moves.

    Worked: an at-the-money call with 30 days at 65 % has delta 0.537, spot * gamma 2.132 and vega
    0.1139 of spot.
    """
    if contract.kind is ContractKind.FORWARD:
        return FORWARD_GREEKS
    if contract.kind.is_on_index:
        return UnitGreeks(delta_ppb=0, gamma_ppb=0, vega_ppb=_vol_vega_ppb(contract, market, terms))
    years = max(0.0, (contract.expiry_s - market.time_s) / YEAR_S)
    strike = contract.strike_atoms / market.spot_atoms
    vol = (
        implied_vol(
            terms.surface, forward=1.0, strike=strike, years=years, realised_vol=market.realised_vol
        )
        if years > 0.0
        else 0.0
    )
    found = option_greeks(kind=contract.kind, spot=1.0, strike=strike, vol=vol, years=years)
    return UnitGreeks(
        delta_ppb=round(found.delta * BILLION),
        gamma_ppb=round(found.gamma * BILLION),
        vega_ppb=round(found.vega * BILLION),
    )


def _vol_vega_ppb(contract: Contract, market: Market, terms: PoolTerms) -> int:
    """Per 1.00 of volatility, a hundred points of the forward index, as a share of spot.

    A contract brings one quote token a point, so a future at a spot of 2,000 has 0.05.
    """
    points = vega_points(contract, market, surface=terms.surface, terms=terms.vol)
    return round(BILLION * POINT * points * quote_unit(market) / market.spot_atoms)


def structure_greeks(
    legs: Iterable[Leg], greeks: Callable[[Contract], UnitGreeks], *, unit_atoms: int
) -> UnitGreeks:
    """The sum over legs, per `unit_atoms` of the structure, each rounded down."""
    parts = [(leg.quantity_atoms, greeks(leg.contract)) for leg in legs]
    return UnitGreeks(
        delta_ppb=sum(quantity * part.delta_ppb for quantity, part in parts) // unit_atoms,
        gamma_ppb=sum(quantity * part.gamma_ppb for quantity, part in parts) // unit_atoms,
        vega_ppb=sum(quantity * part.vega_ppb for quantity, part in parts) // unit_atoms,
    )
