"""Metrics of a hedged position: its losses, its fees, and how far the price is from its entry."""

from __future__ import annotations

from math import log, sqrt

from bot.core.conditions import Metrics
from bot.core.exposure import Exposure
from bot.core.market import Market
from bot.core.metric import Family, Metric
from bot.core.units import BPS, YEAR_S

POSITION_METRICS: Family = {
    "il_bps": Metric(
        "bps", "impermanent loss against holding, of the hold value, >= 0, fees excluded"
    ),
    "loss_vs_entry_bps": Metric("bps", "the same loss over the value at entry (borrowed LP), >= 0"),
    "fees_bps": Metric("bps", "fees earned on the lots held, of the hold value"),
    "net_loss_bps": Metric("bps", "il_bps minus fees_bps: what holding would have kept"),
    "move_bps": Metric("bps", "spot against the entry price, signed"),
    "move_sigma": Metric("sigmas", "ln(spot / entry price) / (sigma * sqrt(horizon)), signed"),
    "move_sigma_abs": Metric("sigmas", "size of move_sigma"),
}


def position_metrics(
    market: Market, exposure: Exposure | None, *, sigma: float, horizon_s: int
) -> Metrics:
    """All of them at one tick; None without an entry price.

    sigma: annual volatility that one sigma is made of, a fraction > 0, over horizon_s seconds.
    """
    if exposure is None or not exposure.has_entry_price:
        return dict.fromkeys(POSITION_METRICS)
    ratio = entry_price_ratio(market, exposure)
    fees_bps = exposure.fees_atoms * BPS / exposure.hold_value_atoms
    move_sigma = log(ratio) / (sigma * sqrt(horizon_s / YEAR_S))
    return {
        "il_bps": abs(exposure.il_bps),
        "loss_vs_entry_bps": round(abs(exposure.loss_vs_entry_hold) * BPS, 6),
        "fees_bps": round(fees_bps, 6),
        "net_loss_bps": round(abs(exposure.il_bps) - fees_bps, 6),
        "move_bps": round((ratio - 1.0) * BPS, 6),
        "move_sigma": round(move_sigma, 6),
        "move_sigma_abs": round(abs(move_sigma), 6),
    }


def entry_price_ratio(market: Market, exposure: Exposure) -> float:
    """Spot over the entry price, which is the quote over the base tokens paid in, all lots."""
    spot: float = market.spot_atoms / 10**market.base_decimals
    return spot * exposure.entry_base_atoms / exposure.entry_quote_atoms
