"""The position as it would be had the advice been followed, on paper, beside the real one.

It opens at the real position's value and is carried on by the watched pool's own fees: liquidity
is paid what as much liquidity in the pool was paid while the price is in its range. The real
position is never touched. docs/maths.md section 6.13.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, sqrt

from bot.core.advice import Action, Advice
from bot.core.advice_terms import AdviceTerms
from bot.core.amm import sqrt_k
from bot.core.basket import worth_of
from bot.core.canonical import Json
from bot.core.loss import PriceRange
from bot.core.pool_economics import tier_rates
from bot.core.pool_flow import flow_between
from bot.core.snapshot import PoolSpec, PoolState
from bot.core.units import BPS, carried
from bot.core.weighing import FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPosition:
    """Amounts in quote atoms, prices in quote atoms per base atom, liquidity in their root.

    pool: where it is now. start_atoms, start_lp: the real position's value, and what an LP atom of
    its pool was worth, when this one opened. fee_bps, fee_factor: its fee tier, and what as much
    liquidity earns there over what it earns in the watched pool. idle: fees not put back; fees: of
    all time. moved_atoms: put in from money (> 0) or taken out to it. costs_atoms: of all moves.
    """

    pool: str
    start_atoms: int
    start_lp: Fraction
    liquidity: float
    fee_bps: int
    fee_factor: float = 1.0
    lower: float = 0.0
    upper: float = inf
    idle: float = 0.0
    fees: float = 0.0
    moved_atoms: int = 0
    costs_atoms: int = 0
    moves: int = 0

    @property
    def span(self) -> PriceRange:
        """The prices between which it works."""
        return PriceRange(lower=self.lower, upper=self.upper)

    @property
    def is_full(self) -> bool:
        """Whether it works at every price."""
        return self.lower == 0.0 and self.upper == inf

    def compounds_in(self, spec: PoolSpec) -> bool:
        """Whether it is LP tokens of the watched pool, which puts its fees back itself."""
        return self.is_full and self.fee_bps == spec.fee_bps

    def value_atoms(self, price: float) -> int:
        """Idle fees included, rounded down."""
        return int(carried(self.liquidity * self.span.value(price) + self.idle))

    def base_share(self, price: float) -> float:
        """How much of the working part is in base."""
        return self.span.amounts(price)[0] * price / self.span.value(price)

    def alone_atoms(self, spec: PoolSpec, state: PoolState) -> int:
        """What the real position would be worth without a deposit or a withdrawal since."""
        return int(self.start_atoms * worth_of(spec, state).lp / self.start_lp)

    def gain_atoms(self, price: float, *, alone_atoms: int) -> int:
        """What following has brought above leaving the position alone, costs paid."""
        return self.value_atoms(price) - self.moved_atoms - alone_atoms

    def to_json(self, price: float, *, alone_atoms: int) -> Json:
        """For the record."""
        return {
            "pool": self.pool,
            "fee_bps": self.fee_bps,
            "lower": None if self.is_full else carried(self.lower / price),
            "upper": None if self.is_full else carried(self.upper / price),
            "value": str(self.value_atoms(price)),
            "moved": str(self.moved_atoms),
            "costs": str(self.costs_atoms),
            "moves": self.moves,
            "alone": str(alone_atoms),
            "gain": str(self.gain_atoms(price, alone_atoms=alone_atoms)),
        }


def price_of(spec: PoolSpec, state: PoolState) -> float:
    """Quote atoms per base atom."""
    base, quote = state.reserves(spec)
    price: float = quote / base
    return price


def opened(spec: PoolSpec, state: PoolState, *, value_atoms: int) -> PaperPosition:
    """A paper position where the real one stands."""
    price = price_of(spec, state)
    return PaperPosition(
        pool=spec.name,
        start_atoms=value_atoms,
        start_lp=worth_of(spec, state).lp,
        liquidity=carried(value_atoms / PriceRange().value(price)),
        fee_bps=spec.fee_bps,
    )


def earned(
    paper: PaperPosition, spec: PoolSpec, before: PoolState, after: PoolState, *, is_home: bool
) -> PaperPosition:
    """The position with what its pool's fees were between two states.

    is_home: whether that is the pool of the real position, whose liquidity is then not there twice:
    it is what has moved.
    """
    price = price_of(spec, after)
    others: float = sqrt_k((after.reserve0, after.reserve1))
    if is_home:
        others *= (after.total_supply - after.lp_balance) / after.total_supply
    if paper.compounds_in(spec):
        # LP tokens have grown beside the real position, left alone, or beside none.
        real = 0.0
        if is_home:
            real = paper.alone_atoms(spec, before) / paper.span.value(price_of(spec, before))
        diluted = (others + real) / (others + paper.liquidity)
        grown = carried(paper.liquidity * (1.0 + (_growth(spec, before, after) - 1.0) * diluted))
        fees = (grown - paper.liquidity) * paper.span.value(price)
        return replace(paper, liquidity=grown, fees=carried(paper.fees + fees))
    if not paper.lower < price < paper.upper:
        return paper
    share = paper.liquidity / (others + paper.liquidity)
    fees = flow_between(spec, before, after).lp_fees_atoms * share * paper.fee_factor
    return replace(paper, idle=carried(paper.idle + fees), fees=carried(paper.fees + fees))


def _growth(spec: PoolSpec, before: PoolState, after: PoolState) -> float:
    """What the root of k per LP token has become: those are worth 2 sqrt(k P), and without the
    price's part the root of k is left."""
    lp = worth_of(spec, after).lp / worth_of(spec, before).lp
    return sqrt(lp * lp * before.price(spec) / after.price(spec))


def followed(
    paper: PaperPosition,
    advice: Advice,
    terms: AdviceTerms,
    *,
    price: float,
    home: PoolSpec,
    target: tuple[PoolSpec, float] | None = None,
) -> PaperPosition:
    """The position after an action and its cost. price: of the pool that it leaves.

    home: that pool. target: the pool to go to, and its price.
    """
    value = paper.value_atoms(price) - advice.cost.atoms
    after = replace(
        paper, idle=0.0, costs_atoms=paper.costs_atoms + advice.cost.atoms, moves=paper.moves + 1
    )
    if advice.action in (Action.GROW, Action.SHRINK):
        amount = int(advice.target) * (1 if advice.action is Action.GROW else -1)
        after = replace(after, moved_atoms=paper.moved_atoms + amount)
        value += amount
    elif advice.action in (Action.NARROW, Action.WIDEN, Action.RECENTRE):
        lower, upper = 0.0, inf
        if advice.target != FULL:
            width = 1.0 + int(advice.target) / BPS
            lower, upper = carried(price / width), carried(price * width)
        after = replace(after, lower=lower, upper=upper)
    elif advice.action is Action.MOVE_TIER:
        bps = int(advice.target)
        after = replace(after, fee_bps=bps, fee_factor=_factor(advice, terms, home, bps))
    elif advice.action is Action.MIGRATE:
        assert target is not None, "a migration goes somewhere"
        spec, price = target
        after = replace(
            after, pool=spec.name, fee_bps=spec.fee_bps, fee_factor=1.0, lower=0.0, upper=inf
        )
    return replace(after, liquidity=carried(max(0, value) / after.span.value(price)))


def _factor(advice: Advice, terms: AdviceTerms, home: PoolSpec, other_bps: int) -> float:
    """What liquidity earns in the other tier over what it earns here, by the figures recorded."""
    fee_yield, vol = advice.numbers["fee_yield"], advice.numbers["vol"]
    assert isinstance(fee_yield, int | float), "a tier is weighed by its yield"
    assert isinstance(vol, int | float), "and by volatility"
    fees, _ = tier_rates(
        fee_yield=fee_yield, vol=vol, fee_bps=home.fee_bps, other_bps=other_bps,
        elasticity=terms.tier_elasticity_milli / 1_000, block_s=terms.block_ms / 1_000,
    )  # fmt: skip
    return carried(fees / fee_yield)
