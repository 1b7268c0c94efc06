"""A core position as plain numbers, for advice: what it is, what it earns, and what moving costs.

Everything that advice is weighed by is here; where the figures come from is not its concern.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

from bot.core.advice import Cost
from bot.core.amm import amount_out_down
from bot.core.pool_economics import Placed
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

        What the swap pays out is the pool's own integer; the fee is rounded up, the rest of the
        loss is slippage. Paying as much quote for base costs the same: x y = k is symmetric.

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
    """A watched pool in which the capital could be. Rates and volatility a year, fractions.

    vol, weighed_vol: as of the position itself. depth: without the position. pool_atoms: what lies
    in it, quote. is_trusted: whether its price may be acted on now.
    """

    pool: str
    fee_yield: float | None
    vol: float | None
    weighed_vol: float | None
    correlation: float | None
    depth: Depth
    pool_atoms: int
    is_trusted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CorePosition:
    """One position, as it is weighed.

    price: whole quote per whole base. value_atoms: quote, idle fees included. base_share: of the
    part that works, in base.
    lower, upper: ends of its range over the price now; 0 and infinity for the full range.
    pool_fee_bps: of the pool that is watched; fee_bps: of the tier that the position is in.
    core_atoms, money_atoms: all positions of this quote currency, and the money beside them.
    fee_yield: what the watched pool's LPs keep a year. vol: realised, irr, wacc: a year.
    weighed_vol: what losses are weighed by, the larger of realised and implied. None: not known.
    years: horizon. gas_atoms: of one transaction; None: not known.
    pool_atoms, others_atoms: what lies in the watched pool, and what of that is not the position's.
    fees_atoms, il_atoms: so far, the latter None where it is not told apart. idle_atoms: fees that
    do not work, all in quote. compounds: whether the pool puts them back itself. fee_factor: what
    its tier earns over what the watched pool does.
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
    weighed_vol: float | None
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
    def working_atoms(self) -> int:
        """What of the value works, quote."""
        return self.value_atoms - self.idle_atoms

    @property
    def base_atoms(self) -> int:
        """What of it is base, quote."""
        return self._in_base(self.working_atoms)

    @property
    def earns(self) -> float | None:
        """Fees a year that a full range of its tier keeps, a fraction."""
        return None if self.fee_yield is None else round(self.fee_yield * self.fee_factor, 6)

    def fee_rate(self, earns: float, placed: Placed, *, of_atoms: int | None = None) -> float:
        """Fees a year over what works, between the prices where it is placed.

        Its own liquidity shares them while it is in range: the pool is paid no more for it.
        of_atoms: what works, the whole value unless told otherwise.
        """
        working = self.value_atoms if of_atoms is None else of_atoms
        crowded = self.others_atoms + placed.density * working
        return earns * placed.work * self.pool_atoms / crowded

    @property
    def width(self) -> float:
        """Half-width of its range, wherever the price is: w of m / (1 + w) to m * (1 + w)."""
        return inf if self.is_full else sqrt(self.upper / self.lower) - 1.0

    def swap_to_change(self, change_atoms: int) -> Cost:
        """Of the base side of so many quote atoms more (> 0) or fewer (< 0) put to work in the
        range as it is; money is quote."""
        return self.depth.cost_of_swap(self._in_base(abs(change_atoms)))

    def swap_to_halves(self) -> Cost:
        """Of all of it, idle fees too, made half base and half quote: as both the full range is and
        any range around the price."""
        return self.depth.cost_of_swap(abs(self.base_atoms - self.value_atoms // 2))

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

    def _in_base(self, atoms: int) -> int:
        return mul_div_down(atoms, round(self.base_share * PPB), PPB)
