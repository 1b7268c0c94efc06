"""The rate of a position with its hedges: against SciPy's root, and what makes it unknown."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from bot.core.cash_flows import CashFlow, irr
from bot.core.hedged_return import hedges_atoms, irr_hedged
from bot.core.market import Market
from bot.core.orders import Contract, ContractKind, Leg
from bot.core.quotes import PoolTerms
from bot.core.sleeves import Sleeve
from bot.core.state import Hedge
from bot.core.units import DAY_S, YEAR_S
from bot.core.venue import PaperVenue, VenueTerms

HOUR_S = 3_600
T0 = 1_772_438_400
PAID = (CashFlow(time_s=T0, atoms=-(10**12)),)


@given(
    deals=st.lists(
        st.tuples(st.integers(0, 59 * 24), st.integers(-5 * 10**9, 5 * 10**9)), max_size=8
    ),
    lp_bps=st.integers(5_000, 15_000),
    open_atoms=st.integers(-(10**10), 10**10),
)
def test_the_rate_is_the_root_that_scipy_finds(
    deals: list[tuple[int, int]], lp_bps: int, open_atoms: int
) -> None:
    """Hedges up to a half per cent of the position a piece, over sixty days."""
    hedge_flows = [CashFlow(time_s=T0 + h * HOUR_S, atoms=a) for h, a in sorted(deals)]
    now_s, lp_atoms = T0 + 60 * DAY_S, 10**12 * lp_bps // 10_000
    rows = [(flow.time_s, flow.atoms) for flow in (*PAID, *hedge_flows)]
    rows.append((now_s, lp_atoms + open_atoms))

    def worth(rate: float) -> float:
        return math.fsum(atoms * (1 + rate) ** ((now_s - at) / YEAR_S) for at, atoms in rows)

    found = irr_hedged(PAID, hedge_flows, lp_atoms=lp_atoms, open_atoms=open_atoms, time_s=now_s)
    assert found == pytest.approx(brentq(worth, -0.9999, 1e4, xtol=1e-12), rel=1e-6, abs=1e-6)


def test_without_hedges_it_is_the_positions_own() -> None:
    now_s = T0 + 40 * DAY_S
    alone = irr(PAID, value_atoms=11 * 10**11, time_s=now_s)
    assert alone is not None
    assert irr_hedged(PAID, (), lp_atoms=11 * 10**11, open_atoms=0, time_s=now_s) == alone


def test_it_is_unknown_without_a_position_in_its_first_day_and_while_a_hedge_has_no_value() -> None:
    given_all = {"lp_atoms": 10**12, "open_atoms": 0, "time_s": T0 + 40 * DAY_S}
    assert irr_hedged((), (), **given_all) is None
    assert irr_hedged(PAID, (), **{**given_all, "time_s": T0 + DAY_S - 1}) is None
    assert irr_hedged(PAID, (), lp_atoms=10**12, open_atoms=None, time_s=T0 + 40 * DAY_S) is None


MARKET = Market(
    pool="WETH-USDC", time_s=T0, base_symbol="WETH", base_decimals=18, quote_symbol="USDC",
    quote_decimals=6, spot_atoms=2_000 * 10**6, twap_atoms=2_000 * 10**6, realised_vol=0.6,
)  # fmt: skip


def hedge(**changes: object) -> Hedge:
    expiry_s = T0 + 14 * DAY_S
    contract = Contract(
        code="WETH-USDC-20260316-1900-P", kind=ContractKind.PUT, pool="WETH-USDC",
        strike_atoms=1_900 * 10**6, expiry_s=expiry_s,
    )  # fmt: skip
    plain = Hedge(
        id="h", pool="WETH-USDC", layer="guard",
        legs=(Leg(contract=contract, quantity_atoms=10 * 10**18),), opened_s=T0 - DAY_S,
        expiry_s=expiry_s, cost_atoms=5, margin_atoms=0, delta_ppb=0, target_atoms=0,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_open_hedges_count_at_what_the_venue_would_pay_the_engines_and_other_pools_apart() -> None:
    venue = PaperVenue(VenueTerms(pools={"WETH-USDC": PoolTerms()}))
    mine = hedge()
    others = [hedge(sleeve=Sleeve.ENGINE), hedge(pool="WBTC-USDC", expiry_s=T0 - 1)]
    worth = hedges_atoms([mine, *others], MARKET, venue)
    assert worth == venue.liquidation_atoms(mine.legs, MARKET) > 0
    assert hedges_atoms([mine, hedge(expiry_s=T0)], MARKET, venue) is None
    assert hedges_atoms(others, MARKET, venue) == 0
