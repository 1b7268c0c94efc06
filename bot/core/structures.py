"""Option structures described by data: the legs of one expiry, an offset a leg.

Offsets are distances of strikes from spot in basis points, signed: -800 is 8 % below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.core.errors import NotListedError
from bot.core.market import Market
from bot.core.orders import Contract, ContractKind, Leg
from bot.core.ports import Quoting
from bot.core.units import BPS, mul_div_down

FAR_BPS = 100 * BPS
"""A rise beyond any strike."""

CALL, PUT, FORWARD = ContractKind.CALL, ContractKind.PUT, ContractKind.FORWARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Options of one expiry, one offset a leg.

    parts: kind and sign (+1 bought, -1 sold) of each leg. rising: strikes ascend from leg to leg;
    False: they descend; None: they are the same.
    """

    parts: tuple[tuple[ContractKind, int], ...]
    rising: bool | None
    on_index: bool = False

    def problem(self, offsets_bps: tuple[int, ...]) -> str | None:
        """See `Instrument.problem`."""
        if len(offsets_bps) != len(self.parts):
            return f"it takes {len(self.parts)} offsets, not {len(offsets_bps)}"
        if min(offsets_bps) <= -BPS:
            return "an offset of -10000 or less leaves no strike"
        if not self._in_order(offsets_bps):
            way = {True: "rise", False: "fall", None: "stay the same"}[self.rising]
            return f"its offsets must {way} from leg to leg"
        return None

    def pays(self, offsets_bps: tuple[int, ...], *, move_bps: int) -> bool:
        """See `Instrument.pays`."""
        return _paid_bps(self.parts, offsets_bps, move_bps=move_bps) > 0

    def owes(self, offsets_bps: tuple[int, ...]) -> bool:
        """See `Instrument.owes`: the payoff is linear between strikes."""
        moves = (-BPS, *offsets_bps, FAR_BPS)
        return any(_paid_bps(self.parts, offsets_bps, move_bps=move) < 0 for move in moves)

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
                contract=near(quoting, market, kind, offset_bps=offset, expiry_s=expiry_s),
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
        if self.rising is None:
            return len(set(numbers)) == 1
        return all(a < b if self.rising else a > b for a, b in pairwise(numbers))


@dataclass(frozen=True, slots=True)
class Collar:
    """A put bought and a call sold, at two offsets; or at one, the put's, at no cost or a credit.

    Then the call is the farthest listed one whose bid pays for the put's ask.
    """

    on_index: bool = False

    def problem(self, offsets_bps: tuple[int, ...]) -> str | None:
        """See `Instrument.problem`."""
        if len(offsets_bps) == 1:
            return "its put must lie below spot" if not -BPS < offsets_bps[0] < 0 else None
        return COLLAR.problem(offsets_bps)

    def pays(self, offsets_bps: tuple[int, ...], *, move_bps: int) -> bool:
        """See `Instrument.pays`."""
        return move_bps < offsets_bps[0]

    def owes(self, _offsets_bps: tuple[int, ...]) -> bool:
        """See `Instrument.owes`."""
        return True

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
        put = near(quoting, market, PUT, offset_bps=offsets_bps[0], expiry_s=expiry_s)
        call = _call_that_pays(quoting, market, quoting.bid_ask(put, market)[1], expiry_s=expiry_s)
        return (
            Leg(contract=put, quantity_atoms=quantity_atoms),
            Leg(contract=call, quantity_atoms=-quantity_atoms),
        )


COLLAR = Structure(parts=((PUT, 1), (CALL, -1)), rising=True)
CALL_OFFSET_BPS_MAX = 2 * BPS
"""Farthest call that a collar without cost looks for: three times spot."""


def near(
    quoting: Quoting, market: Market, kind: ContractKind, *, offset_bps: int, expiry_s: int
) -> Contract:
    """The listed contract of this kind whose strike is nearest to spot and an offset."""
    target = mul_div_down(market.spot_atoms, BPS + offset_bps, BPS)
    return quoting.contract(market, kind=kind.value, target_atoms=target, expiry_s=expiry_s)


def _call_that_pays(
    quoting: Quoting, market: Market, price_atoms: int, *, expiry_s: int
) -> Contract:
    """The farthest call at or above spot whose bid is at least `price_atoms`; by bisection, as
    bids fall with the strike."""

    def call(offset_bps: int) -> Contract:
        return near(quoting, market, CALL, offset_bps=offset_bps, expiry_s=expiry_s)

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


@dataclass(frozen=True, slots=True)
class DeltaHedge:
    """Delta taken off the cheaper way: a forward sold, or its synthetic, a put bought and a call
    sold at one strike. By put-call parity both pay the same; their spreads and fees differ."""

    on_index: bool = False

    def problem(self, offsets_bps: tuple[int, ...]) -> str | None:
        """See `Instrument.problem`."""
        return SHORT_FORWARD.problem(offsets_bps)

    def pays(self, offsets_bps: tuple[int, ...], *, move_bps: int) -> bool:
        """See `Instrument.pays`."""
        return SHORT_FORWARD.pays(offsets_bps, move_bps=move_bps)

    def owes(self, offsets_bps: tuple[int, ...]) -> bool:
        """See `Instrument.owes`."""
        return SHORT_FORWARD.owes(offsets_bps)

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
        ways = [
            structure.legs(
                quoting,
                market,
                quantity_atoms=quantity_atoms,
                offsets_bps=offsets_bps * len(structure.parts),
                expiry_s=expiry_s,
            )
            for structure in (SHORT_FORWARD, SHORT_SYNTHETIC)
        ]

        def brings(legs: tuple[Leg, ...]) -> int:
            cash, fee = quoting.quote_cash(legs, market)
            return cash - fee

        return max(ways, key=brings)


SHORT_FORWARD = Structure(parts=((FORWARD, -1),), rising=True)
SHORT_SYNTHETIC = Structure(parts=((PUT, 1), (CALL, -1)), rising=None)
