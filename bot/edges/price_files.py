"""Files of price bars: CSV (also .csv.gz) or Parquet, columns ts, open, high, low, close[, volume].

ts is a bar's open in UTC: ISO 8601 (UTC where it names no zone), or unix seconds or milliseconds
(numbers from 1e11 on are milliseconds). The bar's length is the least distance of two rows.
Why so: docs/adr/0025-volatility.md.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv, parquet

from bot.core.bars import Bars
from bot.core.errors import MarketDataError

PRICES = ("open", "high", "low", "close")
MILLISECONDS_FROM = 10**11
"""Seconds from here on would be the year 5138; milliseconds from here on are 1973 and later."""
MILLISECONDS_UNTIL = 10**14


def read_bars(file: str) -> Bars:
    """The bars of a file; volume is 0 where the file has none."""
    table = read_table(file, texts=("ts",), numbers=PRICES, optional=("volume",))
    if table.num_rows < 2:
        problem = f"{table.num_rows} rows do not tell how long a bar is"
        raise MarketDataError(source=file, problem=problem)
    start_s = _seconds(file, table["ts"])
    columns = {name: floats(file, table, name) for name in PRICES}
    has_volume = "volume" in table.column_names
    columns["volume"] = floats(file, table, "volume") if has_volume else np.zeros(len(start_s))
    try:
        # With bars of a second order is tested first: the least distance means nothing before.
        _bars(1, start_s, columns)
        return _bars(np.diff(start_s).min().item(), start_s, columns)
    except MarketDataError as error:
        raise MarketDataError(source=file, problem=error.operands["problem"]) from None


def read_table(
    file: str, *, texts: tuple[str, ...], numbers: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Any:
    """The named columns of a CSV or Parquet file; other columns are not looked at."""
    path = Path(file)
    is_parquet = path.suffix in {".parquet", ".pq"}
    if not is_parquet and not path.name.endswith((".csv", ".csv.gz")):
        raise MarketDataError(source=file, problem="it is neither .csv, .csv.gz nor .parquet")
    try:
        names = parquet.read_schema(path).names if is_parquet else csv.open_csv(path).schema.names
        _require(file, names, (*texts, *numbers))
        wanted = [name for name in names if name in {*texts, *numbers, *optional}]
        if is_parquet:
            return parquet.read_table(path, columns=wanted)
        kinds = {name: pa.string() if name in texts else pa.float64() for name in wanted}
        options = csv.ConvertOptions(column_types=kinds, include_columns=wanted)
        return csv.read_csv(path, convert_options=options)
    except FileNotFoundError:
        raise MarketDataError(source=file, problem="there is no such file") from None
    except (pa.ArrowException, OSError, ValueError) as error:
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MarketDataError(source=file, problem=problem) from None


def floats(file: str, table: Any, name: str) -> NDArray[np.float64]:
    """A column of numbers; an empty cell is nan, which the types of the core refuse."""
    try:
        column = table[name].cast(pa.float64())
    except pa.ArrowException:
        raise MarketDataError(source=file, problem=f"column {name} is no number") from None
    values: NDArray[np.float64] = column.to_numpy(zero_copy_only=False)
    return values


def iso_second(text: str) -> float:
    """Unix seconds of an ISO 8601 time, UTC where it names no zone. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _require(file: str, names: list[str], needed: tuple[str, ...]) -> None:
    """Refuse a file that lacks one of the columns, or has one twice."""
    if missing := [name for name in needed if name not in names]:
        raise MarketDataError(source=file, problem=f"column {', '.join(missing)} is missing")
    if twice := [name for name in needed if names.count(name) > 1]:
        raise MarketDataError(source=file, problem=f"column {twice[0]} is there twice")


def _bars(step_s: int, start_s: NDArray[np.int64], columns: dict[str, Any]) -> Bars:
    return Bars(step_s=step_s, start_s=start_s, parts=np.ones_like(start_s), **columns)


def _seconds(file: str, column: Any) -> NDArray[np.int64]:
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        column = column.cast(pa.timestamp("ns")).cast(pa.string())
    found = np.empty(len(column), dtype=np.int64)
    for row, cell in enumerate(column.to_pylist()):
        try:
            second = unix_second(cell)
            found[row] = int(second)
            if found[row] != second:
                raise ValueError(cell)
        except (TypeError, ValueError, OverflowError):
            problem = f"row {row + 1}: ts {cell!r} is no UTC time in whole seconds"
            raise MarketDataError(source=file, problem=problem) from None
    return found


def unix_second(cell: str | float | None) -> float:
    """Unix seconds of a cell: see the top. Raises TypeError or ValueError."""
    if isinstance(cell, str):
        try:
            number = float(cell)
        except ValueError:
            return iso_second(cell)
    elif cell is None:
        raise TypeError
    else:
        number = cell
    if not abs(number) < MILLISECONDS_UNTIL:
        raise ValueError(cell)
    return number / 1000 if abs(number) >= MILLISECONDS_FROM else number
