"""A core position as plain numbers, for advice: what it is, what it earns, and what moving costs.

Everything that advice is weighed by is here; where the figures come from is not its concern.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

from bot.core.advice import Cost
from bot.core.amm import amount_out_down
from bot.core.units import BPS, mul_div_down, mul_div_up

PPB = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """What a swap meets: reserves of a pool without the position itself, atoms, and its fee."""

    base_atoms: int
    quote_atoms: int
    fee_bps: int

    def cost_of_swap(self, value_atoms: int) -> Cost:
        """Fee and slippage of swapping base that is worth so many quote atoms at the margin.

        Buying as much costs the same to within the square of its share. What the swap pays out is
        the pool's own integer; the fee is rounded up, the rest of the loss is slippage.

        >>> Depth(base_atoms=1_000_000, quote_atoms=2_000_000, fee_bps=30).cost_of_swap(20_000)
        Cost(gas_atoms=0, fee_atoms=60, slippage_atoms=197)
        """
        base_atoms = mul_div_down(value_atoms, self.base_atoms, self.quote_atoms)
        if base_atoms <= 0:
            return Cost()
        out = amount_out_down(
            base_atoms,
            reserve_in=self.base_atoms,
            reserve_out=self.quote_atoms,
            fee_bps=self.fee_bps,
        )
        fee = mul_div_up(value_atoms, self.fee_bps, BPS)
        return Cost(fee_atoms=fee, slippage_atoms=max(0, value_atoms - out - fee))


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A watched pool to which the capital could go. Rates and volatility a year, fractions.
    pool_atoms: what lies in it, quote."""

    pool: str
    fee_yield: float | None
    vol: float | None
    correlation: float | None
    depth: Depth
    pool_atoms: int

    def fee_rate(self, earns: float, *, value_atoms: int) -> float:
        """Fees a year over so much more value, full range."""
        return earns * self.pool_atoms / (self.pool_atoms + value_atoms)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorePosition:
    """One position, as it is weighed.

    price: whole quote per whole base. value_atoms: quote. base_share: of that value, in base.
    lower, upper: ends of its range over the price now; 0 and infinity for the full range.
    pool_fee_bps: of the pool that is watched; fee_bps: of the tier that the position is in.
    core_atoms, money_atoms: all positions of this quote currency, and the money beside them.
    fee_yield: what the watched pool's LPs keep a year. vol, irr, wacc: a year. None: not known.
    years: horizon. gas_atoms: of one transaction; None: not known.
    pool_atoms, others_atoms: what lies in the watched pool, and what of that is not the position's.
    fees_atoms, il_atoms: so far, the latter None where it is not told apart. idle_atoms: fees that
    do not work. compounds: whether the pool puts them back itself. fee_factor: what its tier earns
    over what the watched pool does.
    """

    pool: str
    price: float
    value_atoms: int
    pool_atoms: int
    others_atoms: int
    base_share: float
    core_atoms: int
    money_atoms: int
    pool_fee_bps: int
    fee_bps: int
    fee_yield: float | None
    vol: float | None
    irr: float | None
    wacc: float | None
    years: float
    gas_atoms: int | None
    depth: Depth
    fees_atoms: int
    il_atoms: int | None
    others: tuple[Other, ...] = ()
    lower: float = 0.0
    upper: float = inf
    idle_atoms: int = 0
    compounds: bool = True
    fee_factor: float = 1.0

    @property
    def is_full(self) -> bool:
        """Whether it works at every price."""
        return self.lower == 0.0 and self.upper == inf

    @property
    def earns(self) -> float | None:
        """Fees a year that a full range of its tier keeps, a fraction."""
        return None if self.fee_yield is None else round(self.fee_yield * self.fee_factor, 6)

    def fee_rate(self, earns: float, work: float) -> float:
        """Fees a year over the value, when the position works so many times as a full range does.

        Its own liquidity shares them: the pool is paid no more for it.
        """
        crowded = self.others_atoms + work * self.value_atoms
        return earns * work * self.pool_atoms / crowded

    @property
    def width(self) -> float:
        """Half-width of its range: w of spot / (1 + w) to spot * (1 + w)."""
        return inf if self.is_full else sqrt(self.upper / self.lower) - 1.0

    def gas(self, transactions: int) -> Cost | None:
        """Of so many transactions."""
        if self.gas_atoms is None:
            return None
        return Cost(gas_atoms=transactions * self.gas_atoms)

    def yearly(self, rate: float, *, of_atoms: int | None = None) -> int:
        """A rate a year as quote atoms, of the position's value unless told otherwise.

        The rate leaves the float island as a whole number of billionths.
        """
        whole = self.value_atoms if of_atoms is None else of_atoms
        return mul_div_down(whole, round(rate * PPB), PPB)
