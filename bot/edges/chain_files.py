"""Files of option chains, CSV or .csv.gz, in coin prices as Deribit quotes them.

Columns: quote_time_utc, expiry_utc, strike, kind, bid_coin, ask_coin, mark_coin, forward, index;
iv, delta, vega and open_interest may follow. A coin price times the row's own index is its price
in quote currency; an empty bid or ask is none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.core.errors import MarketDataError, SurfaceFitError
from bot.core.smile import ForwardQuotes
from bot.core.variance_strip import OptionChain
from bot.edges.price_files import floats, iso_second, read_table

TEXTS = ("quote_time_utc", "expiry_utc", "kind")
NUMBERS = ("strike", "bid_coin", "ask_coin", "mark_coin", "forward", "index")
KINDS = {"call": True, "put": False}


def read_chain(file: str) -> OptionChain:
    """The chain of a file, of one moment: an option that is there twice is refused."""
    table = read_table(file, texts=TEXTS, numbers=NUMBERS)
    is_call = _calls(file, table["kind"])
    index = floats(file, table, "index")
    if not (np.isfinite(index) & (index > 0.0)).all():
        raise MarketDataError(source=file, problem="an index is not a number above 0")
    try:
        return OptionChain(
            expiry_s=np.array(_expiries(file, table["expiry_utc"])),
            strike=floats(file, table, "strike"),
            is_call=is_call,
            bid=np.nan_to_num(floats(file, table, "bid_coin"), posinf=np.inf) * index,
            ask=np.nan_to_num(floats(file, table, "ask_coin"), posinf=np.inf) * index,
        )
    except MarketDataError as error:
        raise MarketDataError(source=file, problem=error.operands["problem"]) from None


def read_forward_quotes(file: str, *, at_s: float | None = None) -> ForwardQuotes:
    """A file's chain undiscounted: coin prices times the row's forward.

    at_s: what time to expiry is counted from, unix seconds; None for the file's one quote time.
    """
    table = read_table(file, texts=TEXTS, numbers=NUMBERS)
    if at_s is None:
        at_s = _quote_time(file, table["quote_time_utc"])
    forward = floats(file, table, "forward")
    if not (np.isfinite(forward) & (forward > 0.0)).all():
        raise MarketDataError(source=file, problem="a forward is not a number above 0")
    try:
        return ForwardQuotes(
            at_s=at_s,
            expiry_s=np.array(_expiries(file, table["expiry_utc"])),
            strike=floats(file, table, "strike"),
            is_call=_calls(file, table["kind"]),
            bid=np.nan_to_num(floats(file, table, "bid_coin")) * forward,
            ask=np.nan_to_num(floats(file, table, "ask_coin")) * forward,
            forward=forward,
        )
    except SurfaceFitError as error:
        raise MarketDataError(source=file, problem=error.operands["problem"]) from None


def _quote_time(file: str, column: Any) -> float:
    moments = set(column.to_pylist())
    if len(moments) != 1:
        raise MarketDataError(source=file, problem=f"it has {len(moments)} quote times, not one")
    (moment,) = moments
    try:
        return iso_second(moment)
    except (TypeError, ValueError):
        problem = f"quote_time_utc {moment!r} is no ISO 8601 time"
        raise MarketDataError(source=file, problem=problem) from None


def _calls(file: str, column: Any) -> NDArray[np.bool_]:
    kinds = column.to_pylist()
    if strange := [kind for kind in kinds if kind not in KINDS]:
        problem = f"kind {strange[0]!r} is neither call nor put"
        raise MarketDataError(source=file, problem=problem)
    return np.array([KINDS[kind] for kind in kinds], dtype=np.bool_)


def _expiries(file: str, column: Any) -> list[float]:
    seconds: dict[str, float] = {}
    cells = column.to_pylist()
    for row, cell in enumerate(cells):
        if cell in seconds:
            continue
        try:
            seconds[cell] = iso_second(cell)
        except (TypeError, ValueError):
            problem = f"row {row + 1}: expiry_utc {cell!r} is no ISO 8601 time"
            raise MarketDataError(source=file, problem=problem) from None
    return [seconds[cell] for cell in cells]
