"""Laws of what two states of a pair tell of the swaps between them, over drawn actions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.actions import Action, AddLiquidity, RemoveLiquidity, Role, Swap
from bot.core.errors import AmmRefusal
from bot.core.model_stage import model_specs
from bot.core.pool_flow import NO_FLOW, flow_between
from bot.core.pool_model import UNFUNDED, Pools, apply, reserves
from bot.core.snapshot import PoolState
from tests.builders.scripts import two_days

SPEC = model_specs(two_days())[0]
SPECS = {SPEC.name: SPEC}
BPS = 10_000

SIDES = st.tuples(st.integers(10**9, 10**24), st.integers(10**9, 10**18))
DEEP = st.tuples(st.integers(10**13, 10**24), st.integers(10**13, 10**18))
SWAPS = st.lists(st.tuples(st.booleans(), st.integers(1, 300)), min_size=1, max_size=6)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("sell"), st.integers(1, 300)),
        st.tuples(st.just("buy"), st.integers(1, 300)),
        st.tuples(st.just("add"), st.integers(1, 5_000)),
        st.tuples(st.just("remove"), st.integers(1, 5_000)),
    ),
    min_size=1,
    max_size=8,
)


def funded(sides: tuple[int, int], *, fee_on: bool) -> PoolState:
    deposit = AddLiquidity(
        role=Role.OUTSIDER, pool=SPEC.name, base_atoms=sides[0], quote_atoms=sides[1],
        base_min_atoms=0, quote_min_atoms=0,
    )  # fmt: skip
    return after({SPEC.name: replace(UNFUNDED, fee_on=fee_on)}, deposit)


def after(pools: Pools, action: Action) -> PoolState:
    try:
        return apply(pools, action, specs=SPECS, block_time_s=1)[0][SPEC.name]
    except AmmRefusal:
        return pools[SPEC.name]


def swapped(pool: PoolState, *, sells_base: bool, bps: int) -> tuple[PoolState, Fraction]:
    """The pair after a swap of some bps of its reserve, and the input in quote atoms then."""
    held = reserves(pool, SPEC)
    amount = held[0 if sells_base else 1] * bps // BPS
    swap = Swap(
        role=Role.TRADER, pool=SPEC.name, sells_base=sells_base, amount_in_atoms=amount,
        amount_out_min_atoms=0,
    )  # fmt: skip
    now = after({SPEC.name: pool}, swap)
    if now == pool:
        return pool, Fraction(0)
    return now, amount * (now.price(SPEC) if sells_base else Fraction(1))


@given(sides=SIDES, sells_base=st.booleans(), bps=st.integers(1, 5_000), fee_on=st.booleans())
def test_one_swap_of_any_size_is_found_to_the_atoms_that_rounding_leaves(
    sides: tuple[int, int], sells_base: bool, bps: int, fee_on: bool
) -> None:
    before = funded(sides, fee_on=fee_on)
    now, paid = swapped(before, sells_base=sells_base, bps=bps)
    assume(now != before)
    flow = flow_between(SPEC, before, now)
    atom = 1 + now.price(SPEC)  # of either side, in quote atoms
    assert -1 <= flow.fees_atoms - paid * SPEC.fee_bps / BPS <= atom
    assert -1 <= flow.volume_atoms - paid <= atom * BPS / SPEC.fee_bps
    assert 0 <= flow.lp_fees_atoms <= flow.fees_atoms


@given(sides=SIDES, swaps=SWAPS, fee_on=st.booleans())
def test_swaps_add_up_within_the_root_of_the_price_range(
    sides: tuple[int, int], swaps: list[tuple[bool, int]], fee_on: bool
) -> None:
    """Each counts with sqrt(price then / price now), whichever side it was, less k's growth."""
    before = now = funded(sides, fee_on=fee_on)
    inputs: list[tuple[bool, int, Fraction]] = []
    for sells_base, bps in swaps:
        held = reserves(now, SPEC)
        amount = held[0 if sells_base else 1] * bps // BPS
        now, paid = swapped(now, sells_base=sells_base, bps=bps)
        if paid:
            inputs.append((sells_base, amount, now.price(SPEC)))
    assume(inputs)
    price = now.price(SPEC)
    at_end = sum(amount * (price if base else Fraction(1)) for base, amount, _ in inputs)
    spread = max(max(then / price, price / then) for _, _, then in inputs)
    growth = Fraction(now.reserve0 * now.reserve1, before.reserve0 * before.reserve1)
    flow = flow_between(SPEC, before, now)
    atoms = len(inputs) * (2 + 2 * price * spread) * BPS / SPEC.fee_bps
    # root <= 1 + (spread - 1)/2, in fractions
    root = 1 + (spread - 1) / 2
    assert at_end / root / growth - atoms <= flow.volume_atoms <= at_end * root + atoms


@given(sides=DEEP, moves=MOVES, fee_on=st.booleans())
def test_the_lps_never_get_more_than_was_paid_and_deposits_alone_pay_nothing(
    sides: tuple[int, int], moves: list[tuple[str, int]], fee_on: bool
) -> None:
    before = now = funded(sides, fee_on=fee_on)
    has_swap = False
    for kind, bps in moves:
        held = reserves(now, SPEC)
        if kind in ("sell", "buy"):
            now, paid = swapped(now, sells_base=kind == "sell", bps=bps)
            has_swap |= paid > 0
        elif kind == "add":
            add = AddLiquidity(
                role=Role.OUTSIDER, pool=SPEC.name, base_atoms=held[0] * bps // BPS,
                quote_atoms=held[1] * bps // BPS, base_min_atoms=0, quote_min_atoms=0,
            )  # fmt: skip
            now = after({SPEC.name: now}, add)
        else:
            remove = RemoveLiquidity(
                role=Role.OUTSIDER, pool=SPEC.name, lp_atoms=now.total_supply * bps // BPS,
                base_min_atoms=0, quote_min_atoms=0,
            )  # fmt: skip
            now = after({SPEC.name: now}, remove)
    flow = flow_between(SPEC, before, now)
    slack = len(moves) * (2 + 2 * now.price(SPEC)) * 3
    assert 0 <= flow.lp_fees_atoms <= flow.fees_atoms + slack
    if not has_swap:
        assert flow.fees_atoms <= slack
    if fee_on and before.k_last == now.k_last and has_swap:
        assert abs(flow.lp_fees_atoms - Fraction(5, 6) * flow.fees_atoms) <= (
            Fraction(1, 100) * flow.fees_atoms + slack
        )


@given(sides=SIDES, scale=st.integers(2, 10**6), bps=st.integers(1, 300))
def test_a_pool_so_many_times_as_large_has_so_many_times_the_flow(
    sides: tuple[int, int], scale: int, bps: int
) -> None:
    before = funded(sides, fee_on=False)
    now, _ = swapped(before, sells_base=True, bps=bps)

    def scaled(pool: PoolState) -> PoolState:
        return replace(
            pool,
            reserve0=pool.reserve0 * scale,
            reserve1=pool.reserve1 * scale,
            total_supply=pool.total_supply * scale,
        )

    small, large = flow_between(SPEC, before, now), flow_between(SPEC, scaled(before), scaled(now))
    assert 0 <= large.fees_atoms - small.fees_atoms * scale < scale
    assert flow_between(SPEC, before, before) == NO_FLOW
