"""The internal rate of return against a bisection of the net present value."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.cash_flows import CashFlow, flows_of, irr
from bot.core.snapshot import EventKind, PositionEvent

HOUR_S, DAY_S, YEAR_S = 3_600, 86_400, 365 * 86_400
T0 = 1_700_000_000
EVENT = PositionEvent(
    pool="WETH-USDC", kind=EventKind.MINT, lp_atoms=1, base_atoms=10**18,
    quote_atoms=2_000 * 10**6, block_number=1, log_index=0, tx_hash="0x",
)  # fmt: skip


def flow(days: float, atoms: int) -> CashFlow:
    return CashFlow(time_s=T0 + int(days * DAY_S), atoms=atoms)


def bisected(flows: list[CashFlow], *, value: int, time_s: int) -> float:
    """The oracle: the rate at which the value of all flows, carried to the end, is 0."""

    def ahead(rate: float) -> float:
        rows = [(f.time_s, f.atoms) for f in flows] + [(time_s, value)]
        return sum(atoms * (1 + rate) ** ((time_s - at) / YEAR_S) for at, atoms in rows)

    low, high = -0.999999, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if ahead(middle) > 0 else (low, middle)
    return low


@given(
    deposits=st.lists(
        st.tuples(st.integers(0, 300 * 24), st.integers(10**6, 10**13)), min_size=1, max_size=6
    ),
    gain_bps=st.integers(-8_000, 20_000),
)
def test_the_rate_is_that_of_a_bisection(deposits: list[tuple[int, int]], gain_bps: int) -> None:
    """Deposits only, on whole hours, then a value: the present value has exactly one root.

    The library's root is good to some 1e-8; the metric keeps 6 decimals.
    """
    flows = [CashFlow(time_s=T0 + h * HOUR_S, atoms=-atoms) for h, atoms in sorted(deposits)]
    value = sum(-f.atoms for f in flows) * (10_000 + gain_bps) // 10_000
    time_s = T0 + 400 * DAY_S
    found = irr(flows, value_atoms=value, time_s=time_s)
    assert found == pytest.approx(bisected(flows, value=value, time_s=time_s), rel=1e-6, abs=5e-7)


def test_a_fifth_more_after_a_year_is_a_fifth_a_year() -> None:
    assert irr([flow(0, -1_000)], value_atoms=1_200, time_s=T0 + YEAR_S) == pytest.approx(0.2)


def test_a_withdrawal_at_cost_earns_nothing() -> None:
    flows = [flow(0, -1_000), flow(30, 400)]
    assert irr(flows, value_atoms=600, time_s=T0 + 90 * DAY_S) == pytest.approx(0.0, abs=1e-9)


def test_everything_lost_is_minus_one() -> None:
    assert irr([flow(0, -1_000)], value_atoms=0, time_s=T0 + 90 * DAY_S) == -1.0


@pytest.mark.parametrize(
    ("flows", "value", "days"),
    [
        ([], 1_000, 90.0),
        ([flow(0, -1_000)], 1_010, 0.99),
        ([flow(0, -1_000)], 10**9, 1.0),  # a millionfold in a day is no figure a year
        ([flow(0, -1_000), flow(10, 3_000), flow(20, -2_500)], 0, 20.0),  # no real root
    ],
    ids=["no flow", "too young", "beyond figures", "no root"],
)
def test_what_has_no_rate_is_unknown(flows: list[CashFlow], value: int, days: float) -> None:
    assert irr(flows, value_atoms=value, time_s=T0 + int(days * DAY_S)) is None


def test_amounts_beyond_a_doubles_range_are_scaled_first() -> None:
    huge = 10**400
    found = irr([flow(0, -huge)], value_atoms=huge * 11 // 10, time_s=T0 + YEAR_S)
    assert found == pytest.approx(0.1)


def test_events_become_flows_of_twice_their_quote_side() -> None:
    events = [
        replace(EVENT, kind=kind)
        for kind in (EventKind.MINT, EventKind.RECEIVE, EventKind.BURN, EventKind.SEND)
    ]
    amounts = [f.atoms for f in flows_of(events, time_s=T0)]
    assert amounts == [-4_000 * 10**6, -4_000 * 10**6, 4_000 * 10**6, 4_000 * 10**6]
    assert flows_of([replace(EVENT, quote_atoms=0)], time_s=T0) == ()
