"""Instruments on the pool's volatility index: a future, a call spread and the vol token, bought.

Offsets are distances of strikes from the index in basis points, signed: 2_000 is a strike of 78 at
an index of 65. Sizes are millionths of a contract.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.errors import NotListedError
from bot.core.market import Market
from bot.core.orders import ContractKind, Leg
from bot.core.ports import Quoting
from bot.core.structures import Structure
from bot.core.units import BPS, mul_div_down


@dataclass(frozen=True, slots=True)
class VolStructure:
    """Contracts on the index of one expiry, an offset a leg; see `Structure` for what it says."""

    shape: Structure
    on_index: bool = True

    def problem(self, offsets_bps: tuple[int, ...]) -> str | None:
        """See `Instrument.problem`."""
        return self.shape.problem(offsets_bps)

    def pays(self, _offsets_bps: tuple[int, ...], *, move_bps: int) -> bool:
        """See `Instrument.pays`: a move of the price alone pays nothing that is certain."""
        return False

    def owes(self, offsets_bps: tuple[int, ...]) -> bool:
        """See `Instrument.owes`."""
        return self.shape.owes(offsets_bps)

    def legs(
        self,
        quoting: Quoting,
        market: Market,
        *,
        quantity_atoms: int,
        offsets_bps: tuple[int, ...],
        expiry_s: int,
    ) -> tuple[Leg, ...]:
        """See `Instrument.legs`; quantity_atoms: millionths of a contract."""
        if problem := self.problem(offsets_bps):
            raise NotListedError(pool=market.pool, reason=problem)
        index = quoting.index_atoms(market)
        legs = tuple(
            Leg(
                contract=quoting.contract(
                    market,
                    kind=kind.value,
                    target_atoms=mul_div_down(index, BPS + offset, BPS),
                    expiry_s=expiry_s,
                ),
                quantity_atoms=sign * quantity_atoms,
            )
            for (kind, sign), offset in zip(self.shape.parts, offsets_bps, strict=True)
        )
        if len({leg.contract for leg in legs}) < len(legs):
            codes = ", ".join(leg.contract.code for leg in legs)
            raise NotListedError(
                pool=market.pool, reason=f"offsets {offsets_bps} fall on the same strike: {codes}"
            )
        return legs


@dataclass(frozen=True, slots=True)
class VolToken:
    """The token, which has no strike: its one offset is 0."""

    on_index: bool = True

    def problem(self, offsets_bps: tuple[int, ...]) -> str | None:
        """See `Instrument.problem`."""
        return None if offsets_bps == (0,) else "it has no strike: its one offset is 0"

    def pays(self, _offsets_bps: tuple[int, ...], *, move_bps: int) -> bool:
        """See `Instrument.pays`."""
        return False

    def owes(self, _offsets_bps: tuple[int, ...]) -> bool:
        """See `Instrument.owes`."""
        return False

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
        contract = quoting.contract(
            market, kind=ContractKind.VOL_TOKEN.value, target_atoms=0, expiry_s=expiry_s
        )
        return (Leg(contract=contract, quantity_atoms=quantity_atoms),)


VOL_FUTURE = VolStructure(Structure(parts=((ContractKind.VOL_FUTURE, 1),), rising=True))
VOL_CALL_SPREAD = VolStructure(
    Structure(parts=((ContractKind.VOL_CALL, 1), (ContractKind.VOL_CALL, -1)), rising=True)
)
VOL_TOKEN = VolToken()
