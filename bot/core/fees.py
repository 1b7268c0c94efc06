"""The venue's fees: a share of the underlying's value, capped by the option's own, rounded up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from bot.core.errors import VenueTermsError
from bot.core.listing import MILLION
from bot.core.orders import LegFill
from bot.core.units import BPS, mul_div_up


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTerms:
    """Fees of each leg, bought, sold or settled.

    trade_ppm: dealing, millionths of quantity times spot (300 is 0.03 %). delivery_ppm: settling,
    millionths of quantity times settlement price. cap_bps: cap, of premium or payoff.
    forward_ppm, forward_delivery_ppm: the same for forwards, which have no premium and no cap.
    Source of the defaults: Deribit's published fees for ETH options and futures.
    """

    trade_ppm: int = 300
    delivery_ppm: int = 150
    cap_bps: int = 1_250
    forward_ppm: int = 500
    forward_delivery_ppm: int = 250

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value < 0:
                raise VenueTermsError(name=field.name, value=value, problem="it must be >= 0")


def trade_fee_atoms(
    fills: Iterable[LegFill], *, spot_atoms: int, base_decimals: int, terms: FeeTerms
) -> int:
    """Fee of dealing these legs, quote atoms, >= 0."""
    unit = 10**base_decimals
    return sum(
        _capped(fill, spot_atoms, terms.trade_ppm, terms.cap_bps, unit)
        if fill.leg.contract.kind.is_option
        else _share(fill, spot_atoms, terms.forward_ppm, unit)
        for fill in fills
    )


def delivery_fee_atoms(
    fills: Iterable[LegFill], *, settlement_atoms: int, base_decimals: int, terms: FeeTerms
) -> int:
    """Fee of settling these legs, quote atoms, >= 0; an option that pays nothing costs nothing."""
    unit = 10**base_decimals
    return sum(
        _capped(fill, settlement_atoms, terms.delivery_ppm, terms.cap_bps, unit)
        if fill.leg.contract.kind.is_option
        else _share(fill, settlement_atoms, terms.forward_delivery_ppm, unit)
        for fill in fills
    )


def _capped(fill: LegFill, underlying_atoms: int, ppm: int, cap_bps: int, unit: int) -> int:
    cap = mul_div_up(abs(fill.leg.quantity_atoms) * fill.price_atoms, cap_bps, BPS * unit)
    return min(_share(fill, underlying_atoms, ppm, unit), cap)


def _share(fill: LegFill, underlying_atoms: int, ppm: int, unit: int) -> int:
    return mul_div_up(abs(fill.leg.quantity_atoms) * underlying_atoms, ppm, MILLION * unit)
