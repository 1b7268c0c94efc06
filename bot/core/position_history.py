"""The position's metrics at every tick of a history at once: losses, fees, moves, and its return.

Lots change with the position's own events alone. Between these a tick's exposure is a closed form
of that tick's reserves, and the metrics are columns of it. The internal rate of return is a root of
its own on every tick. Tick by tick: bot/core/position_metrics.py and cash_flows.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, sqrt

import numpy as np

from bot.core.bars import Floats
from bot.core.cash_flows import CashFlow, flows_of, irr
from bot.core.columns import column_of, logs, quotients, rounded
from bot.core.exposure import Exposure, exposure_of
from bot.core.loss import calc_il
from bot.core.market_terms import MarketTerms
from bot.core.position import Position, apply_event
from bot.core.recorded import PoolColumns, Recorded
from bot.core.signal_history import History
from bot.core.units import BPS, YEAR_S

RANGE_LOSS = "il_range_bps"


def exposures(recorded: Recorded, pool: PoolColumns) -> list[Exposure | None]:
    """The position at every tick; None while there are no LP tokens."""
    position, found = Position(pool=pool.spec.name), []
    for seen, state in zip(recorded.snapshots, pool.states, strict=True):
        for event in seen.events:
            if event.pool == pool.spec.name:
                position = apply_event(position, event, block_time_s=seen.block.time_s)
        found.append(exposure_of(pool.spec, state, position) if position.lots else None)
    return found


def position_history(
    pool: PoolColumns, held: Sequence[Exposure | None], *, sigma: Floats, horizon_s: int
) -> History:
    """Losses, fees and moves, as they are recorded. held: `exposures`.

    sigma: annual volatility that one sigma is made of, over horizon_s seconds, at every tick.
    """
    known = _entered(held)
    il_bps = np.abs(column_of(each.il_bps if each else None for each in known))
    loss = np.abs(column_of(each.loss_vs_entry_hold if each else None for each in known))
    fees_bps = quotients(
        (each.fees_atoms * BPS if each else None for each in known),
        [each.hold_value_atoms if each else None for each in known],
    )
    ratio = _entry_ratios(pool, known)
    moved = logs(ratio) / (sigma * sqrt(horizon_s / YEAR_S))
    return {
        "il_bps": il_bps,
        "loss_vs_entry_bps": rounded(loss * BPS),
        "fees_bps": rounded(fees_bps),
        "net_loss_bps": rounded(il_bps - fees_bps),
        "move_bps": rounded((ratio - 1.0) * BPS),
        "move_sigma": rounded(moved),
        "move_sigma_abs": rounded(np.abs(moved)),
    }


def range_history(
    pool: PoolColumns, held: Sequence[Exposure | None], terms: MarketTerms
) -> History:
    """The loss of a range about the entry price, unrounded: a closed form of each tick's ratio."""
    width = terms.range_bps / BPS
    losses = (
        None
        if isnan(ratio)
        else calc_il(entry=1.0, price=ratio, lower=1.0 - width, upper=1.0 + width)["il_vs_hold"]
        for ratio in _entry_ratios(pool, _entered(held)).tolist()
    )
    return {RANGE_LOSS: -column_of(losses) * BPS}


def return_history(
    recorded: Recorded, pool: PoolColumns, held: Sequence[Exposure | None], *, wacc: Floats
) -> History:
    """The internal rate of return at every tick, unrounded: one root search each."""
    flows: tuple[CashFlow, ...] = ()
    found: list[float | None] = []
    for seen, exposure in zip(recorded.snapshots, held, strict=True):
        events = [event for event in seen.events if event.pool == pool.spec.name]
        flows = (*flows, *flows_of(events, time_s=seen.block.time_s))
        found.append(
            None
            if exposure is None
            else irr(flows, value_atoms=exposure.lp_value_atoms, time_s=seen.block.time_s)
        )
    rates = column_of(found)
    return {"irr": rates, "irr_minus_wacc": rates - wacc}


def _entered(held: Sequence[Exposure | None]) -> list[Exposure | None]:
    """The same, None too where the lots held have no entry price."""
    return [each if each is not None and each.has_entry_price else None for each in held]


def _entry_ratios(pool: PoolColumns, known: Sequence[Exposure | None]) -> Floats:
    """Spot over the entry price."""
    spot = quotients(pool.spot_atoms, 10**pool.spec.base.decimals)
    entry_base = column_of(each.entry_base_atoms if each else None for each in known)
    entry_quote = column_of(each.entry_quote_atoms if each else None for each in known)
    ratios: Floats = spot * entry_base / entry_quote
    return ratios
