"""Option chains for tests: the white papers' examples, and chains priced off a flat volatility."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from bot.core.options import black_price
from bot.core.orders import ContractKind
from bot.core.units import DAY_S, YEAR_S
from bot.core.variance_strip import OptionChain
from tests.builders.shared_data import shared_data


class Quote(NamedTuple):
    expiry_s: float
    strike: float
    is_call: bool
    bid: float
    ask: float


def chain_of(quotes: Iterable[Quote]) -> OptionChain:
    columns = [np.array(column) for column in zip(*quotes, strict=True)]
    return OptionChain(**dict(zip(Quote._fields, columns, strict=True)))


def white_paper_quotes(name: str, *, minutes: int) -> list[Quote]:
    """Rows of strike, call bid, call ask, put bid, put ask; time starts at 0."""
    rows = np.loadtxt(shared_data(f"vix_example/{name}")).tolist()
    return _both_sides((minutes * 60.0, *row) for row in rows)


def old_white_paper_quotes() -> list[Quote]:
    """The example of the 2009 paper: at 8:30, 9 and 37 days to expiry at 8:30 (T1, T2 in it)."""
    path = shared_data("vix_example/vix_2009whitepaper_options.csv")
    rows = np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(1, 7)).tolist()
    return _both_sides((days * float(DAY_S), *row) for days, *row in rows)


def flat_quotes(
    *,
    days: float,
    vol: float,
    forward: float,
    strikes: Sequence[float],
    rate: float = 0.0,
    half_spread: float = 1e-9,
) -> list[Quote]:
    """Quotes around Black-76 at one volatility; time starts at 0."""
    years = days * DAY_S / YEAR_S
    quotes = []
    for strike in strikes:
        for kind in (ContractKind.CALL, ContractKind.PUT):
            price = black_price(
                kind=kind, forward=forward, strike=strike, vol=vol, years=years, rate=rate
            )
            quotes.append(
                Quote(
                    days * DAY_S,
                    strike,
                    kind is ContractKind.CALL,
                    max(0.0, price - half_spread),
                    price + half_spread,
                )
            )
    return quotes


def _both_sides(rows: Iterable[Sequence[float]]) -> list[Quote]:
    quotes = []
    for expiry_s, strike, call_bid, call_ask, put_bid, put_ask in rows:
        quotes.append(Quote(expiry_s, strike, True, call_bid, call_ask))
        quotes.append(Quote(expiry_s, strike, False, put_bid, put_ask))
    return quotes
