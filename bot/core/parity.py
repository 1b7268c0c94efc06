"""Put-call parity, watched: what a conversion or reversal at the venue's quotes would bring."""

from __future__ import annotations

from bot.core.conditions import Metrics
from bot.core.market import Market
from bot.core.metric import Family, Metric
from bot.core.ports import Quoting
from bot.core.structures import CALL, FORWARD, PUT
from bot.core.units import BPS

PARITY_METRICS: Family = {
    "parity_gap_bps": Metric(
        "bps of spot",
        "the most that a conversion or reversal at the quotes would bring, at the money over "
        "`horizon_days`, before fees; below 0 what it would cost",
    ),
}


def parity_metrics(market: Market, quoting: Quoting, *, tenor_s: int) -> Metrics:
    """The watch at one tick. tenor_s: the listed expiry nearest to it is taken."""
    return {"parity_gap_bps": parity_gap_bps(market, quoting, tenor_s=tenor_s)}


def parity_gap_bps(market: Market, quoting: Quoting, *, tenor_s: int) -> float:
    """bps of spot, 6 decimals.

    A conversion buys the forward and the put and sells the call at one strike, a reversal the
    other way round; at expiry both are worth nothing whatever the price, so what they bring now is
    free. Worked: call 50 / 52, put 48 / 50, forward 1 / 3 at spot 2,000: the conversion brings
    50 - 50 - 3 = -3, the reversal 1 + 48 - 52 = -3: -15 bps.
    """
    expiry_s = quoting.expiry_near(market, tenor_s=tenor_s)
    quotes = {}
    for kind in (CALL, PUT, FORWARD):
        contract = quoting.contract(
            market, kind=kind.value, target_atoms=market.spot_atoms, expiry_s=expiry_s
        )
        quotes[kind] = quoting.bid_ask(contract, market)
    conversion = quotes[CALL][0] - quotes[PUT][1] - quotes[FORWARD][1]
    reversal = quotes[FORWARD][0] + quotes[PUT][0] - quotes[CALL][1]
    return round(max(conversion, reversal) * BPS / market.spot_atoms, 6)
