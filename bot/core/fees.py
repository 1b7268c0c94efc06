"""The venue's fees: a share of the underlying's value, capped by the option's own, rounded up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from bot.core.errors import VenueTermsError
from bot.core.levels import Levels
from bot.core.orders import LegFill
from bot.core.units import BPS, MILLION, mul_div_up


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTerms:
    """Fees of each leg, bought, sold or settled.

    trade_ppm: dealing, millionths of quantity times spot (300 is 0.03 %). delivery_ppm: settling,
    millionths of quantity times settlement price. cap_bps: cap, of premium or payoff.
    forward_ppm, forward_delivery_ppm: the same for forwards, which have no premium and no cap.
    vol_ppm, vol_delivery_ppm: the same for contracts on the volatility index, millionths of
    contracts times index (for the token times its value); calls and the token have the cap.
    Source of the defaults: Deribit's published fees for ETH options and futures; those on the index
    are as for futures.
    """

    trade_ppm: int = 300
    delivery_ppm: int = 150
    cap_bps: int = 1_250
    forward_ppm: int = 500
    forward_delivery_ppm: int = 250
    vol_ppm: int = 500
    vol_delivery_ppm: int = 250

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value < 0:
                raise VenueTermsError(name=field.name, value=value, problem="it must be >= 0")


def trade_fee_atoms(fills: Iterable[LegFill], *, levels: Levels, terms: FeeTerms) -> int:
    """Fee of dealing these legs, quote atoms, >= 0."""
    return sum(
        _fee(fill, levels.of(fill.leg.contract), _trade_ppm(fill, terms), levels, terms)
        for fill in fills
    )


def delivery_fee_atoms(
    fills: Iterable[LegFill], *, settlement_atoms: int, levels: Levels, terms: FeeTerms
) -> int:
    """Fee of settling these legs, quote atoms, >= 0; an option that pays nothing costs nothing."""
    return sum(
        _fee(fill, settlement_atoms, _delivery_ppm(fill, terms), levels, terms) for fill in fills
    )


def _trade_ppm(fill: LegFill, terms: FeeTerms) -> int:
    kind = fill.leg.contract.kind
    if kind.is_on_index:
        return terms.vol_ppm
    return terms.trade_ppm if kind.is_option else terms.forward_ppm


def _delivery_ppm(fill: LegFill, terms: FeeTerms) -> int:
    kind = fill.leg.contract.kind
    if kind.is_on_index:
        return terms.vol_delivery_ppm
    return terms.delivery_ppm if kind.is_option else terms.forward_delivery_ppm


def _fee(fill: LegFill, underlying_atoms: int, ppm: int, levels: Levels, terms: FeeTerms) -> int:
    """A share of the underlying's value; of a right no more than its share of the premium."""
    size, unit = abs(fill.leg.quantity_atoms), levels.unit(fill.leg.contract)
    share = mul_div_up(size * underlying_atoms, ppm, MILLION * unit)
    if not fill.leg.contract.kind.is_option:
        return share
    return min(share, mul_div_up(size * fill.price_atoms, terms.cap_bps, BPS * unit))
