"""Laws of a position's figures, against 50-digit decimals and a pool played in plain ints."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt

from hypothesis import given
from hypothesis import strategies as st

from bot.core import amm
from bot.core.exposure import exposure_of, valuation_at
from bot.core.position import Lot, Position
from bot.core.snapshot import PoolSpec, PoolState, Token
from tests.oracles.exposure import values_of

amount = st.integers(1, 2**110)
prices = st.builds(Fraction, st.integers(1, 2**110), st.integers(1, 2**110))


def lot(base_atoms: int, quote_atoms: int, *, lp_atoms: int = 1) -> Lot:
    return Lot(
        id="lot",
        lp_atoms=lp_atoms,
        base_atoms=base_atoms,
        quote_atoms=quote_atoms,
        block_number=0,
        time_s=0,
    )


@given(sides=st.lists(st.tuples(amount, amount), min_size=1, max_size=5), price=prices)
def test_values_are_the_definitions_rounded_down(
    sides: list[tuple[int, int]], price: Fraction
) -> None:
    values = valuation_at([lot(*side) for side in sides], price=price)
    exact = values_of(sides, price)
    tiny = exact.hold.scaleb(-40)
    assert -tiny <= exact.hold - values.hold_atoms < 1 + tiny
    assert -tiny <= exact.without_fees - values.value_without_fees_atoms < len(sides) + tiny
    assert abs(exact.entry - values.entry_atoms) <= exact.entry.scaleb(-40)


@given(sides=st.lists(st.tuples(amount, amount), max_size=5), price=prices)
def test_impermanent_loss_is_never_a_gain(sides: list[tuple[int, int]], price: Fraction) -> None:
    assert valuation_at([lot(*side) for side in sides], price=price).il_atoms <= 0


@given(base=amount, quote=amount)
def test_a_lot_at_its_own_price_has_neither_loss_nor_exposure(base: int, quote: int) -> None:
    values = valuation_at([lot(base, quote)], price=Fraction(quote, base))
    assert values.il_atoms == values.price_exposure_atoms == 0


@given(
    reserves=st.tuples(st.integers(10**6, 2**100), st.integers(10**6, 2**100)),
    swaps=st.lists(st.tuples(st.booleans(), st.fractions(0, 2)), max_size=6),
    base_is_token0=st.booleans(),
    base_decimals=st.integers(0, 36),
    quote_decimals=st.integers(0, 36),
    fee_on=st.booleans(),
)
def test_the_attribution_adds_up_in_atoms_whatever_the_pool_went_through(
    reserves: amm.Pair,
    swaps: list[tuple[bool, Fraction]],
    *,
    base_is_token0: bool,
    base_decimals: int,
    quote_decimals: int,
    fee_on: bool,
) -> None:
    supply = isqrt(reserves[0] * reserves[1])
    now = list(reserves)
    for zero_in, share in swaps:
        ins, outs = (0, 1) if zero_in else (1, 0)
        paid = max(1, int(now[ins] * share))
        now[outs] -= amm.amount_out_down(paid, reserve_in=now[ins], reserve_out=now[outs])
        now[ins] += paid
    spec = PoolSpec(
        name="A-B",
        address="0xa",
        factory="0xf",
        base=Token(address="0xb", symbol="A", decimals=base_decimals),
        quote=Token(address="0xc", symbol="B", decimals=quote_decimals),
        base_is_token0=base_is_token0,
    )
    state = PoolState(
        reserve0=now[0],
        reserve1=now[1],
        reserves_time_s=0,
        price0_cumulative=0,
        price1_cumulative=0,
        total_supply=supply,
        lp_balance=supply,
        k_last=reserves[0] * reserves[1],
        fee_on=fee_on,
    )
    entry = reserves if base_is_token0 else (reserves[1], reserves[0])
    position = Position(pool="A-B", lots=(lot(*entry, lp_atoms=supply),))
    exposure = exposure_of(spec, state, position)
    assert exposure.funded_pnl_atoms == (
        exposure.price_exposure_atoms + exposure.il_atoms + exposure.fees_atoms
    )
    assert exposure.il_atoms <= 0
    assert exposure.delta_base >= 0 >= exposure.gamma_base
    # Fees only come in: what rounding can take is an atom of base, at the price, and three more.
    assert exposure.fees_atoms >= -(state.price(spec) + 3) * (2 if fee_on else 1)
    free = exposure_of(spec, replace(state, fee_on=False), position)
    assert free.claim_base_atoms >= exposure.claim_base_atoms
    assert free.il_atoms == exposure.il_atoms
