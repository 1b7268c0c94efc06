"""What an LP position is worth and why: claim, three losses and fees, exact in quote atoms.

IL against holding, the price exposure of the tokens paid in, and the fees add up to the funded
profit or loss, always and to the atom. The entry is kept by lots, so a deposit or a withdrawal
is neither. docs/maths.md section 1 tells the formulas; bot/core/loss.py has them in floats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from bot.core.amm import Pair, burn_amounts_down, protocol_fee_liquidity_down
from bot.core.errors import AmmRefusal, PositionMismatchError
from bot.core.position import Lot, Position
from bot.core.snapshot import PoolSpec, PoolState
from bot.core.units import BPS, mul_div_down


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """Lots at one price, fees left out, in quote atoms.

    hold_atoms: the tokens paid in, had they been kept.
    value_without_fees_atoms: the LP position, had nobody paid a fee.
    entry_atoms: the tokens paid in, each lot at its own entry price.
    """

    hold_atoms: int
    value_without_fees_atoms: int
    entry_atoms: int

    @property
    def il_atoms(self) -> int:
        """Impermanent loss against holding, <= 0."""
        return self.value_without_fees_atoms - self.hold_atoms

    @property
    def price_exposure_atoms(self) -> int:
        """What holding the tokens paid in has gained or lost since entry."""
        return self.hold_atoms - self.entry_atoms


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A position at one block. Values in quote atoms at the exact marginal price.

    claim_*: what the chain would pay out if all LP tokens were burnt in this block.
    entry_*_atoms: what was paid in for the LP tokens held, summed over lots.
    lp_value, hold_value, entry_value, value_without_fees: see `exposure_of`.
    funded_pnl_atoms == price_exposure_atoms + il_atoms + fees_atoms.
    il_vs_hold: il / hold value. loss_vs_entry_hold: il / entry value (borrowed LP).
    funded_pnl: funded_pnl_atoms / entry value, fees included. Fractions, 12 digits.
    il_bps: il_vs_hold in bps, 6 decimals.
    delta_base: base tokens that the position stands for, whole tokens. gamma_base: its change per
    unit of price (quote tokens per base token), <= 0.
    """

    pool: str
    claim_base_atoms: int
    claim_quote_atoms: int
    entry_base_atoms: int
    entry_quote_atoms: int
    lp_value_atoms: int
    hold_value_atoms: int
    entry_value_atoms: int
    value_without_fees_atoms: int
    price_exposure_atoms: int
    il_atoms: int
    fees_atoms: int
    funded_pnl_atoms: int
    il_vs_hold: float
    il_bps: float
    loss_vs_entry_hold: float
    funded_pnl: float
    delta_base: float
    gamma_base: float

    @property
    def has_entry_price(self) -> bool:
        """Whether both tokens were paid in: dust that somebody sent may have cost nothing."""
        return bool(self.entry_base_atoms and self.entry_quote_atoms)


def exposure_of(spec: PoolSpec, state: PoolState, position: Position) -> Exposure:
    """Measure a position at one block.

    lp_value: the claim, its base side at the marginal price and rounded down. The other values
    are those of `valuation_at` at the same price. fees: what the claim is worth above the LP
    position without fees, that is the growth of sqrt(k) per LP token since each lot's entry, net
    of the protocol's share; rounding, and what a careless deposit gave away, can bring it below 0.
    """
    if state.lp_balance != position.lp_atoms:
        raise PositionMismatchError(
            pool=spec.name, balance=state.lp_balance, held=position.lp_atoms
        )
    price = state.price(spec)
    claim_base, claim_quote = claim_down(spec, state)
    at_price = valuation_at(position.lots, price=price)
    lp_value = claim_quote + _times_down(claim_base, price)
    funded_pnl = lp_value - at_price.entry_atoms
    base_unit, quote_unit = 10**spec.base.decimals, 10**spec.quote.decimals
    return Exposure(
        pool=spec.name,
        claim_base_atoms=claim_base,
        claim_quote_atoms=claim_quote,
        entry_base_atoms=sum(lot.base_atoms for lot in position.lots),
        entry_quote_atoms=sum(lot.quote_atoms for lot in position.lots),
        lp_value_atoms=lp_value,
        hold_value_atoms=at_price.hold_atoms,
        entry_value_atoms=at_price.entry_atoms,
        value_without_fees_atoms=at_price.value_without_fees_atoms,
        price_exposure_atoms=at_price.price_exposure_atoms,
        il_atoms=at_price.il_atoms,
        fees_atoms=lp_value - at_price.value_without_fees_atoms,
        funded_pnl_atoms=funded_pnl,
        il_vs_hold=_fraction(at_price.il_atoms, at_price.hold_atoms),
        il_bps=round(_fraction(at_price.il_atoms * BPS, at_price.hold_atoms), 6),
        loss_vs_entry_hold=_fraction(at_price.il_atoms, at_price.entry_atoms),
        funded_pnl=_fraction(funded_pnl, at_price.entry_atoms),
        delta_base=_rounded(claim_base / base_unit),
        # base tokens / (2 * price), both in whole tokens, as one division of whole numbers
        gamma_base=_rounded(
            -(
                (claim_base * price.denominator * quote_unit)
                / (2 * price.numerator * base_unit * base_unit)
            )
        ),
    )


def claim_down(spec: PoolSpec, state: PoolState) -> Pair:
    """(base, quote) atoms paid out if the owner's LP tokens were burnt in this block.

    The protocol's pending liquidity is minted first, as the pair does while the fee is on. A
    claim so small that the pair refuses the burn is worth nothing. Tokens sent to the pair past
    its reserves, which a burn would share out too, are not counted.
    """
    reserves = state.reserves(spec)
    pending = (
        protocol_fee_liquidity_down(reserves, k_last=state.k_last, total_supply=state.total_supply)
        if state.fee_on
        else 0
    )
    supply = state.total_supply + pending
    if not state.lp_balance or state.lp_balance * min(reserves) < supply:
        return 0, 0
    return burn_amounts_down(state.lp_balance, reserves=reserves, total_supply=supply)


def valuation_at(lots: Iterable[Lot], *, price: Fraction) -> Valuation:
    """Lots at any price, without fees: for the position as it stands and for stress prices.

    price: quote atoms per base atom, > 0.
    Per lot with b base and q quote atoms paid in: hold = q + floor(b*price);
    without fees = floor(2*sqrt(b*q*price)), the floor of the exact root; entry = 2*q, because the
    entry price is the lot's own ratio q/b and q + b*(q/b) = 2*q. Sums are over lots, but hold
    takes its floor over the sum of b. As 2*sqrt(xy) <= x + y and floors keep order, IL <= 0.

    >>> lot = Lot(id="", lp_atoms=1, base_atoms=100, quote_atoms=100, block_number=0, time_s=0)
    >>> valuation_at((lot,), price=Fraction(4)).il_atoms
    -100
    """
    if price <= 0:
        raise AmmRefusal(reason=f"price {price} is not above zero")
    base_sum = quote_sum = without_fees = 0
    for lot in lots:
        base_sum += lot.base_atoms
        quote_sum += lot.quote_atoms
        without_fees += isqrt(_times_down(4 * lot.base_atoms * lot.quote_atoms, price))
    return Valuation(
        hold_atoms=quote_sum + _times_down(base_sum, price),
        value_without_fees_atoms=without_fees,
        entry_atoms=2 * quote_sum,
    )


def il_atoms_at(lots: Iterable[Lot], *, price: Fraction) -> int:
    """Impermanent loss of lots at another price, in quote atoms, <= 0: sizes a hedge."""
    return valuation_at(lots, price=price).il_atoms


def _times_down(atoms: int, price: Fraction) -> int:
    return mul_div_down(atoms, price.numerator, price.denominator)


def _fraction(part: int, whole: int) -> float:
    """Part / whole correctly rounded and then cut to 12 digits; 0 of an empty position."""
    return _rounded(part / whole) if whole else 0.0


def _rounded(value: float) -> float:
    """A float leaving its island: 12 significant digits, the same on every machine."""
    return float(f"{value:.12g}")
