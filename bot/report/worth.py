"""What each hedged position came to as a rate a year, and from where to where it breaks even.

Read from the journal alone, for every run: whether its rules speak of a rate or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.core.canonical import Json
from bot.core.cash_flows import CashFlow, flows_of, irr
from bot.core.even_lots import even_prices, even_vol
from bot.core.hedged_return import flows_of_hedges, irr_hedged
from bot.core.position import Position, apply_event
from bot.core.sleeves import Sleeve
from bot.core.snapshot import PoolSpec
from bot.core.units import mul_div_down
from bot.report.figures import amount, number, plain
from bot.report.reading import Tick
from bot.report.standing import Standing

UNKNOWN = "unknown"
NONE = "none"
"""No price, or no volatility, at which the loss is what was earned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """One position after the last tick, as it stands.

    earned_atoms: what stands against the impermanent loss: fees, what withdrawals have made final,
    and the hedges of both sleeves, open ones at what the venue would pay now.
    even: the prices (quote atoms per base atom) between which that is more than the loss; even_vol:
    the volatility a year since entry by which so much loss was to be expected. None where there is
    none, and without a position. irr, irr_hedged: as the metrics of these names.
    """

    earned_atoms: int
    even: tuple[Fraction, Fraction] | None
    even_vol: float | None
    irr: float | None
    irr_hedged: float | None

    def to_json(self, spec: PoolSpec) -> Json:
        """The figures for machines; prices and money as exact text in whole quote tokens."""
        low, high = _even_atoms(self.even, spec)
        decimals = spec.quote.decimals
        return {
            "earned": plain(self.earned_atoms, decimals),
            "even_low": None if low is None else plain(low, decimals),
            "even_high": None if high is None else plain(high, decimals),
            "even_vol": self.even_vol,
            "irr": self.irr,
            "irr_hedged": self.irr_hedged,
        }

    def rows(self, spec: PoolSpec) -> list[tuple[str, str]]:
        """(label, figure) for people, in reading order."""
        low, high = _even_atoms(self.even, spec)
        decimals = spec.quote.decimals
        vol = NONE if self.even_vol is None else _per_cent(self.even_vol)
        return [
            ("  breaks even from", NONE if low is None else amount(low, decimals)),
            ("  breaks even up to", NONE if high is None else amount(high, decimals)),
            ("  and at a volatility of", vol),
            ("  IRR a year, LP alone", _per_cent(self.irr)),
            ("  IRR a year, with hedges", _per_cent(self.irr_hedged)),
        ]


def worth_of(ticks: Iterable[Tick], standing: Mapping[str, Standing]) -> dict[str, Worth]:
    """By pool; `standing` is where each stood last."""
    positions = {pool: Position(pool=pool) for pool in standing}
    flows: dict[str, list[CashFlow]] = {pool: [] for pool in standing}
    hedge_flows: dict[str, list[CashFlow]] = {pool: [] for pool in standing}
    last: Tick | None = None
    for last in ticks:
        answers = [(trade.order, trade.fill) for trade in last.trades]
        for pool in standing:
            events = [event for event in last.events if event.pool == pool]
            for event in events:
                positions[pool] = apply_event(positions[pool], event, block_time_s=last.time_s)
            flows[pool] += flows_of(events, time_s=last.time_s)
            hedge_flows[pool] += flows_of_hedges(answers, pool=pool, time_s=last.time_s)
    if last is None:
        return {}
    return {
        pool: _worth(last, positions[pool], at, flows[pool], hedge_flows[pool])
        for pool, at in standing.items()
    }


def _worth(
    last: Tick,
    position: Position,
    at: Standing,
    flows: Sequence[CashFlow],
    hedge_flows: Sequence[CashFlow],
) -> Worth:
    earned = at.hedged_vs_hold_atoms - at.il_atoms
    seen = last.pools.get(at.pool)
    exposure = None if seen is None else seen.exposure
    if exposure is None:
        return Worth(earned_atoms=earned, even=None, even_vol=None, irr=None, irr_hedged=None)
    alone = irr(flows, value_atoms=exposure.lp_value_atoms, time_s=last.time_s)
    hedged = irr_hedged(
        flows,
        hedge_flows,
        lp_atoms=exposure.lp_value_atoms,
        open_atoms=_open_atoms(last, at.pool),
        time_s=last.time_s,
    )
    return Worth(
        earned_atoms=earned,
        even=even_prices(position.lots, earned_atoms=earned),
        even_vol=even_vol(position.lots, earned_atoms=earned, time_s=last.time_s),
        irr=_rounded(alone),
        irr_hedged=_rounded(hedged),
    )


def _open_atoms(tick: Tick, pool: str) -> int | None:
    """The core's open hedges of a pool at what the venue would pay; None while one is unknown."""
    values = [
        hedge.value_atoms
        for hedge in tick.hedges
        if hedge.pool == pool and hedge.sleeve is Sleeve.CORE
    ]
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _even_atoms(
    even: tuple[Fraction, Fraction] | None, spec: PoolSpec
) -> tuple[int | None, int | None]:
    """The band in quote atoms per whole base token, rounded inwards, where it still pays."""
    if even is None:
        return None, None
    unit = 10**spec.base.decimals
    low, high = even
    return (
        -mul_div_down(-low.numerator, unit, low.denominator),
        mul_div_down(high.numerator, unit, high.denominator),
    )


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 6) + 0.0


def _per_cent(fraction: float | None) -> str:
    return UNKNOWN if fraction is None else f"{number(100.0 * fraction)} %"
