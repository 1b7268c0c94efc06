"""What a hedge by options misses of a position's loss, bounded exactly over a range of prices.

The options' payoff is linear between strikes and the loss is concave, so their sum is concave
there: its least value is at a strike or an end, its largest where the slopes match. No grid is
trusted. Source: docs/maths.md section 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bot.core.checked import Floats, positive, price_range
from bot.core.claim import claim_payoff, liquidity_of
from bot.core.errors import OptionInputError
from bot.core.option_legs import Legs


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One LP position and the loss to be hedged: arguments of `claim_payoff`, single numbers."""

    entry: float
    lower: float = 0.0
    upper: float = np.inf
    notional: float = 1.0

    def __post_init__(self) -> None:
        positive("entry", self.entry)
        positive("notional", self.notional)
        price_range(self.lower, self.upper)

    def loss(self, price: ArrayLike) -> Floats:
        """Loss over entry value at these final prices, quote, <= 0, concave in price."""
        return claim_payoff(
            price, entry=self.entry, lower=self.lower, upper=self.upper, notional=self.notional
        )

    @property
    def liquidity(self) -> float:
        """Human units: base and quote tokens per unit of price's square root."""
        return liquidity_of(
            self.notional, entry=self.entry, lower=self.lower, upper=self.upper
        ).item()

    def price_where_slope(self, slope: Floats) -> Floats:
        """Where the loss has this slope, held within the range (it falls as price rises)."""
        held = np.clip(self.entry, self.lower, self.upper)
        with np.errstate(divide="ignore"):
            root = 1.0 / np.maximum(slope / self.liquidity + 1.0 / np.sqrt(held), 0.0)
            price: Floats = np.clip(root * root, self.lower, self.upper)
        return price


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualBounds:
    """The extremes of options' payoff plus loss over a range of final prices, and where they are.

    worst: the larger of both without sign, quote: what the hedge misses at the most.
    """

    lowest: float
    lowest_price: float
    highest: float
    highest_price: float

    @property
    def worst(self) -> float:
        """Quote, >= 0."""
        return max(-self.lowest, self.highest, 0.0)


def residual(price: ArrayLike, *, legs: Legs, position: Position) -> Floats:
    """Options' payoff plus loss at final prices, quote: below 0 the hedge pays too little."""
    return legs.payoff(price) + position.loss(price)


def residual_bounds(legs: Legs, position: Position, *, low: float, high: float) -> ResidualBounds:
    """The exact extremes of `residual` over final prices from `low` to `high`, both > 0."""
    nodes = segment_nodes(legs.strikes, position, low=low, high=high)
    tops = segment_tops(legs, position, nodes=nodes)
    at_nodes = residual(nodes, legs=legs, position=position)
    prices = np.concatenate([nodes, tops])
    values = np.concatenate([at_nodes, residual(tops, legs=legs, position=position)])
    least, most = np.argmin(values), np.argmax(values)
    return ResidualBounds(
        lowest=values[least].item(),
        lowest_price=prices[least].item(),
        highest=values[most].item(),
        highest_price=prices[most].item(),
    )


def segment_nodes(strikes: Floats, position: Position, *, low: float, high: float) -> Floats:
    """Both ends, and between them the strikes and the range's own ends, ascending."""
    positive("low", low)
    if not low < high < np.inf:
        raise OptionInputError(name="high", value=high, problem=f"it must be above {low}")
    inner = np.concatenate([strikes, [position.lower, position.upper]])
    return np.unique(np.concatenate([[low, high], inner[(inner > low) & (inner < high)]]))


def segment_tops(legs: Legs, position: Position, *, nodes: Floats) -> Floats:
    """Where the residual is largest between each two neighbours of `nodes`."""
    left, right = nodes[:-1], nodes[1:]
    rising = legs.is_call & (legs.strikes <= left[:, None])
    falling = ~legs.is_call & (legs.strikes >= right[:, None])
    slopes = (rising.astype(np.float64) - falling) @ legs.quantities
    return np.clip(position.price_where_slope(-slopes), left, right)
