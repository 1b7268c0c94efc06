"""Instruments: what turns a layer's wish into legs. A new one is an entry in INSTRUMENTS.

Anything with `problem` and `legs` is an instrument; those here are option structures described by
data. Offsets are distances of strikes from spot in basis points, signed: -800 is 8 % below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Protocol

from bot.core.errors import NotListedError
from bot.core.margin import payoff_atoms
from bot.core.market import Market
from bot.core.orders import Contract, ContractKind, Leg
from bot.core.ports import Quoting
from bot.core.units import BPS, mul_div_down, mul_div_up

__all__ = [
    "INSTRUMENTS",
    "Instrument",
    "Structure",
    "instrument_legs",
    "payoff_atoms",
    "quantity_for_loss_up",
]


class Instrument(Protocol):
    """The seam between a rule's wish and the venue's contracts."""

    def problem(self, offsets_bps: tuple[int, ...]) -> str | None:
        """What is wrong with these offsets; None when they fit. For loading rules."""
        ...

    def pays(self, offsets_bps: tuple[int, ...], *, move_bps: int) -> bool:
        """Whether it pays anything if the price moves by so much from spot. For loading rules."""
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
        """The signed legs of `quantity_atoms` (base atoms, > 0) of it; NotListedError if none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Options of one expiry, one offset a leg.

    parts: kind and sign (+1 bought, -1 sold) of each leg. rising: strikes ascend from leg to leg,
    else they descend.
    """

    parts: tuple[tuple[ContractKind, int], ...]
    rising: bool

    def problem(self, offsets_bps: tuple[int, ...]) -> str | None:
        """See `Instrument.problem`."""
        if len(offsets_bps) != len(self.parts):
            return f"it takes {len(self.parts)} offsets, not {len(offsets_bps)}"
        if min(offsets_bps) <= -BPS:
            return "an offset of -10000 or less leaves no strike"
        if not self._in_order(offsets_bps):
            return f"its offsets must {'rise' if self.rising else 'fall'} from leg to leg"
        return None

    def pays(self, offsets_bps: tuple[int, ...], *, move_bps: int) -> bool:
        """See `Instrument.pays`."""
        return _paid_bps(self.parts, offsets_bps, move_bps=move_bps) > 0

    def legs(
        self,
        quoting: Quoting,
        market: Market,
        *,
        quantity_atoms: int,
        offsets_bps: tuple[int, ...],
        expiry_s: int,
    ) -> tuple[Leg, ...]:
        """See `Instrument.legs`."""
        if problem := self.problem(offsets_bps):
            raise NotListedError(pool=market.pool, reason=problem)
        legs = tuple(
            Leg(
                contract=_near(quoting, market, kind, offset_bps=offset, expiry_s=expiry_s),
                quantity_atoms=sign * quantity_atoms,
            )
            for (kind, sign), offset in zip(self.parts, offsets_bps, strict=True)
        )
        if not self._in_order([leg.contract.strike_atoms for leg in legs]):
            codes = ", ".join(leg.contract.code for leg in legs)
            raise NotListedError(
                pool=market.pool, reason=f"offsets {offsets_bps} fall on the same strike: {codes}"
            )
        return legs

    def _in_order(self, numbers: Sequence[int]) -> bool:
        return all(a < b if self.rising else a > b for a, b in pairwise(numbers))


CALL, PUT, FORWARD = ContractKind.CALL, ContractKind.PUT, ContractKind.FORWARD


@dataclass(frozen=True, slots=True)
class Collar:
    """A put bought and a call sold, at two offsets; or at one, the put's, at no cost or a credit.

    Then the call is the farthest listed one whose bid pays for the put's ask.
    """

    def problem(self, offsets_bps: tuple[int, ...]) -> str | None:
        """See `Instrument.problem`."""
        if len(offsets_bps) == 1:
            return "its put must lie below spot" if not -BPS < offsets_bps[0] < 0 else None
        return COLLAR.problem(offsets_bps)

    def pays(self, offsets_bps: tuple[int, ...], *, move_bps: int) -> bool:
        """See `Instrument.pays`."""
        return move_bps < offsets_bps[0]

    def legs(
        self,
        quoting: Quoting,
        market: Market,
        *,
        quantity_atoms: int,
        offsets_bps: tuple[int, ...],
        expiry_s: int,
    ) -> tuple[Leg, ...]:
        """See `Instrument.legs`."""
        if problem := self.problem(offsets_bps):
            raise NotListedError(pool=market.pool, reason=problem)
        if len(offsets_bps) == 2:
            return COLLAR.legs(
                quoting,
                market,
                quantity_atoms=quantity_atoms,
                offsets_bps=offsets_bps,
                expiry_s=expiry_s,
            )
        put = _near(quoting, market, PUT, offset_bps=offsets_bps[0], expiry_s=expiry_s)
        call = _call_that_pays(quoting, market, quoting.bid_ask(put, market)[1], expiry_s=expiry_s)
        return (
            Leg(contract=put, quantity_atoms=quantity_atoms),
            Leg(contract=call, quantity_atoms=-quantity_atoms),
        )


COLLAR = Structure(parts=((PUT, 1), (CALL, -1)), rising=True)
CALL_OFFSET_BPS_MAX = 2 * BPS
"""Farthest call that a collar without cost looks for: three times spot."""

INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType(
    {
        "protective_put": Structure(parts=((PUT, 1),), rising=False),
        "put_spread": Structure(parts=((PUT, 1), (PUT, -1)), rising=False),
        "call_spread": Structure(parts=((CALL, 1), (CALL, -1)), rising=True),
        "strangle": Structure(parts=((PUT, 1), (CALL, 1)), rising=True),
        "collar": Collar(),
        "forward": Structure(parts=((FORWARD, -1),), rising=True),
    }
)
"""Name in rule files -> instrument."""


def _near(
    quoting: Quoting, market: Market, kind: ContractKind, *, offset_bps: int, expiry_s: int
) -> Contract:
    target = mul_div_down(market.spot_atoms, BPS + offset_bps, BPS)
    return quoting.contract(market, kind=kind.value, target_atoms=target, expiry_s=expiry_s)


def _call_that_pays(
    quoting: Quoting, market: Market, price_atoms: int, *, expiry_s: int
) -> Contract:
    """The farthest call at or above spot whose bid is at least `price_atoms`; by bisection, as
    bids fall with the strike."""

    def call(offset_bps: int) -> Contract:
        return _near(quoting, market, CALL, offset_bps=offset_bps, expiry_s=expiry_s)

    def pays(offset_bps: int) -> bool:
        return quoting.bid_ask(call(offset_bps), market)[0] >= price_atoms

    low, high = 0, CALL_OFFSET_BPS_MAX
    if not pays(low):
        reason = f"no call at or above spot bids {price_atoms}, what the put asks"
        raise NotListedError(pool=market.pool, reason=reason)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if pays(middle) else (low, middle)
    return call(low)


def _paid_bps(
    parts: Sequence[tuple[ContractKind, int]], offsets_bps: tuple[int, ...], *, move_bps: int
) -> int:
    """What one unit of a structure pays after a move from spot, bps of spot."""
    paid = 0
    for (kind, sign), offset in zip(parts, offsets_bps, strict=True):
        gain = offset - move_bps if kind is PUT else move_bps - offset
        paid += sign * (max(0, gain) if kind.is_option else gain)
    return paid


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
    unit_legs: Sequence[Leg], *, loss_atoms: int, stress_atoms: int, base_decimals: int
) -> int | None:
    """Base atoms of a structure whose payoff at the stress price is at least the loss.

    unit_legs: the structure at one whole base token. loss_atoms: >= 0, quote atoms. stress_atoms:
    quote atoms per whole base token. For one option this is loss / |strike - stress|, rounded up.
    Source: docs/maths.md section 4.6, sizing by end points. None where the structure
    pays nothing.
    """
    unit = 10**base_decimals
    payoff = payoff_atoms(unit_legs, settlement_atoms=stress_atoms, base_decimals=base_decimals)
    return mul_div_up(loss_atoms, unit, payoff) if payoff > 0 else None
