"""The price that an expired hedge is settled by: the average of the window before its expiry."""

from __future__ import annotations

from bot.core.errors import ObservationsMissingError
from bot.core.index_memory import average_atoms
from bot.core.rules import Rules
from bot.core.sight import Sight
from bot.core.signals import PoolSignals
from bot.core.state import Hedge
from bot.core.twap import twap_atoms


def expiry_price_atoms(
    hedge: Hedge, signals: PoolSignals, *, window_s: int, base_decimals: int
) -> int:
    """Quote atoms per whole base token, or per contract on the index; all legs are on the same.

    Raises ObservationsMissingError while the window was not seen whole.
    """
    start_s, end_s = hedge.expiry_s - window_s, hedge.expiry_s
    if hedge.legs[0].contract.kind.is_on_index:
        return average_atoms(signals.index.seen, window_start_s=start_s, window_end_s=end_s)
    return twap_atoms(
        signals.observations,
        window_start_s=start_s,
        window_end_s=end_s,
        base_decimals=base_decimals,
    )


def expiry_prices(hedges: tuple[Hedge, ...], sight: Sight, rules: Rules) -> dict[str, int]:
    """Hedge id -> the price by which it is settled on this tick, for those that can be."""
    prices: dict[str, int] = {}
    for hedge in hedges:
        view = sight.views.get(hedge.pool)
        if view is None or hedge.expiry_s > view.market.time_s:
            continue
        try:
            prices[hedge.id] = expiry_price_atoms(
                hedge,
                sight.books[hedge.pool].signals,
                window_s=rules.twap_window_s,
                base_decimals=view.market.base_decimals,
            )
        except ObservationsMissingError:
            continue  # its layer says so: NO_SETTLEMENT_PRICE
    return prices
