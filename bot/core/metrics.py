"""The numbers that rules can speak of, by name: each with its unit, its meaning and its formula.

A metric is a float rounded here to 6 decimals, or None while it is not warm. docs/rules.md lists
them; adding one is adding a row to METRICS and a line to `measure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, sqrt

from bot.core.conditions import Metrics
from bot.core.exposure import Exposure
from bot.core.market import Market
from bot.core.units import BPS, YEAR_S

METRICS: Mapping[str, str] = {
    "il_bps": "impermanent loss against holding, bps of the hold value, >= 0, fees excluded",
    "loss_vs_entry_bps": "the same loss over the value at entry (borrowed LP), bps, >= 0",
    "fees_bps": "fees earned on the lots held, bps of the hold value",
    "net_loss_bps": "il_bps minus fees_bps: what holding would have kept, bps",
    "move_bps": "spot against the entry price, bps, signed",
    "move_sigma": "ln(spot / entry price) / (sigma * sqrt(horizon)), signed",
    "move_sigma_abs": "size of move_sigma",
    "realised_vol": "annualised realised volatility (EWMA), a fraction: 0.65 is 65 %",
    "vol_premium": "implied at-the-money minus realised volatility, a fraction",
    "twap_gap_bps": "distance of spot from the 30-minute TWAP, bps, >= 0",
}


def measure(
    market: Market, exposure: Exposure | None, *, sigma: float, implied_vol: float, horizon_s: int
) -> Metrics:
    """All metrics of one pool on one tick; those of the position are None without an entry price.

    sigma: annual volatility that one sigma of `move_sigma` is made of, a fraction > 0.
    implied_vol: what the venue asks at the money now, a fraction.
    """
    realised = market.realised_vol
    twap = market.twap_atoms
    return {
        **_position_metrics(market, exposure, sigma=sigma, horizon_s=horizon_s),
        "realised_vol": realised,
        "vol_premium": None if realised is None else round(implied_vol - realised, 6),
        "twap_gap_bps": None if not twap else round(abs(market.spot_atoms / twap - 1.0) * BPS, 6),
    }


def _position_metrics(
    market: Market, exposure: Exposure | None, *, sigma: float, horizon_s: int
) -> dict[str, float | None]:
    if exposure is None or not (exposure.entry_base_atoms and exposure.entry_quote_atoms):
        # Dust that somebody sent may have cost nothing: it has no entry price.
        return dict.fromkeys(
            ("il_bps", "loss_vs_entry_bps", "fees_bps", "net_loss_bps",
             "move_bps", "move_sigma", "move_sigma_abs")
        )  # fmt: skip
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
