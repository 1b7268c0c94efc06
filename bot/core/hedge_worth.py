"""What open hedges would bring if they were sold now: asked of the venue once a tick."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from bot.core.plan import PoolView
from bot.core.ports import Quoting
from bot.core.state import Hedge

HedgeWorth: TypeAlias = Mapping[str, int | None]
"""Hedge id -> quote atoms after fees, < 0 where buying back costs; None where nobody can tell."""


def worth_of(
    hedges: Iterable[Hedge],
    views: Mapping[str, PoolView],
    quoting: Quoting,
    *,
    known: HedgeWorth,
) -> dict[str, int | None]:
    """The liquidation value of each hedge at this tick's market.

    None while its pool cannot be valued or it has expired. known: of hedges with the same legs.
    """
    return {
        hedge.id: known[hedge.id] if hedge.id in known else _worth(hedge, views, quoting)
        for hedge in hedges
    }


def _worth(hedge: Hedge, views: Mapping[str, PoolView], quoting: Quoting) -> int | None:
    view = views.get(hedge.pool)
    if view is None or view.market.time_s >= hedge.expiry_s:
        return None
    return quoting.liquidation_atoms(hedge.legs, view.market)
