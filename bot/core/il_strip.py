"""Impermanent loss replicated: puts below spot and calls above, each at the position's own density.

Source: the static replication of docs/maths.md section 2.3. A full-range position with liquidity L
loses as if it were short L / (2 K^1.5) dK options at every strike; per base token in the pool that
is (S/K)^1.5 / (2 S) dK.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from bot.core.errors import NotListedError
from bot.core.market import Market
from bot.core.orders import Contract, Leg
from bot.core.ports import Quoting
from bot.core.structures import CALL, PUT, near
from bot.core.units import BPS, mul_div_down

BILLION = 10**9


@dataclass(frozen=True, slots=True)
class IlStrip:
    """At rising offsets, none of them spot itself: puts at those below 0, calls at those above.

    A quantity of one base token carries the density of a position that holds one. Each strike
    stands for the prices up to half way to its neighbours; the nearest to spot up to spot, the
    outermost no further than themselves.
    """

    on_index: bool = False

    def problem(self, offsets_bps: tuple[int, ...]) -> str | None:
        """See `Instrument.problem`."""
        if len(offsets_bps) < 2:
            return f"it takes 2 offsets or more, not {len(offsets_bps)}"
        if min(offsets_bps) <= -BPS:
            return "an offset of -10000 or less leaves no strike"
        if 0 in offsets_bps:
            return "an offset of 0 is neither a put nor a call"
        if any(a >= b for a, b in pairwise(offsets_bps)):
            return "its offsets must rise from leg to leg"
        return None

    def pays(self, offsets_bps: tuple[int, ...], *, move_bps: int) -> bool:
        """See `Instrument.pays`."""
        return any(move_bps < offset < 0 or 0 < offset < move_bps for offset in offsets_bps)

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
        """See `Instrument.legs`; strikes that fall together are one, less than a lot is none."""
        if problem := self.problem(offsets_bps):
            raise NotListedError(pool=market.pool, reason=problem)
        contracts = _contracts(quoting, market, offsets_bps, expiry_s=expiry_s)
        legs = (
            Leg(
                contract=contract,
                quantity_atoms=quoting.quantity_down(
                    market, quantity_atoms=mul_div_down(quantity_atoms, weight, BILLION)
                ),
            )
            for contract, weight in zip(
                contracts, weights_ppb(contracts, market.spot_atoms), strict=True
            )
        )
        return tuple(leg for leg in legs if leg.quantity_atoms)


def weights_ppb(contracts: Sequence[Contract], spot_atoms: int) -> list[int]:
    """Units of each contract per base token of the position, billionths, rounded down.

    contracts: puts below spot, then calls above, strikes rising.
    Worked: spot 2,000, strikes 1,800 and 1,900 (puts), 2,100 (call): widths 50, 150 and 100 give
    (2000/1800)^1.5 / 2 * 50/2000 = 0.0146, (2000/1900)^1.5 / 2 * 150/2000 = 0.0405 and
    (2000/2100)^1.5 / 2 * 100/2000 = 0.0232.
    """
    strikes = [contract.strike_atoms for contract in contracts]
    puts = [strike for strike, one in zip(strikes, contracts, strict=True) if one.kind is PUT]
    calls = strikes[len(puts) :]
    widths = [*_widths(puts, upper=spot_atoms), *_widths(calls, lower=spot_atoms)]
    return [
        int(BILLION * 0.25 * width_x2 / spot_atoms * (ratio := spot_atoms / strike) * sqrt(ratio))
        for strike, width_x2 in zip(strikes, widths, strict=True)
    ]


def _widths(strikes: list[int], *, lower: int | None = None, upper: int | None = None) -> list[int]:
    """Twice the price range that each strike stands for, half way to neighbours.

    lower, upper: spot, where the strikes end there: the outermost reach it whole.
    """
    if not strikes:
        return []
    low, high = strikes[0], strikes[-1]
    left = [2 * (low - lower) if lower is not None else 0, *(b - a for a, b in pairwise(strikes))]
    right = [*(b - a for a, b in pairwise(strikes)), 2 * (upper - high) if upper is not None else 0]
    return [a + b for a, b in zip(left, right, strict=True)]


def _contracts(
    quoting: Quoting, market: Market, offsets_bps: tuple[int, ...], *, expiry_s: int
) -> list[Contract]:
    """Each strike once: puts strictly below spot, calls strictly above."""
    found = [
        near(quoting, market, PUT if offset < 0 else CALL, offset_bps=offset, expiry_s=expiry_s)
        for offset in offsets_bps
    ]
    fitting = [one for one in found if _is_out_of_money(one, market.spot_atoms)]
    if not fitting:
        codes = ", ".join(one.code for one in found)
        raise NotListedError(
            pool=market.pool, reason=f"no strike lies on its side of spot: {codes}"
        )
    return list(dict.fromkeys(fitting))


def _is_out_of_money(contract: Contract, spot_atoms: int) -> bool:
    below = contract.strike_atoms < spot_atoms
    return below if contract.kind is PUT else contract.strike_atoms > spot_atoms
