"""The numbers that rules can speak of, by name: each with its unit, its meaning and its formula.

A metric is a float rounded by its family to 6 decimals, or None while it is not warm. The families
that reports show are measured on every tick, those of bars only where a rule speaks of them.
docs/rules.md lists them all; to add one, add a row to a family and a line where it is measured.
"""

from __future__ import annotations

from bot.core.bar_metrics import BAR_METRICS
from bot.core.bar_signals import BarSignals
from bot.core.conditions import Metrics
from bot.core.exposure import Exposure
from bot.core.index_metric import INDEX_METRICS
from bot.core.layer_metrics import LAYER_METRICS
from bot.core.market import Market
from bot.core.market_metrics import OUTSIDE_METRICS
from bot.core.metric import Family, Metric
from bot.core.parity import PARITY_METRICS
from bot.core.position_metrics import POSITION_METRICS, position_metrics
from bot.core.units import BPS

MARKET_METRICS: Family = {
    "realised_vol": Metric("fraction a year", "realised volatility (EWMA): 0.65 is 65 %"),
    "implied_vol": Metric("fraction a year", "at the money over `horizon_days`, as the venue asks"),
    "vol_premium": Metric("fraction a year", "implied at-the-money minus realised volatility"),
    "twap_gap_bps": Metric("bps", "distance of spot from the 30-minute TWAP, >= 0"),
}

METRICS: Family = {
    **PARITY_METRICS,
    **INDEX_METRICS,
    **POSITION_METRICS,
    **MARKET_METRICS,
    **BAR_METRICS,
    **OUTSIDE_METRICS,
    **LAYER_METRICS,
}


def measure(
    market: Market,
    exposure: Exposure | None,
    *,
    sigma: float,
    implied_vol: float,
    horizon_s: int,
    bars: BarSignals,
) -> Metrics:
    """The metrics of one pool on one tick; those of the position are None without an entry price.

    sigma: annual volatility that one sigma of `move_sigma` is made of, a fraction > 0.
    implied_vol: what the venue asks at the money now, a fraction. bars: with the values wanted.
    """
    return {
        **position_metrics(market, exposure, sigma=sigma, horizon_s=horizon_s),
        **market_metrics(market, implied_vol=implied_vol),
        **bars.metrics,
    }


def market_metrics(market: Market, *, implied_vol: float) -> Metrics:
    """What is seen of the pool's market at one tick. implied_vol: at the money, a fraction."""
    realised, twap = market.realised_vol, market.twap_atoms
    return {
        "realised_vol": realised,
        "implied_vol": implied_vol,
        "vol_premium": None if realised is None else round(implied_vol - realised, 6),
        "twap_gap_bps": None if not twap else round(abs(market.spot_atoms / twap - 1.0) * BPS, 6),
    }
