"""A strangle sized at the two ends of an interval, and what it leaves uncovered in between.

Source: docs/maths.md section 2.8; after arXiv 2503.21967 (Munoz Gonzalez and others, 2025).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.core.errors import OptionInputError
from bot.core.option_legs import Legs
from bot.core.residual import Position, ResidualBounds, residual_bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedStrangle:
    """legs: the put, then the call, base. bounds: payoff plus loss over the interval, quote.

    loss_low, loss_high: loss over entry value at its ends, quote, >= 0.
    """

    legs: Legs
    loss_low: float
    loss_high: float
    bounds: ResidualBounds

    @property
    def uncovered(self) -> float:
        """The most that the strangle pays too little within the interval, quote, >= 0."""
        return max(0.0, -self.bounds.lowest)


def strangle_at_ends(
    position: Position, *, put: float, call: float, low: float, high: float
) -> SizedStrangle:
    """Puts and calls that pay the loss back at `low` and at `high`: loss / |strike - end| each.

    low < put <= call < high, quote per base, > 0. Between a strike and its end the loss is concave
    and the payoff straight, so the strangle pays too little nowhere but around the strikes.

    >>> found = strangle_at_ends(
    ...     Position(entry=2000.0, notional=1e6), put=1600.0, call=2400.0, low=1000.0, high=3000.0
    ... )
    >>> found.legs.quantities.round(8).tolist()
    [71.48869802, 42.09188101]
    """
    order = {"low": low, "put": put, "call": call, "high": high}
    for (before, left), (name, right) in zip(
        list(order.items())[:-1], list(order.items())[1:], strict=True
    ):
        if not (left < right or (before == "put" and left == right)):
            raise OptionInputError(
                name=name, value=right, problem=f"it must be above {before}, {left}"
            )
    losses = -position.loss(np.array([low, high]))
    legs = Legs(
        is_call=np.array([False, True]),
        strikes=np.array([put, call]),
        quantities=losses / np.array([put - low, high - call]),
    )
    return SizedStrangle(
        legs=legs,
        loss_low=losses[0].item(),
        loss_high=losses[1].item(),
        bounds=residual_bounds(legs, position, low=low, high=high),
    )
