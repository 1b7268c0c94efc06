"""Relative strength index of closes (Wilder, 1978): how much of all movement went up.

Only + - * / of doubles, in one order, so every machine gives the same bits and nothing is rounded
on the way. The move across missing bars counts as one move, as the price did move; when as many
are missing as the index averages, it starts anew. docs/maths.md section 5.8.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.price_bars import PriceBar


@dataclass(frozen=True, slots=True, kw_only=True)
class RsiState:
    """close: of the last bar; None before the first. moves: counted up to the index's length.

    up, down: sums of rises and falls until `moves` is full, then Wilder's averages of them; in the
    unit of the price, >= 0.
    """

    close: float | None = None
    moves: int = 0
    up: float = 0.0
    down: float = 0.0


START = RsiState()


def step(state: RsiState, bar: PriceBar, *, length: int) -> RsiState:
    """One more closed bar. The first averages are plain means; each later move weighs 1/length."""
    if state.close is None or bar.missing >= length:
        return RsiState(close=bar.close)
    move = bar.close - state.close
    rise, fall = (move, 0.0) if move > 0.0 else (0.0, -move)
    if state.moves == length:
        return RsiState(
            close=bar.close,
            moves=length,
            up=(state.up * (length - 1) + rise) / length,
            down=(state.down * (length - 1) + fall) / length,
        )
    moves, up, down = state.moves + 1, state.up + rise, state.down + fall
    if moves == length:
        up, down = up / length, down / length
    return RsiState(close=bar.close, moves=moves, up=up, down=down)


def rsi(state: RsiState, *, length: int) -> float | None:
    """0 (only falls) to 100 (only rises); 50 where no price moved; None until `length` moves.

    A price that stands still is neither sold out nor overbought. (TA-Lib gives 0 there.)

    >>> rsi(RsiState(close=1.0, moves=14, up=3.0, down=1.0), length=14)
    75.0
    """
    if state.moves < length:
        return None
    total = state.up + state.down
    return 50.0 if total == 0.0 else 100.0 * (state.up / total)
