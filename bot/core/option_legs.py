"""Structures of options as arrays of legs with signed quantities, long positive.

The last axis of every array is the leg; the axes before it are the structures. So one call values
a thousand condors. All legs of a structure expire together.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bot.core.errors import OptionInputError
from bot.core.option_arrays import Figures, option_figures
from bot.core.option_inputs import Floats, as_floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """is_call, quantity: (legs,). strike: (..., legs). quantity in units of the underlying."""

    is_call: NDArray[np.bool_]
    strike: Floats
    quantity: Floats

    def payoff(self, settlement: ArrayLike) -> Floats:
        """What each structure pays at expiry, quote; settlement broadcasts to the structures.

        >>> strangle(put=1800, call=2200).payoff([1700, 2000, 2300]).tolist()
        [100.0, 0.0, 100.0]
        """
        gain = as_floats("settlement", settlement)[..., np.newaxis] - self.strike
        return _summed(np.maximum(np.where(self.is_call, gain, -gain), 0.0) * self.quantity)

    def figures(
        self, *, spot: ArrayLike, vol: ArrayLike, years: ArrayLike, rate: ArrayLike = 0.0
    ) -> Figures:
        """Value and Greeks of each structure. spot, years, rate: one a structure; vol: one a leg.

        A single vol, or (..., 1), serves all legs alike.
        """
        per_leg = option_figures(
            is_call=self.is_call,
            strike=self.strike,
            vol=vol,
            spot=as_floats("spot", spot)[..., np.newaxis],
            years=as_floats("years", years)[..., np.newaxis],
            rate=as_floats("rate", rate)[..., np.newaxis],
        )
        return Figures(
            **{
                field.name: _summed(getattr(per_leg, field.name) * self.quantity)
                for field in fields(Figures)
            }
        )


def spread(*, is_call: bool, bought: ArrayLike, sold: ArrayLike) -> Legs:
    """One option bought and one of the same kind sold, at the strikes given, in either order."""
    return _legs([is_call, is_call], [1.0, -1.0], {"bought": bought, "sold": sold})


def strangle(*, put: ArrayLike, call: ArrayLike) -> Legs:
    """A put and a call bought; a straddle where the strikes are the same."""
    legs = _legs([False, True], [1.0, 1.0], {"put": put, "call": call})
    return _ascending(legs, "put", "call")


def collar(*, put: ArrayLike, call: ArrayLike) -> Legs:
    """A put bought and a call sold, to go with what is held."""
    legs = _legs([False, True], [1.0, -1.0], {"put": put, "call": call})
    return _ascending(legs, "put", "call")


def condor(
    *, put_bought: ArrayLike, put_sold: ArrayLike, call_sold: ArrayLike, call_bought: ArrayLike
) -> Legs:
    """An iron condor sold: the inner strangle sold, the wings bought. Strikes ascend."""
    strikes = {
        "put_bought": put_bought, "put_sold": put_sold,
        "call_sold": call_sold, "call_bought": call_bought,
    }  # fmt: skip
    legs = _legs([False, False, True, True], [1.0, -1.0, -1.0, 1.0], strikes)
    return _ascending(legs, *strikes)


def synthetic_forward(*, strike: ArrayLike) -> Legs:
    """A call bought and a put sold at one strike: spot less the discounted strike."""
    return _legs([True, False], [1.0, -1.0], {"call": strike, "put": strike})


def _legs(is_call: list[bool], quantity: list[float], strikes: dict[str, ArrayLike]) -> Legs:
    arrays = [as_floats(name, value) for name, value in strikes.items()]
    for name, array in zip(strikes, arrays, strict=True):
        if not np.all(array > 0.0):
            found = array[~(array > 0.0)].flat[0].item()
            raise OptionInputError(name=name, value=found, problem="a price must be above 0")
    return Legs(
        is_call=np.array(is_call),
        strike=np.stack(np.broadcast_arrays(*arrays), axis=-1),
        quantity=np.array(quantity),
    )


def _ascending(legs: Legs, *names: str) -> Legs:
    falls = np.diff(legs.strike, axis=-1) < 0.0
    if falls.any():
        *at, leg = np.argwhere(falls)[0]
        low, high = legs.strike[(*at, leg)].item(), legs.strike[(*at, leg + 1)].item()
        raise OptionInputError(
            name=names[leg + 1], value=high, problem=f"it lies below {names[leg]}, {low}"
        )
    return legs


def _summed(per_leg: Floats) -> Floats:
    total: Floats = np.asarray(per_leg.sum(axis=-1))
    return total
