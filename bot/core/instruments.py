"""Instruments: what turns a layer's wish into legs. A new one is an entry in INSTRUMENTS.

Anything with `problem`, `pays` and `legs` is an instrument; bot/core/structures.py describes most
by data. Offsets are distances of strikes from spot in basis points, signed: -800 is 8 % below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from bot.core.errors import NotListedError
from bot.core.il_strip import IlStrip
from bot.core.margin import payoff_atoms
from bot.core.market import Market
from bot.core.orders import Leg
from bot.core.ports import Quoting
from bot.core.structures import CALL, PUT, SHORT_FORWARD, Collar, DeltaHedge, Structure
from bot.core.units import MILLION, mul_div_up
from bot.core.vol_instruments import VOL_CALL_SPREAD, VOL_FUTURE, VOL_TOKEN

__all__ = [
    "INSTRUMENTS",
    "Instrument",
    "Structure",
    "instrument_legs",
    "payoff_atoms",
    "quantity_for_loss_up",
    "unit_atoms",
]


class Instrument(Protocol):
    """The seam between a rule's wish and the venue's contracts."""

    @property
    def on_index(self) -> bool:
        """Whether its contracts are on the volatility index, not on the price."""
        ...

    def problem(self, offsets_bps: tuple[int, ...]) -> str | None:
        """What is wrong with these offsets; None when they fit. For loading rules."""
        ...

    def pays(self, offsets_bps: tuple[int, ...], *, move_bps: int) -> bool:
        """Whether it pays anything if the price moves by so much from spot. For loading rules."""
        ...

    def owes(self, offsets_bps: tuple[int, ...], /) -> bool:
        """Whether its payoff can be below 0, so that it can cost more than its premium."""
        ...

    def legs(
        self,
        quoting: Quoting,
        market: Market,
        *,
        quantity_atoms: int,
        offsets_bps: tuple[int, ...],
        expiry_s: int,
    ) -> tuple[Leg, ...]:
        """The signed legs of `quantity_atoms` (> 0, in the contracts' unit) of it; NotListedError
        if there are none."""
        ...


INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType(
    {
        "protective_put": Structure(parts=((PUT, 1),), rising=False),
        "put_spread": Structure(parts=((PUT, 1), (PUT, -1)), rising=False),
        "call_spread": Structure(parts=((CALL, 1), (CALL, -1)), rising=True),
        "strangle": Structure(parts=((PUT, 1), (CALL, 1)), rising=True),
        "collar": Collar(),
        "il_strip": IlStrip(),
        "iron_condor": Structure(parts=((PUT, 1), (PUT, -1), (CALL, -1), (CALL, 1)), rising=True),
        "forward": SHORT_FORWARD,
        "delta_hedge": DeltaHedge(),
        "vol_future": VOL_FUTURE,
        "vol_call_spread": VOL_CALL_SPREAD,
        "vol_token": VOL_TOKEN,
    }
)
"""Name in rule files -> instrument."""


def unit_atoms(name: str, market: Market) -> int:
    """The quantity of an instrument that counts as one: a base token or an index contract."""
    unit: int = MILLION if INSTRUMENTS[name].on_index else 10**market.base_decimals
    return unit


def instrument_legs(
    name: str,
    quoting: Quoting,
    market: Market,
    *,
    quantity_atoms: int,
    offsets_bps: tuple[int, ...],
    expiry_s: int,
) -> tuple[Leg, ...]:
    """Legs of the instrument called `name`; NotListedError says why there are none."""
    instrument = INSTRUMENTS.get(name)
    if instrument is None:
        known = ", ".join(INSTRUMENTS)
        raise NotListedError(pool=market.pool, reason=f"no instrument {name!r}, known: {known}")
    return instrument.legs(
        quoting,
        market,
        quantity_atoms=quantity_atoms,
        offsets_bps=offsets_bps,
        expiry_s=expiry_s,
    )


def quantity_for_loss_up(
    legs: Sequence[Leg],
    *,
    legs_atoms: int,
    loss_atoms: int,
    stress_atoms: int,
    base_decimals: int,
) -> int | None:
    """Base atoms of a structure whose payoff at the stress price is at least the loss.

    legs: the structure at a quantity of `legs_atoms`. loss_atoms: >= 0, quote atoms. stress_atoms:
    quote atoms per whole base token. For one option this is loss / |strike - stress|, rounded up.
    Source: docs/maths.md section 4.6, sizing by end points. None where the structure
    pays nothing.
    """
    payoff = payoff_atoms(legs, settlement_atoms=stress_atoms, base_decimals=base_decimals)
    return mul_div_up(loss_atoms, legs_atoms, payoff) if payoff > 0 else None
