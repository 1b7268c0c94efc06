"""How much of an instrument a layer buys: what the exposure calls for, then what may be spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp, sqrt

from bot.core.exposure import Exposure, il_atoms_at
from bot.core.instruments import INSTRUMENTS, instrument_legs, quantity_for_loss_up, unit_atoms
from bot.core.legs import largest_atoms
from bot.core.margin import worst_payoff_atoms
from bot.core.market import Market
from bot.core.orders import Leg
from bot.core.ports import Quoting
from bot.core.position import Lot
from bot.core.rules import Layer, SizeBy
from bot.core.unit_greeks import BILLION, structure_greeks
from bot.core.units import BPS, YEAR_S, mul_div_down, mul_div_up

SAMPLE_TOKENS = 1_000
"""Whole base tokens at which a structure is measured, so that lots of its legs round little."""

SHRINK_ATTEMPTS_MAX = 4
"""Sizes tried on the way down to what a purse can pay; fees are capped, so one or two do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """What a layer may spend now, quote atoms: what is left of its budget, free cash, and what the
    cap on exposure leaves to tie up in premium and margin; None for no cap. given_atoms: what its
    sleeve was given in all, by which `SizeBy.CAPITAL` sizes."""

    budget_atoms: int
    cash_atoms: int
    cap_atoms: int | None = None
    given_atoms: int = 0


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
        """Whether budget, cash and cap allow it."""
        return all(need <= have for need, have in self.needs(purse))

    @property
    def tied_atoms(self) -> int:
        """Premium paid and margin: what counts against the cap on exposure."""
        return max(0, self.outlay_atoms) + self.margin_atoms

    def needs(self, purse: Purse) -> Iterator[tuple[int, int]]:
        """(needed, there) for each limit that applies; a credit passes a budget of nothing."""
        yield self.outlay_atoms, purse.budget_atoms
        yield self.outlay_atoms + self.margin_atoms, purse.cash_atoms
        if purse.cap_atoms is not None:
            yield self.tied_atoms, purse.cap_atoms


def wanted_legs(
    layer: Layer,
    exposure: Exposure,
    lots: Sequence[Lot],
    market: Market,
    quoting: Quoting,
    *,
    given_atoms: int = 0,
) -> tuple[Leg, ...]:
    """The layer's legs at the size its exposure calls for, whole lots; () below one lot.

    Raises NotListedError when the venue lists no fitting strikes.
    """
    sigma = quoting.calm_vol(market, tenor_s=layer.tenor_s) * sqrt(layer.tenor_s / YEAR_S)
    expiry_s = quoting.expiry_near(market, tenor_s=layer.tenor_s)

    def legs_of(quantity_atoms: int) -> tuple[Leg, ...]:
        return instrument_legs(
            layer.instrument,
            quoting,
            market,
            quantity_atoms=quantity_atoms,
            offsets_bps=layer.offsets(sigma),
            expiry_s=expiry_s,
        )

    unit = unit_atoms(layer.instrument, market)
    sample_atoms = SAMPLE_TOKENS * unit
    if layer.size_by is SizeBy.BASE:
        wanted = mul_div_down(exposure.claim_base_atoms, layer.hedge_ratio_bps, BPS)
    elif layer.size_by is SizeBy.IL:
        wanted = _quantity_for_il(
            layer.hedge_ratio_bps,
            lots,
            market,
            stresses_bps=layer.stresses(sigma),
            sample=legs_of(sample_atoms),
        )
    elif layer.size_by is SizeBy.CAPITAL:
        tied = priced(legs_of(sample_atoms), market, quoting).tied_atoms
        share = mul_div_down(given_atoms, layer.hedge_ratio_bps, BPS)
        wanted = mul_div_down(share, sample_atoms, tied) if tied else 0
    elif layer.size_by is SizeBy.RISK:
        wanted = _quantity_for_risk(layer, exposure, market, quoting, legs_of(sample_atoms))
    else:
        base_atoms = _quantity_for_greek(layer, exposure, market, quoting, legs_of(sample_atoms))
        wanted = mul_div_down(base_atoms, unit, 10**market.base_decimals)
    on_index = INSTRUMENTS[layer.instrument].on_index
    quantity = quoting.quantity_down(market, quantity_atoms=wanted, on_index=on_index)
    return legs_of(quantity) if quantity else ()


def affordable(
    legs: Sequence[Leg], purse: Purse, market: Market, quoting: Quoting
) -> Ticket | None:
    """The largest ticket of these legs' shape that one order may have and the purse allows; None
    below one lot."""
    legs = _within_order(legs, market, quoting)
    for _ in range(SHRINK_ATTEMPTS_MAX):
        if not legs:
            return None
        ticket = priced(legs, market, quoting)
        if ticket.fits(purse):
            return ticket
        legs = _shrunk(ticket, purse, market, quoting)
    return None


def priced(legs: Sequence[Leg], market: Market, quoting: Quoting) -> Ticket:
    """The legs with what they would cost now."""
    cash, fee = quoting.quote_cash(legs, market)
    return Ticket(
        legs=tuple(legs),
        cash_atoms=cash,
        fee_atoms=fee,
        margin_atoms=quoting.margin_atoms(legs, market),
    )


def _shrunk(ticket: Ticket, purse: Purse, market: Market, quoting: Quoting) -> tuple[Leg, ...]:
    """The legs scaled down to the purse, in whole lots, at least one lot smaller than before."""
    share = min(
        Fraction(max(0, have), need) for need, have in ticket.needs(purse) if need > max(0, have)
    )
    return _scaled(ticket.legs, share, market, quoting)


def _within_order(legs: Sequence[Leg], market: Market, quoting: Quoting) -> Sequence[Leg]:
    """The legs, scaled down together until the venue deals in the largest of them at once."""
    if not legs:
        return legs
    most = quoting.quantity_max(market, on_index=legs[0].contract.kind.is_on_index)
    largest = largest_atoms(legs)
    return legs if largest <= most else _scaled(legs, Fraction(most, largest), market, quoting)


def _scaled(
    legs: Sequence[Leg], share: Fraction, market: Market, quoting: Quoting
) -> tuple[Leg, ...]:
    smaller = (
        Leg(contract=leg.contract, quantity_atoms=quantity if leg.quantity_atoms > 0 else -quantity)
        for leg in legs
        if (quantity := _shared(leg, share, market, quoting))
    )
    return tuple(smaller)


def _shared(leg: Leg, share: Fraction, market: Market, quoting: Quoting) -> int:
    wanted = abs(leg.quantity_atoms) * share.numerator // share.denominator
    on_index = leg.contract.kind.is_on_index
    return quoting.quantity_down(market, quantity_atoms=wanted, on_index=on_index)


def _quantity_for_il(
    ratio_bps: int,
    lots: Sequence[Lot],
    market: Market,
    *,
    stresses_bps: Sequence[int],
    sample: Sequence[Leg],
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
            sample,
            legs_atoms=SAMPLE_TOKENS * unit,
            loss_atoms=mul_div_up(max(0, further_loss), ratio_bps, BPS),
            stress_atoms=stressed_atoms,
            base_decimals=market.base_decimals,
        )
        quantity = max(quantity, needed or 0)
    return quantity


def _quantity_for_greek(
    layer: Layer,
    exposure: Exposure,
    market: Market,
    quoting: Quoting,
    sample: Sequence[Leg],
) -> int:
    """Base atoms whose delta, gamma or vega takes `hedge_ratio_bps` of the position's off.

    With x base tokens in the pool the position has delta x, spot * gamma -x/2, and by the expected
    IL over the tenor T a vega of -x * s T/2 * exp(-s^2 T/8) shares of spot, s the volatility asked.
    0 where the structure goes the wrong way. Source: docs/maths.md section 4.7.
    """
    found = structure_greeks(
        sample,
        lambda contract: quoting.greeks(contract, market),
        unit_atoms=unit_atoms(layer.instrument, market),
    )
    sample_ppb, position_ppb = {
        SizeBy.DELTA: (-found.delta_ppb, BILLION),
        SizeBy.GAMMA: (found.gamma_ppb, BILLION // 2),
        SizeBy.VEGA: (found.vega_ppb, _position_vega_ppb(layer, market, quoting)),
    }[layer.size_by]
    if sample_ppb <= 0:
        return 0
    target = mul_div_down(exposure.claim_base_atoms * position_ppb, layer.hedge_ratio_bps, BPS)
    return target * SAMPLE_TOKENS // sample_ppb


def _position_vega_ppb(layer: Layer, market: Market, quoting: Quoting) -> int:
    vol, years = quoting.atm_vol(market, tenor_s=layer.tenor_s), layer.tenor_s / YEAR_S
    return round(BILLION * 0.5 * vol * years * exp(-vol * vol * years / 8.0))


def _quantity_for_risk(
    layer: Layer,
    exposure: Exposure,
    market: Market,
    quoting: Quoting,
    sample: Sequence[Leg],
) -> int:
    """Base atoms of which the worst result at expiry, the margin if that is unbounded, is
    `hedge_ratio_bps` of the value at entry; 0 where nothing can be lost."""
    worst = worst_payoff_atoms(sample, base_decimals=market.base_decimals)
    loss = quoting.margin_atoms(sample, market) if worst is None else -worst
    if loss <= 0:
        return 0
    target = mul_div_down(exposure.entry_value_atoms, layer.hedge_ratio_bps, BPS)
    return mul_div_down(target, SAMPLE_TOKENS * 10**market.base_decimals, loss)
