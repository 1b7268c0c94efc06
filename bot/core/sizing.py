"""How much of an instrument a layer buys: what the exposure calls for, then what may be spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from bot.core.exposure import Exposure, il_atoms_at
from bot.core.instruments import instrument_legs, quantity_for_loss_up
from bot.core.market import Market
from bot.core.orders import Leg
from bot.core.ports import Quoting
from bot.core.position import Lot
from bot.core.rules import Layer, SizeBy
from bot.core.units import BPS, YEAR_S, mul_div_down, mul_div_up

SHRINK_ATTEMPTS_MAX = 4
"""Sizes tried on the way down to what a purse can pay; fees are capped, so one or two do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """What a layer may spend now, quote atoms: what is left of its budget, and free cash."""

    budget_atoms: int
    cash_atoms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Legs with what they would cost now, quote atoms. cash: signed, before fees."""

    legs: tuple[Leg, ...]
    cash_atoms: int
    fee_atoms: int
    margin_atoms: int

    @property
    def outlay_atoms(self) -> int:
        """Premium and fee: what counts against the budget; < 0 for a credit."""
        return self.fee_atoms - self.cash_atoms

    def fits(self, purse: Purse) -> bool:
        """Whether budget and cash allow it."""
        return (
            self.outlay_atoms <= purse.budget_atoms
            and self.outlay_atoms + self.margin_atoms <= purse.cash_atoms
        )


def wanted_legs(
    layer: Layer,
    exposure: Exposure,
    lots: Sequence[Lot],
    market: Market,
    quoting: Quoting,
) -> tuple[Leg, ...]:
    """The layer's legs at the size its exposure calls for, whole lots; () below one lot.

    Raises NotListedError when the venue lists no fitting strikes.
    """
    sigma = quoting.calm_vol(market, tenor_s=layer.tenor_s) * sqrt(layer.tenor_s / YEAR_S)
    expiry_s = quoting.expiry_near(market, tenor_s=layer.tenor_s)
    unit = 10**market.base_decimals

    def legs_of(quantity_atoms: int) -> tuple[Leg, ...]:
        return instrument_legs(
            layer.instrument,
            quoting,
            market,
            quantity_atoms=quantity_atoms,
            offsets_bps=layer.offsets(sigma),
            expiry_s=expiry_s,
        )

    if layer.size_by is SizeBy.DELTA:
        wanted = mul_div_down(exposure.claim_base_atoms, layer.hedge_ratio_bps, BPS)
    else:
        wanted = _quantity_for_il(
            layer.hedge_ratio_bps,
            lots,
            market,
            stresses_bps=layer.stresses(sigma),
            unit_legs=legs_of(unit),
        )
    quantity = quoting.quantity_down(market, quantity_atoms=wanted)
    return legs_of(quantity) if quantity else ()


def affordable(
    legs: Sequence[Leg], purse: Purse, market: Market, quoting: Quoting
) -> Ticket | None:
    """The largest ticket of these legs' shape that the purse allows; None below one lot."""
    for _ in range(SHRINK_ATTEMPTS_MAX):
        if not legs:
            return None
        ticket = _priced(legs, market, quoting)
        if ticket.fits(purse):
            return ticket
        legs = _shrunk(ticket, purse, market, quoting)
    return None


def _priced(legs: Sequence[Leg], market: Market, quoting: Quoting) -> Ticket:
    cash, fee = quoting.quote_cash(legs, market)
    return Ticket(
        legs=tuple(legs),
        cash_atoms=cash,
        fee_atoms=fee,
        margin_atoms=quoting.margin_atoms(legs, market),
    )


def _shrunk(ticket: Ticket, purse: Purse, market: Market, quoting: Quoting) -> tuple[Leg, ...]:
    """The legs scaled down to the purse, in whole lots, at least one lot smaller than before."""
    needs = (
        (ticket.outlay_atoms, purse.budget_atoms),
        (ticket.outlay_atoms + ticket.margin_atoms, purse.cash_atoms),
    )
    share = min(Fraction(max(0, have), need) for need, have in needs if need > max(0, have))
    smaller = (
        Leg(contract=leg.contract, quantity_atoms=quantity if leg.quantity_atoms > 0 else -quantity)
        for leg in ticket.legs
        if (quantity := _shared(leg, share, market, quoting))
    )
    return tuple(smaller)


def _shared(leg: Leg, share: Fraction, market: Market, quoting: Quoting) -> int:
    wanted = abs(leg.quantity_atoms) * share.numerator // share.denominator
    return quoting.quantity_down(market, quantity_atoms=wanted)


def _quantity_for_il(
    ratio_bps: int,
    lots: Sequence[Lot],
    market: Market,
    *,
    stresses_bps: Sequence[int],
    unit_legs: Sequence[Leg],
) -> int:
    """Base atoms so that the hedge pays `ratio_bps` of the further IL at each stress price.

    Stress prices at which the structure pays nothing are left to other layers.
    Source: docs/maths.md section 4.6, sizing by end points.
    """
    unit = 10**market.base_decimals
    il_now = il_atoms_at(lots, price=Fraction(market.spot_atoms, unit))
    quantity = 0
    for stress_bps in stresses_bps:
        stressed_atoms = mul_div_down(market.spot_atoms, BPS + stress_bps, BPS)
        further_loss = il_now - il_atoms_at(lots, price=Fraction(stressed_atoms, unit))
        needed = quantity_for_loss_up(
            unit_legs,
            loss_atoms=mul_div_up(max(0, further_loss), ratio_bps, BPS),
            stress_atoms=stressed_atoms,
            base_decimals=market.base_decimals,
        )
        quantity = max(quantity, needed or 0)
    return quantity
