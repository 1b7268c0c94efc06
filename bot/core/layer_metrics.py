"""Metrics that each layer has for itself: how far the price is from its last strike."""

from __future__ import annotations

from math import log, sqrt

from bot.core.conditions import Metrics
from bot.core.market import Market
from bot.core.metric import Family, Metric
from bot.core.ports import Quoting
from bot.core.rules import Rules
from bot.core.state import LayerState
from bot.core.units import YEAR_S

LAYER_METRICS: Family = {
    "move_sigma_restrike": Metric(
        "sigmas", "like move_sigma, since the layer last struck a hedge; before that since entry"
    ),
    "move_sigma_restrike_abs": Metric("sigmas", "size of move_sigma_restrike"),
}


def with_layer_metrics(
    metrics: Metrics, held: LayerState, market: Market, rules: Rules, quoting: Quoting
) -> Metrics:
    """A pool's metrics, and where a rule speaks of them one layer's own."""
    if not rules.metric_names & LAYER_METRICS.keys():
        return metrics
    moved = _moved(metrics, held, market, rules, quoting)
    size = None if moved is None else abs(moved)
    return {**metrics, "move_sigma_restrike": moved, "move_sigma_restrike_abs": size}


def _moved(
    metrics: Metrics, held: LayerState, market: Market, rules: Rules, quoting: Quoting
) -> float | None:
    if not held.struck_atoms:
        return metrics["move_sigma"]
    sigma = quoting.calm_vol(market, tenor_s=rules.horizon_s) * sqrt(rules.horizon_s / YEAR_S)
    return round(log(market.spot_atoms / held.struck_atoms) / sigma, 6)
