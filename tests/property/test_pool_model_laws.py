"""Laws of the pair's memory, for drawn histories, with totals kept apart as the oracle."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bot.core.actions import AddLiquidity, RemoveLiquidity, Role, SetFee, Swap
from bot.core.amm import MINIMUM_LIQUIDITY
from bot.core.errors import AmmRefusal
from bot.core.model_stage import model_specs
from bot.core.pool_model import UNFUNDED, Pools, apply, reserves
from bot.core.twap import CUMULATIVE_MODULUS, Q112, cumulative_now
from tests.builders.scripts import two_days

POOL = "WETH-USDC"
SPECS = {spec.name: spec for spec in model_specs(two_days())}
SPEC = SPECS[POOL]

swaps = st.builds(
    Swap,
    role=st.just(Role.TRADER),
    pool=st.just(POOL),
    sells_base=st.booleans(),
    amount_in_atoms=st.integers(1, 10**24),
    amount_out_min_atoms=st.just(0),
)
deposits = st.builds(
    AddLiquidity,
    role=st.sampled_from((Role.OWNER, Role.OUTSIDER)),
    pool=st.just(POOL),
    base_atoms=st.integers(1, 10**24),
    quote_atoms=st.integers(1, 10**24),
    base_min_atoms=st.just(0),
    quote_min_atoms=st.just(0),
)
withdrawals = st.builds(
    RemoveLiquidity,
    role=st.just(Role.OWNER),
    pool=st.just(POOL),
    lp_atoms=st.integers(1, 10**22),
    base_min_atoms=st.just(0),
    quote_min_atoms=st.just(0),
)
fees = st.builds(SetFee, on=st.booleans())
histories = st.lists(
    st.tuples(st.one_of(swaps, deposits, withdrawals, fees), st.integers(0, 2**33)), max_size=12
)
opening = AddLiquidity(
    role=Role.OWNER,
    pool=POOL,
    base_atoms=10**22,
    quote_atoms=3 * 10**22,
    base_min_atoms=0,
    quote_min_atoms=0,
)


@given(history=histories)
def test_a_pair_remembers_what_happened_to_it(history: list[tuple[object, int]]) -> None:
    """Tokens and LP tokens are conserved, sqrt(k) per LP token never falls (but by the
    protocol fee), and the price counts for as long as it stood.
    """
    time_s = 1_000
    pools: Pools = {POOL: UNFUNDED}
    pools, change = apply(pools, opening, specs=SPECS, block_time_s=time_s)
    assert change is not None
    held, touched_s, area = change.lp_atoms, time_s, Fraction(0)
    for action, waited_s in history:
        time_s += waited_s
        before = pools[POOL]
        base, quote = reserves(before, SPEC)
        try:
            pools, change = apply(pools, action, specs=SPECS, block_time_s=time_s)  # type: ignore[arg-type]
        except AmmRefusal:
            assert pools[POOL] == before
            continue
        after = pools[POOL]
        if change is not None:
            held += change.lp_atoms if isinstance(action, AddLiquidity) else -change.lp_atoms
        if not isinstance(action, SetFee):
            area += (quote * Q112 // base) * ((time_s - touched_s) % 2**32)
            touched_s = time_s
        assert after.lp_balance == held <= after.total_supply - MINIMUM_LIQUIDITY
        if isinstance(action, Swap) or not before.fee_on:  # The protocol's own share dilutes.
            k_before, k_after = (pool.reserve0 * pool.reserve1 for pool in (before, after))
            assert k_after * before.total_supply**2 >= k_before * after.total_supply**2
        assert cumulative_now(after, SPEC, block_time_s=touched_s) == area % CUMULATIVE_MODULUS
