"""Smiles out of an option chain: per expiry the implied volatilities of bid, mid and ask.

Of call and put at a strike the one out of the money counts: in the money the spread, seen through
the small time value, is many vol points wide. docs/maths.md section 3.6.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.core.bars import Floats
from bot.core.errors import SurfaceFitError
from bot.core.implied_vol import implied_vols_forward
from bot.core.option_arrays import forward_figures
from bot.core.units import YEAR_S

DELTA_MIN = 0.05
DAYS_MIN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Smile:
    """Quotes of one expiry, arrays of one length, by ascending log-moneyness ln(K/F).

    vol: of the mid price, an annual fraction > 0. bid_vol: 0 where the bid is below every
    volatility. ask_vol: infinite where the ask is above every volatility.
    """

    years: float
    log_moneyness: Floats
    vol: Floats
    bid_vol: Floats
    ask_vol: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForwardQuotes:
    """A chain with its forwards, one row an option: undiscounted prices in quote per unit.

    bid, ask: 0 where there is none. forward: of the row's own expiry, > 0.
    """

    at_s: float
    expiry_s: Floats
    strike: Floats
    is_call: NDArray[np.bool_]
    bid: Floats
    ask: Floats
    forward: Floats

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name == "at_s":
                continue
            kind = np.bool_ if field.name == "is_call" else np.float64
            column: NDArray[Any] = np.array(getattr(self, field.name), dtype=kind)
            column.flags.writeable = False
            object.__setattr__(self, field.name, column)
            if column.shape != (len(self.expiry_s),) or not np.isfinite(column).all():
                problem = f"column {field.name} is not a number for every option"
                raise SurfaceFitError(days="any", problem=problem)


def smiles_of(
    quotes: ForwardQuotes, *, delta_min: float = DELTA_MIN, days_min: float = DAYS_MIN
) -> tuple[Smile, ...]:
    """The smiles of all expiries at least `days_min` ahead that have any quote, nearest first.

    Taken are options out of the money with a bid and an ask whose undiscounted |delta|, at the mid
    volatility, is at least `delta_min`.
    """
    expiries = np.unique(quotes.expiry_s)
    ahead = expiries[expiries - quotes.at_s >= days_min * 86_400.0]
    found = (_smile(quotes, expiry_s=e, delta_min=delta_min) for e in ahead.tolist())
    return tuple(smile for smile in found if smile.vol.size)


def _smile(quotes: ForwardQuotes, *, expiry_s: float, delta_min: float) -> Smile:
    years = (expiry_s - quotes.at_s) / YEAR_S
    is_outside = quotes.is_call == (quotes.strike >= quotes.forward)
    rows = np.flatnonzero(
        (quotes.expiry_s == expiry_s) & is_outside & (quotes.bid > 0.0) & (quotes.ask > 0.0)
    )
    rows = rows[np.argsort(quotes.strike[rows], kind="stable")]
    bid, ask = quotes.bid[rows], quotes.ask[rows]
    is_call, forward, strike = quotes.is_call[rows], quotes.forward[rows], quotes.strike[rows]
    low, mid, high = (
        implied_vols_forward(
            price=price, is_call=is_call, forward=forward, strike=strike, years=years
        )
        for price in (bid, (bid + ask) / 2.0, ask)
    )
    figures = forward_figures(
        is_call=is_call, forward=forward, strike=strike, vol=mid.vol, years=years
    )
    kept = mid.is_solved & (np.abs(figures.delta) >= delta_min)
    return Smile(
        years=years,
        log_moneyness=np.log(strike / forward)[kept],
        vol=mid.vol[kept],
        bid_vol=low.vol[kept],
        ask_vol=np.where(high.is_solved, high.vol, np.inf)[kept],
    )
