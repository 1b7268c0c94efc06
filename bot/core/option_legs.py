"""Structures of options as arrays of legs with signed quantities, long positive.

The last axis of every array is the leg; the axes before it are the structures. So one call values
a thousand condors. All legs of a structure expire together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bot.core.errors import OptionInputError
from bot.core.option_arrays import Figures, option_figures
from bot.core.option_inputs import Floats, as_floats

Bools: TypeAlias = NDArray[np.bool_]
OptionPrices: TypeAlias = Callable[[Bools, Floats], Floats]
"""(is call, strike) -> price per unit, for arrays: a model, or a smile read off a venue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """is_call, quantities: (legs,). strikes: (..., legs). quantities in base, > 0 bought."""

    is_call: Bools
    strikes: Floats
    quantities: Floats

    def payoff(self, settlement: ArrayLike) -> Floats:
        """What each structure pays at expiry, quote; settlement broadcasts to the structures.

        >>> strangle(put=1800, call=2200).payoff([1700, 2000, 2300]).tolist()
        [100.0, 0.0, 100.0]
        """
        final = as_floats("settlement", settlement)
        each = unit_payoffs(final, is_call=self.is_call, strikes=self.strikes)
        return _summed(each * self.quantities)

    def cost(self, prices: OptionPrices) -> Floats:
        """What each structure costs at these option prices, quote."""
        return _summed(prices(self.is_call, self.strikes) * self.quantities)

    def figures(
        self, *, spot: ArrayLike, vol: ArrayLike, years: ArrayLike, rate: ArrayLike = 0.0
    ) -> Figures:
        """Value and Greeks of each structure. spot, years, rate: one a structure; vol: one a leg.

        A single vol, or (..., 1), serves all legs alike.
        """
        per_leg = option_figures(
            is_call=self.is_call,
            strike=self.strikes,
            vol=vol,
            spot=as_floats("spot", spot)[..., np.newaxis],
            years=as_floats("years", years)[..., np.newaxis],
            rate=as_floats("rate", rate)[..., np.newaxis],
        )
        return Figures(
            **{
                field.name: _summed(getattr(per_leg, field.name) * self.quantities)
                for field in fields(Figures)
            }
        )


def unit_payoffs(price: Floats, *, is_call: Bools, strikes: Floats) -> Floats:
    """What one of each option pays: the axes of price, then a column an option."""
    gain = price[..., np.newaxis] - strikes
    return np.maximum(0.0, np.where(is_call, gain, -gain))


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


def _legs(is_call: list[bool], quantities: list[float], strikes: dict[str, ArrayLike]) -> Legs:
    arrays = [as_floats(name, value) for name, value in strikes.items()]
    for name, array in zip(strikes, arrays, strict=True):
        if not np.all(array > 0.0):
            found = array[~(array > 0.0)].flat[0].item()
            raise OptionInputError(name=name, value=found, problem="a price must be above 0")
    return Legs(
        is_call=np.array(is_call),
        strikes=np.stack(np.broadcast_arrays(*arrays), axis=-1),
        quantities=np.array(quantities),
    )


def _ascending(legs: Legs, *names: str) -> Legs:
    falls = np.diff(legs.strikes, axis=-1) < 0.0
    if falls.any():
        *at, leg = np.argwhere(falls)[0]
        low, high = legs.strikes[(*at, leg)].item(), legs.strikes[(*at, leg + 1)].item()
        raise OptionInputError(
            name=names[leg + 1], value=high, problem=f"it lies below {names[leg]}, {low}"
        )
    return legs


def _summed(per_leg: Floats) -> Floats:
    total: Floats = np.asarray(per_leg.sum(axis=-1))
    return total
