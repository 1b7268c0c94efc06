"""A scripted world as data: pools with the prices they are to follow, and what happens when.

Time is counted in steps; step 0 funds the pools and every later step is one block, unless the
chain stalls. Chance is a digest of its cause (seed, pool, step, what for), so that the same file
is the same world on every machine and on every engine. scenarios/README.md explains the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import pairwise
from math import exp, log, prod, sqrt
from statistics import NormalDist
from typing import TypeAlias

from bot.core.canonical import digest
from bot.core.feeds import NO_FEEDS, FeedTimeline
from bot.core.surface_source import SurfaceSource
from bot.core.units import YEAR_S

DRAW_RANGE = 2**52
"""Draws are whole numbers below this: 13 hex digits of a digest, exact as a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knot:
    """The price that a pool is to have at a step, whole quote tokens per whole base token."""

    step: int
    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """From `step` on noise traders trade so much a day, of the reserves, both ways together."""

    step: int
    bps_per_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolScript:
    """One pool of a scenario.

    name: BASE-QUOTE. reserve_base_atoms: first deposit; its quote side follows from the price.
    path: knots from step 0 to the last step; geometric in between.
    product_of: pools whose prices multiply into this one's; the path is then the factor besides.
    vol: annualised volatility of the noise around the path, a fraction, pinned to 0 at the knots.
    turnover: what noise traders trade, from step 0 on, each until the next.
    owner_share_bps: the watched owner's share of the first deposit; outsiders own the rest.
    quoted_as: the venue's preset for this pair, by name. surface: a chain to fit instead of the
    preset's surface. hedged: False for a pool that is only watched.
    """

    name: str
    base_symbol: str
    base_decimals: int
    quote_symbol: str
    quote_decimals: int
    reserve_base_atoms: int
    path: tuple[Knot, ...]
    product_of: tuple[str, ...]
    vol: float
    turnover: tuple[Turnover, ...]
    owner_share_bps: int
    quoted_as: str
    surface: SurfaceSource | None = None
    hedged: bool = True

    def turnover_bps_per_day(self, step: int) -> int:
        """What noise traders trade a day at this step, bps of the reserves."""
        return next(part.bps_per_day for part in reversed(self.turnover) if part.step <= step)


class LiquidityMove(Enum):
    """What the owner does with liquidity; the share that a cue moves is a share of what follows."""

    DEPOSIT = "deposit"  # of the pool's reserves
    WITHDRAW = "withdraw"  # of the owner's LP tokens
    SEND = "send"  # of the owner's LP tokens, to the outsiders
    RECEIVE = "receive"  # of all LP tokens, from the outsiders


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityCue:
    """At `step` the owner moves `share_bps` of what the move's kind says."""

    step: int
    pool: str
    move: LiquidityMove
    share_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeCue:
    """At `step` the factory's protocol fee is turned on or off, for all its pools."""

    step: int
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorgCue:
    """Before `step` the last `depth` blocks are replaced by others, with other noise trades."""

    step: int
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StallCue:
    """From `step` on, `steps` steps pass without a block."""

    step: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PushCue:
    """At `step`, last in the block, an attacker swaps until the price is `move_bps` away.

    blocks: how many blocks end at the pushed price, each pushed anew; the attacker then swaps
    back, first in the next block, all that the swap brought. 0: in the same block.
    victim_bps: with 0 blocks, what a victim swaps the same way in between, of the input side.
    """

    step: int
    pool: str
    move_bps: int
    blocks: int = 0
    victim_bps: int = 0

    def pushes(self, step: int) -> bool:
        """Whether the price is pushed at this step."""
        return self.step <= step < self.step + max(1, self.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinCue:
    """At `step` all other LPs withdraw all but `share_bps`; `steps` later they are back."""

    step: int
    pool: str
    share_bps: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleCue:
    """From `step` on, for `steps` steps, whoever reads sees the chain as it was before."""

    step: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCue:
    """At `step` the multisig opens the second engine's gate for `span_s`; 0 shuts it."""

    step: int
    span_s: int


Cue: TypeAlias = (
    LiquidityCue | FeeCue | ReorgCue | StallCue | PushCue | ThinCue | StaleCue | GateCue
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole script. start_s: unix time of step 0. cues: in the order of their steps.

    feeds: what the world beside the pools says, by block time, the same on every engine.
    rules: name of the shipped rule file that it is played with unless told otherwise.
    """

    name: str
    title: str
    description: str
    seed: int
    start_s: int
    step_s: int
    steps_count: int
    pools: tuple[PoolScript, ...]
    cues: tuple[Cue, ...] = ()
    feeds: FeedTimeline = NO_FEEDS
    rules: str = "starter"

    def time_s(self, step: int, *, branch: int = 0) -> int:
        """Unix time of a step's block. A branch is a second late, so that its blocks are others.

        branch: how many reorgs the step was played after.
        """
        return self.start_s + step * self.step_s + branch

    def stalls(self, step: int) -> bool:
        """Whether no block is made at this step."""
        return any(
            isinstance(cue, StallCue) and cue.step <= step < cue.step + cue.steps
            for cue in self.cues
        )

    def last_block_step(self, step: int) -> int:
        """The last step before this one that made a block; step 0 always did."""
        return next(last for last in range(step - 1, -1, -1) if not self.stalls(last))

    def is_stale(self, step: int) -> bool:
        """Whether the chain's readers are cut off from what this step makes."""
        return any(
            isinstance(cue, StaleCue) and cue.step <= step < cue.step + cue.steps
            for cue in self.cues
        )

    def reorg_depth(self, step: int) -> int:
        """How many blocks are replaced before this step; 0 for none."""
        return sum(cue.depth for cue in self.cues if isinstance(cue, ReorgCue) and cue.step == step)

    def branch(self, step: int) -> int:
        """How many reorgs have happened when this step is first played."""
        return sum(isinstance(cue, ReorgCue) and cue.step <= step for cue in self.cues)

    @property
    def reads_old_blocks(self) -> bool:
        """Whether blocks must stay readable when others have come after them."""
        return any(isinstance(cue, ReorgCue | StaleCue) for cue in self.cues)

    @property
    def has_gate(self) -> bool:
        """Whether there is a gate of the second engine on this world's chain."""
        return any(isinstance(cue, GateCue) for cue in self.cues)

    @property
    def reorg_depth_max(self) -> int:
        """How many blocks the chain must be able to go back; 0 for none."""
        return max((cue.depth for cue in self.cues if isinstance(cue, ReorgCue)), default=0)


def draw(*cause: str | int) -> int:
    """A whole number from 0 to DRAW_RANGE - 1 by chance, the same for the same cause."""
    return int(digest("draw", *cause)[:13], 16)


def draw_normal(*cause: str | int) -> float:
    """A standard normal number by chance, the same for the same cause."""
    return NormalDist().inv_cdf((draw(*cause) + 0.5) / DRAW_RANGE)


def price_paths(scenario: Scenario) -> Mapping[str, tuple[Fraction, ...]]:
    """The price of every pool at every step from 0, in quote atoms per base atom.

    Prices leave the float island rounded to 9 significant digits, so that a last bit that another
    machine's exp or log gives otherwise changes nothing.
    """
    factors: dict[str, tuple[float, ...]] = {}
    prices: dict[str, tuple[Fraction, ...]] = {}
    for pool in scenario.pools:
        own = _own_path(scenario, pool)
        others = [factors[name] for name in pool.product_of]
        factors[pool.name] = tuple(prod(column) for column in zip(own, *others, strict=True))
        scale = Fraction(10**pool.quote_decimals, 10**pool.base_decimals)
        prices[pool.name] = tuple(Fraction(f"{price:.8e}") * scale for price in factors[pool.name])
    return prices


def _own_path(scenario: Scenario, pool: PoolScript) -> tuple[float, ...]:
    """A pool's own factor at every step: exp of a Brownian bridge from knot to knot."""
    sigma_step = pool.vol * sqrt(scenario.step_s / YEAR_S)
    prices = [pool.path[0].price]
    for left, right in pairwise(pool.path):
        span = right.step - left.step
        walk = [0.0]
        for step in range(left.step + 1, right.step + 1):
            walk.append(walk[-1] + draw_normal(scenario.seed, pool.name, step, "price"))
        slope = log(right.price / left.price) / span
        for passed in range(1, span):
            bridge = walk[passed] - walk[span] * passed / span
            prices.append(left.price * exp(slope * passed + sigma_step * bridge))
        prices.append(right.price)
    return tuple(prices)
