"""The cash flows of a position and their internal rate of return. docs/maths.md section 6.10.

Why so: docs/adr/0021-value-figures.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import expm1, log1p

from bot.core.position import OPENING
from bot.core.snapshot import PositionEvent
from bot.core.units import DAY_S

HOUR_S = 3_600
HOURS_PER_DAY = DAY_S // HOUR_S
EPOCH = date(1970, 1, 1)
IRR_AGE_S_MIN = DAY_S
"""A younger position has no rate a year worth the name."""
LOG_RATE_MAX = 20.0
"""Rates a year beyond e**20 are no figures, only the start of a position told in years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFlow:
    """Quote atoms at a block time: < 0 paid in, > 0 taken out."""

    time_s: int
    atoms: int


def flows_of(events: Iterable[PositionEvent], *, time_s: int) -> tuple[CashFlow, ...]:
    """The cash flows of a position's events. time_s: block time of the tick that saw them.

    Liquidity moves at the pool's own price, at which its two sides are worth the same: the flow
    is twice the quote side, as the entry value of a lot is.
    """
    return tuple(
        CashFlow(time_s=time_s, atoms=(-2 if event.kind in OPENING else 2) * event.quote_atoms)
        for event in events
        if event.quote_atoms
    )


def irr(flows: Sequence[CashFlow], *, value_atoms: int, time_s: int) -> float | None:
    """The rate a year (365 days) at which all flows and the value now are worth nothing today.

    None without a flow in, before a day has passed, and where there is no such rate (as for
    flows that change their sign more than once and cancel). Times are taken to the hour.
    The root is pyxirr's.
    """
    paid_in = [flow for flow in flows if flow.atoms < 0]
    if not paid_in or time_s - flows[0].time_s < IRR_AGE_S_MIN:
        return None
    if value_atoms <= 0 and not any(flow.atoms > 0 for flow in flows):
        return -1.0
    from pyxirr import xirr  # a compiled library, only for rules that ask for it

    # The library counts days; each of its days is one of our hours.
    rows = [*((flow.time_s, flow.atoms) for flow in flows), (time_s, value_atoms)]
    first_s = rows[0][0]
    days = [EPOCH + timedelta(days=round((when_s - first_s) / HOUR_S)) for when_s, _ in rows]
    # A library of doubles: amounts as fractions of the first, so that none is beyond them.
    scale = abs(rows[0][1])
    rate = xirr(days, [atoms / scale for _, atoms in rows])
    if rate is None or rate <= -1.0:
        return None
    log_rate = HOURS_PER_DAY * log1p(rate)
    return expm1(log_rate) if abs(log_rate) <= LOG_RATE_MAX else None
