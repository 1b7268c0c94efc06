"""The pool's volatility index as a metric: what contracts on it are written on, in vol points."""

from __future__ import annotations

from bot.core.conditions import Metrics
from bot.core.market import Market
from bot.core.metric import Family, Metric
from bot.core.ports import Quoting

INDEX_METRICS: Family = {
    "vol_index": Metric(
        "vol points",
        "the pool's own volatility index, 30 days ahead, by a strip of the venue's marks: 65 is "
        "65 %; what contracts on it settle by",
    ),
}


def index_metrics(market: Market, quoting: Quoting) -> Metrics:
    """The index at one tick; known from the first on, as the venue quotes from then on."""
    return {"vol_index": quoting.index_points(market)}
