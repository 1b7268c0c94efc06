"""What arrays of options are made of: checked, broadcast, and fed to the compiled loops in chunks.

A chunk stays in the second-level cache, so that checking and copying it costs little, whatever
the strides of the inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bot.core.errors import OptionInputError

Floats: TypeAlias = NDArray[np.float64]
Loop: TypeAlias = Callable[[Floats, int, Floats, int], None]
"""(columns, size, out, at): columns are rows of inputs, calls as 1 and puts as -1 first."""

CHUNK = 8192
LARGEST = 1e50
"""Prices from its inverse to it, vol, years and rates up to it: then nothing can overflow."""
LOG_DISCOUNT_MAX = 100.0
"""Largest |rate * years|."""

PRICES = frozenset({"forward", "spot", "strike"})
SIGNED = frozenset({"rate", "price"})


def sweep(loop: Loop, is_call: ArrayLike, numbers: Mapping[str, ArrayLike], *, rows: int) -> Floats:
    """(rows, *shape) of what the loop makes of the inputs, in their order, which broadcast.

    Impossible input is refused by name, before anything is returned.
    """
    calls = np.asarray(is_call)
    if calls.dtype != np.bool_:
        raise OptionInputError(
            name="is_call", value=calls.dtype, problem="it must be true for a call, false for a put"
        )
    inputs = [calls, *(as_floats(name, value) for name, value in numbers.items())]
    shape = _common_shape(inputs, numbers)
    flat = [np.broadcast_to(value, shape).reshape(-1) for value in inputs]
    out = np.empty((rows, flat[0].size))
    chunk = np.empty((len(inputs), CHUNK))
    for start in range(0, out.shape[1], CHUNK):
        size = min(CHUNK, out.shape[1] - start)
        for row, values in zip(chunk, flat, strict=True):
            row[:size] = values[start : start + size]
        _refuse_impossible(list(numbers), chunk[1:, :size])
        chunk[0, :size] = 2.0 * chunk[0, :size] - 1.0
        loop(chunk, size, out, start)
    return out.reshape(rows, *shape)


def as_floats(name: str, value: ArrayLike) -> Floats:
    """An array of floats, or a refusal by name."""
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise OptionInputError(name=name, value=value, problem="it must be a number") from error


def _common_shape(
    inputs: list[NDArray[np.generic]], names: Mapping[str, object]
) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*(value.shape for value in inputs))
    except ValueError as error:
        raise OptionInputError(
            name="shape",
            value=", ".join(str(value.shape) for value in inputs),
            problem=f"is_call, {', '.join(names)} do not fit each other",
        ) from error


def _refuse_impossible(names: list[str], columns: Floats) -> None:
    lows, highs = columns.min(axis=1).tolist(), columns.max(axis=1).tolist()
    for name, low, high, values in zip(names, lows, highs, columns, strict=True):
        least = 1.0 / LARGEST if name in PRICES else (-LARGEST if name in SIGNED else 0.0)
        # min and max pass a nan on, and a nan is within nothing.
        if not (low >= least and high <= LARGEST):
            found = values[~((values >= least) & (values <= LARGEST))][0].item()
            raise OptionInputError(name=name, value=found, problem=_problem(name, found))
    rate, years = (names.index(name) for name in ("rate", "years"))
    if max(-lows[rate], highs[rate]) * highs[years] > LOG_DISCOUNT_MAX:
        # The largest of each may belong to different options.
        beyond = np.abs(columns[rate] * columns[years]) > LOG_DISCOUNT_MAX
        if beyond.any():
            found = columns[rate][beyond][0].item()
            raise OptionInputError(
                name="rate", value=found, problem=f"over the years it exceeds {LOG_DISCOUNT_MAX:g}"
            )


def _problem(name: str, found: float) -> str:
    if found > LARGEST or found < -LARGEST:
        return f"the largest that is priced is {LARGEST:g}"
    if name in PRICES:
        return f"a price must be above 0, at least {1.0 / LARGEST:g}"
    return "it must be a number" if name in SIGNED else "it must be 0 or more"
