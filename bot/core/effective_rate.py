"""The effective exchange rate of a pool's base token against the basket of the watched tokens.

A geometric mean over all tokens that chains of watched pools lead to, each weighing the same.
docs/maths.md section 6.8.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, fsum, log
from typing import Any, TypeVar

from bot.core.snapshot import PoolSpec
from bot.core.units import YEAR_S, carried

INDEX_START = 100.0
Move = TypeVar("Move", float, Any)
"""A number, or an array of numbers that are added one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveRate:
    """Logarithms of the index over its start. closes: bars compared so far.

    nominal: prices alone. real: with what lending the base token brings above lending the quote
    token; None while that is not known, and back at the start when it is known again.
    """

    closes: int = 0
    nominal: float = 0.0
    real: float | None = None


RATE_START = EffectiveRate()


def effective_rate_step(
    rate: EffectiveRate, move: float | None, *, differential: float | None, elapsed_s: int
) -> EffectiveRate:
    """The index with one more close.

    move: `basket_move`; None where no other token is reached, which changes nothing.
    differential: a year, a fraction, as it stood at the close; None if not known.
    """
    if move is None:
        return rate
    carry = None if differential is None else differential * elapsed_s / YEAR_S
    return EffectiveRate(
        closes=rate.closes + 1,
        nominal=carried(rate.nominal + move),
        real=None if carry is None else carried((rate.real or 0.0) + move + carry),
    )


def index_level(logarithm: float) -> float:
    """The index: 100 where it started.

    >>> index_level(0.0)
    100.0
    """
    return INDEX_START * exp(logarithm)


def basket_move(
    token: str,
    specs: Sequence[PoolSpec],
    before: Sequence[float | None],
    now: Sequence[float | None],
) -> float | None:
    """Mean log move of a token (by address) against every other token that it can be priced in.

    before, now: prices of the pools (quote per base) at two closes, in the order of the specs;
    None for no price. Each token is priced by the shortest chain of pools, the earlier pool first.
    None where no other token is reached.
    """
    moves = moves_against(token, _edges(specs, before, now))
    return fsum(moves) / len(moves) if moves else None  # sum() depends on Python's version


def _edges(
    specs: Sequence[PoolSpec], before: Sequence[float | None], now: Sequence[float | None]
) -> Mapping[str, list[tuple[str, float]]]:
    """By token, the tokens of its pools, each with the log move of the first in the other."""
    edges: dict[str, list[tuple[str, float]]] = {}
    for spec, then, price in zip(specs, before, now, strict=True):
        if then is None or price is None:
            continue
        move = log(price / then)
        edges.setdefault(spec.base.address, []).append((spec.quote.address, move))
        edges.setdefault(spec.quote.address, []).append((spec.base.address, -move))
    return edges


def moves_against(token: str, edges: Mapping[str, Sequence[tuple[str, Move]]]) -> list[Move]:
    """Log moves of a token against every other token that chains of pools lead to.

    edges: by token, the tokens of its pools in the order of the specs, each with the log move of
    the first in the other: one number, or a column of them.
    """
    reached: dict[str, Move] = {}
    waiting = deque((token,))
    while waiting:
        at = waiting.popleft()
        for other, move in edges.get(at, ()):
            if other != token and other not in reached:
                reached[other] = reached[at] + move if at in reached else move
                waiting.append(other)
    return list(reached.values())
