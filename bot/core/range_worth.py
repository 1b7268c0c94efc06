"""What a range brings and takes a year: fees less expected loss, less putting it back.

The policy that is weighed: put between these ends now, looked at once a horizon, and put around the
price again when that has left it. docs/maths.md section 6.13 has how far that is off.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from bot.core.core_position import CorePosition
from bot.core.offers_of_advice import MOVES, cost_of
from bot.core.pool_economics import Placed, exits_a_year, expected_loss, placed


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeWorth:
    """Fractions of the position's value a year, each >= 0. follow: of being put back."""

    placed: Placed
    fees: float
    loss: float
    follow: float

    @property
    def net(self) -> float:
        """What is left."""
        return self.fees - self.loss - self.follow


def held_worth(core: CorePosition) -> RangeWorth | None:
    """The position where it is; None while a figure that it needs is not known."""
    if core.earns is None or not core.weighed_vol or core.gas_atoms is None:
        return None
    return worth_between(core, core.lower, core.upper)


def worth_between(core: CorePosition, lower: float, upper: float) -> RangeWorth:
    """The same capital between these ends, over the price now; 0 and infinity: everywhere."""
    assert core.earns is not None, "asked only where fees are known"
    assert core.weighed_vol, "and volatility"
    vol, years = core.weighed_vol, core.years
    at, follow = placed(vol=vol, years=years, lower=lower, upper=upper), 0.0
    if (lower, upper) != (0.0, inf):
        exits = exits_a_year(vol=vol, years=years, lower=lower, upper=upper)
        follow = exits * _follow_cost(core)
    return RangeWorth(
        placed=at,
        fees=core.fee_rate(core.earns, at),
        loss=at.work * expected_loss(vol=vol, years=years),
        follow=follow,
    )


def _follow_cost(core: CorePosition) -> float:
    """What following the price once costs, over the position's value: it is all of one token then,
    and half of that is swapped."""
    cost = cost_of(core, MOVES, core.depth.cost_of_swap(core.value_atoms // 2))
    assert cost is not None, "asked only where gas is known"
    return cost.atoms / core.value_atoms
