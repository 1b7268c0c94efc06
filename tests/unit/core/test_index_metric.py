"""The volatility index as rules see it: its value, when it is measured, and what it sets off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bot.core.conditions import Comparison
from bot.core.orders import Contract, ContractKind
from bot.core.quotes import PoolTerms, quote
from bot.core.rules import Engine
from bot.core.units import DAY_S
from bot.core.venue import PaperVenue, VenueTerms
from tests.builders.ladders import Ladder
from tests.builders.runs import POOL, layer, rules_of
from tests.builders.vols import MARKET, engine_layer

VENUE = PaperVenue(VenueTerms(pools={POOL: PoolTerms()}))
BY_INDEX: dict[str, Any] = {
    "arm": Comparison(metric="vol_index", above=80.0),
    "disarm": Comparison(metric="vol_index", below=76.0),
}


def strip_points(realised_vol: float | None) -> float:
    """The index by hand: the venue's marks of options that expire in 30 days, a dollar apart, times
    1 / K^2, by trapezoids, up to eight deviations at the money
    on each side; without interest the price is the forward."""
    market = replace(MARKET, realised_vol=realised_vol)

    def mark(strike: int) -> float:
        kind = ContractKind.PUT if strike < 2_000 else ContractKind.CALL
        one = Contract(
            code="", kind=kind, pool=POOL, strike_atoms=strike * 10**6,
            expiry_s=market.time_s + 30 * DAY_S,
        )  # fmt: skip
        atoms: int = quote(one, market, PoolTerms()).mark_atoms
        return atoms / 10**6

    reach = np.exp(8 * VENUE.atm_vol(market, tenor_s=30 * DAY_S) * (30 / 365) ** 0.5)
    strikes = np.concatenate(
        [np.arange(2_000 // reach, 2_000, 1), np.arange(2_000, 2_000 * reach, 5)]
    )
    costs = np.array([mark(int(strike)) for strike in strikes]) / strikes.astype(float) ** 2
    variance = 2.0 * float(np.trapezoid(costs, strikes)) * 365 / 30
    return 100.0 * variance**0.5


@pytest.mark.parametrize("realised", [None, 1.3])
def test_the_metric_is_the_strip_of_the_venues_marks(realised: float | None) -> None:
    points = VENUE.index_points(replace(MARKET, realised_vol=realised))
    assert points == pytest.approx(strip_points(realised), rel=2e-4)
    assert points == round(points, 6)


def test_the_metric_is_what_contracts_on_the_index_are_written_on() -> None:
    """One quote token a point, whatever decimals the token has."""
    for decimals in (6, 18):
        market = replace(MARKET, quote_decimals=decimals, realised_vol=0.9)
        assert VENUE.index_points(market) == VENUE.index_atoms(market) / 10**decimals


def test_the_index_is_measured_only_where_a_rule_speaks_of_it_or_a_contract_is_on_it() -> None:
    views = [
        Ladder(one, engine=Engine(capital_bps=2_000)).last["views"][POOL]["metrics"]
        for one in (layer("plain"), layer("by_index", **BY_INDEX), engine_layer("on_index"))
    ]
    assert ["vol_index" in metrics for metrics in views] == [False, True, True]


def test_it_is_known_from_the_first_tick_and_arms_a_layer_when_a_storm_lifts_it() -> None:
    """What is realised is unknown until two returns were taken, and the venue quotes as in calm."""
    ladder = Ladder(rules=rules_of(layer("one", **BY_INDEX)))
    calm = ladder.last["views"][POOL]["metrics"]["vol_index"]
    assert calm == pytest.approx(strip_points(None), rel=2e-4)
    assert ladder.walk((1, 2_000), (1, 1_850), (1, 2_000)) == ["BELOW_ARM", "ARM", "IN_BAND"]
    (decision,) = ladder.last["decisions"]
    assert decision["numbers"]["vol_index"] > 80.0
