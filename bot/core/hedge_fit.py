"""The best portfolio of listed options against a position's loss, as a small convex programme.

What is bought costs the ask, what is sold brings the bid, and a premium budget holds. At the
horizon an option counts with its payoff; one that expires later counts with its intrinsic value,
which is the least that it can be worth (European, zero rates), and so may be bought but not sold.
Solved by HiGHS (minimax, shortfall) or by bounded least squares, both of scipy; the worst residual
is then bounded exactly. Source: docs/maths.md section 2.4; docs/adr/0015-best-hedge.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from bot.core.checked import Floats, not_negative, positive
from bot.core.convex import least_squares, linear
from bot.core.errors import HedgeFitError, OptionInputError
from bot.core.offers import Offers
from bot.core.option_legs import Legs, unit_payoffs
from bot.core.residual import (
    Position,
    ResidualBounds,
    residual_bounds,
    segment_nodes,
    segment_tops,
)

ROUNDS_MAX = 60
TOLERANCE = 1e-8
"""Of the largest loss: when cuts stop, and how far the cheapest portfolio may be from the best."""
NODES_A_SEGMENT = 6
TENOR_SLACK_YEARS = 1e-9
"""A third of a second: an expiry so near to the horizon is the horizon."""


class Objective(Enum):
    """What is made small over the range of prices."""

    MINIMAX = "minimax"  # the largest residual, too little or too much
    SHORTFALL = "shortfall"  # the largest residual below 0; too much pay is no fault
    LEAST_SQUARES = "least_squares"  # the integral of the squared residual over price


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeTerms:
    """What may be dealt. Prices are quote per base.

    low, high: final prices to be covered, 0 < low < high. years: the horizon. budget: most net
    premium, quote, >= 0; infinite: no limit. long_only: sell nothing; else what is sold is covered
    by what is bought: outside low to high the portfolio never owes money. quantity_max: most of
    one option, base, bought or sold, >= 0.
    """

    low: float
    high: float
    years: float
    budget: float = np.inf
    long_only: bool = True
    quantity_max: float = np.inf

    def __post_init__(self) -> None:
        positive("low", self.low)
        not_negative("years", self.years)
        if not self.low < self.high < np.inf:
            raise OptionInputError(
                name="high", value=self.high, problem=f"it must be above {self.low}"
            )
        for name in ("budget", "quantity_max"):
            value = getattr(self, name)
            if not value >= 0.0:
                raise OptionInputError(name=name, value=value, problem="it must be 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeFit:
    """A portfolio. quantities: base by offer, > 0 bought. cost: net premium paid, quote.

    legs: the offers dealt, and counted with what they pay at the horizon. bounds: the exact
    extremes of the residual over the range, premium not counted.
    """

    quantities: Floats
    cost: float
    legs: Legs
    bounds: ResidualBounds


def best_hedge(
    offers: Offers, position: Position, *, terms: HedgeTerms, objective: Objective
) -> HedgeFit:
    """The portfolio with the least residual; of several as good, the cheapest."""
    programme = _Programme.of(offers, position, terms)
    if objective is Objective.LEAST_SQUARES:
        dealt = _least_squares(programme)
    else:
        dealt = _minimax(programme, is_two_sided=objective is Objective.MINIMAX)
    quantities = programme.net(dealt)
    return HedgeFit(
        quantities=quantities,
        cost=programme.cost(quantities),
        legs=programme.legs(quantities),
        bounds=residual_bounds(
            programme.legs(quantities), position, low=terms.low, high=terms.high
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Programme:
    """The hedge in the solver's units: money in the largest loss of the range, prices in entries.

    Variables: what is bought of each offer, then what is sold, all from 0 to `most`.
    unit: quote, the largest loss; the notional where there is none.
    """

    offers: Offers
    position: Position
    terms: HedgeTerms
    nodes: Floats
    most: Floats
    unit: float

    @classmethod
    def of(cls, offers: Offers, position: Position, terms: HedgeTerms) -> _Programme:
        # The loss is concave, and 0 at entry: it is largest at an end.
        unit = -np.min(position.loss([terms.low, terms.high])).item() or position.notional
        size = terms.quantity_max * position.entry / unit
        is_late = offers.years > terms.years + TENOR_SLACK_YEARS
        is_early = offers.years < terms.years - TENOR_SLACK_YEARS
        may_sell = ~is_late & ~is_early & (offers.bids > 0.0) & (not terms.long_only)
        if np.all(is_early):
            raise HedgeFitError(problem=f"every offer expires before {terms.years} years")
        return cls(
            offers=offers,
            position=position,
            terms=terms,
            nodes=segment_nodes(offers.strikes, position, low=terms.low, high=terms.high),
            most=np.concatenate([np.where(is_early, 0.0, size), np.where(may_sell, size, 0.0)]),
            unit=unit,
        )

    def rows(self, prices: Floats) -> Floats:
        """Payoff of every variable at final prices."""
        one = unit_payoffs(prices, is_call=self.offers.is_call, strikes=self.offers.strikes)
        return np.hstack([one, -one]) / self.position.entry

    def loss(self, prices: Floats) -> Floats:
        """The loss to be covered, >= 0."""
        return -self.position.loss(prices) / self.unit

    @property
    def never_below(self) -> Floats:
        """Rows that must stay at 0 or more: payoff outside the range, and its slope beyond it all.

        Payoff is linear between strikes, so the range's ends, the strikes outside, 0 and the last
        slope tell all.
        """
        strikes, is_call = self.offers.strikes, self.offers.is_call
        outside = strikes[(strikes < self.terms.low) | (strikes > self.terms.high)]
        nodes = np.unique(np.append(outside, [0.0, self.terms.low, self.terms.high]))
        slope = is_call.astype(np.float64)
        return np.vstack([self.rows(nodes), np.append(slope, -slope)])

    @property
    def prices(self) -> Floats:
        """What every variable costs."""
        return np.concatenate([self.offers.asks, -self.offers.bids]) / self.position.entry

    @property
    def budget(self) -> float:
        """Most net premium."""
        return self.terms.budget / self.unit

    def net(self, dealt: Floats) -> Floats:
        """Signed quantities in base; an option bought and sold at once is dealt for the rest."""
        bought, sold = np.split(dealt, 2)
        scale = self.unit / self.position.entry
        signed = (bought - sold) * scale
        return np.where(np.abs(signed) > TOLERANCE * scale, signed, 0.0)

    def cost(self, quantities: Floats) -> float:
        """Quote: asks for what is bought, bids for what is sold."""
        offers = self.offers
        each = quantities * np.where(quantities > 0.0, offers.asks, offers.bids)
        return np.sum(each).item()

    def legs(self, quantities: Floats) -> Legs:
        """The offers with a quantity."""
        held = quantities != 0.0
        return Legs(
            is_call=self.offers.is_call[held],
            strikes=self.offers.strikes[held],
            quantities=quantities[held],
        )


def _minimax(programme: _Programme, *, is_two_sided: bool) -> Floats:
    """The least largest miss, then the cheapest portfolio that misses no more."""
    cuts = (programme.nodes[:-1] + programme.nodes[1:]) / 2.0 if is_two_sided else None
    _, miss, cuts = _cut(programme, cuts, miss_max=None)
    cheapest, _, _ = _cut(programme, cuts, miss_max=miss + 2.0 * TOLERANCE)
    return cheapest


def _cut(
    programme: _Programme, cuts: Floats | None, *, miss_max: float | None
) -> tuple[Floats, float, Floats | None]:
    """(variables, largest miss, cuts) by cutting planes.

    The residual is least at a node and largest where slopes match. Nodes are constraints from the
    start; tops of a solution that stand out become constraints of the next, until none does.
    cuts: final prices at which the options must not pay too much; None: they may, everywhere.
    """
    for _ in range(ROUNDS_MAX):
        dealt, miss = _linear(programme, cuts, miss_max=miss_max)
        if cuts is None:
            return dealt, miss, None
        legs = programme.legs(programme.net(dealt))
        tops = segment_tops(legs, programme.position, nodes=programme.nodes)
        over = programme.rows(tops) @ dealt - programme.loss(tops)
        limit = (miss if miss_max is None else miss_max) + TOLERANCE
        if np.max(over) <= limit:
            return dealt, miss, cuts
        cuts = np.concatenate([cuts, tops[over > limit]])
    raise HedgeFitError(problem=f"no end to the cuts after {ROUNDS_MAX} rounds")


def _linear(
    programme: _Programme, cuts: Floats | None, *, miss_max: float | None
) -> tuple[Floats, float]:
    """(variables, largest miss): the least miss, or the least cost within `miss_max`."""
    nodes = programme.nodes
    below, ones = -programme.rows(nodes), np.ones(nodes.size)
    owed = -programme.never_below
    rows = [np.column_stack([below, -ones]), np.column_stack([owed, np.zeros(len(owed))])]
    limits = [-programme.loss(nodes), np.zeros(len(owed))]
    if cuts is not None:
        prices = np.concatenate([nodes, cuts])
        rows.append(np.column_stack([programme.rows(prices), -np.ones(prices.size)]))
        limits.append(programme.loss(prices))
    if programme.budget < np.inf:
        rows.append(np.append(programme.prices, 0.0)[None, :])
        limits.append(np.array([programme.budget]))
    goal = np.append(programme.prices, 0.0)
    if miss_max is None:
        goal = np.append(np.zeros(programme.prices.size), 1.0)
    solution = linear(
        goal,
        np.vstack(rows),
        np.concatenate(limits),
        most=np.append(programme.most, np.inf if miss_max is None else miss_max),
    )
    return solution[:-1], solution[-1].item()


def _least_squares(programme: _Programme) -> Floats:
    """The least integral of the squared residual, then the cheapest portfolio that pays the same.

    The integral by Gauss-Legendre between nodes.
    """
    abscissae, weights = np.polynomial.legendre.leggauss(NODES_A_SEGMENT)
    half = np.diff(programme.nodes)[:, None] / 2.0
    prices = (programme.nodes[:-1, None] + half + half * abscissae).ravel()
    roots = np.sqrt((half * weights).ravel() / (programme.terms.high - programme.terms.low))
    owed = programme.never_below
    floors, wanted = [owed], [np.zeros(len(owed))]
    if programme.budget < np.inf:
        floors.append(-programme.prices[None, :])
        wanted.append(np.array([-programme.budget]))
    dealt = least_squares(
        roots[:, None] * programme.rows(prices),
        roots * programme.loss(prices),
        floors=np.vstack(floors),
        floor_limits=np.concatenate(wanted),
        most=programme.most,
    )
    pays = programme.rows(programme.nodes)
    return linear(
        programme.prices,
        np.vstack([pays, -pays, -owed]),
        np.concatenate([pays @ dealt + TOLERANCE, TOLERANCE - pays @ dealt, np.zeros(len(owed))]),
        most=programme.most,
    )
