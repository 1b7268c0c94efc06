"""Metrics that each layer has for itself: how far the price is from its last strike."""

from __future__ import annotations

from collections.abc import Sequence
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
    recent: Sequence[Metrics], held: LayerState, market: Market, rules: Rules, quoting: Quoting
) -> tuple[Metrics, ...]:
    """A pool's metrics of the last blocks, oldest first, with one layer's own where a rule speaks
    of them. Against the strike every block has moved by what it has moved since entry, less what
    the strike was away from entry."""
    if not rules.metric_names & LAYER_METRICS.keys():
        return tuple(recent)
    shift = _strike_shift(recent[-1]["move_sigma"], held, market, rules, quoting)
    return tuple(_with_own(metrics, shift) for metrics in recent)


def _with_own(metrics: Metrics, shift: float | None) -> Metrics:
    moved = metrics["move_sigma"]
    own = None if moved is None or shift is None else round(moved - shift, 6)
    size = None if own is None else abs(own)
    return {**metrics, "move_sigma_restrike": own, "move_sigma_restrike_abs": size}


def _strike_shift(
    moved: float | None, held: LayerState, market: Market, rules: Rules, quoting: Quoting
) -> float | None:
    """How many sigmas from entry the layer's last strike was; 0 before the first."""
    if not held.struck_atoms:
        return 0.0
    if moved is None:
        return None
    sigma = quoting.calm_vol(market, tenor_s=rules.horizon_s) * sqrt(rules.horizon_s / YEAR_S)
    return moved - log(market.spot_atoms / held.struck_atoms) / sigma
