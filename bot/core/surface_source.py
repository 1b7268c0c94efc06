"""Where a venue's fitted surface comes from: a chain's file, and how it is to move.

Only named here. Reading and fitting is done once, when a book is opened; the book's opening terms
carry the result, so that a replay needs no file.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceSource:
    """A chain's file and the knobs of `MovingSurface` that are turned, by name.

    moves: False for the surface as the chain quoted it, which realised volatility does not move.
    """

    file: str
    moves: bool = True
    knobs: tuple[tuple[str, float], ...] = ()
