"""Laws of the pool, for drawn pools and amounts, against rules searched from first principles."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core import amm
from bot.core.errors import AmmRefusal
from tests.oracles import amm as oracle

reserve = st.integers(1, 2**111)
amount = st.integers(1, 2**110)


@given(paid=amount, reserve_in=reserve, reserve_out=reserve, fee_bps=st.integers(0, 9_999))
def test_a_swap_pays_the_most_that_keeps_k(
    paid: int, reserve_in: int, reserve_out: int, fee_bps: int
) -> None:
    out = amm.amount_out_down(paid, reserve_in=reserve_in, reserve_out=reserve_out, fee_bps=fee_bps)
    reserves = (reserve_in, reserve_out)
    assert out == oracle.largest_out(paid, reserves, Fraction(fee_bps, 10_000))
    for extra, passes in ((0, True), (1, False)):
        assert passes is amm.swap_keeps_k(
            reserves=reserves,
            amounts_in=(paid, 0),
            amounts_out=(0, out + extra),
            fee_bps=fee_bps,
        )
    assert (reserve_in + paid) * (reserve_out - out) >= reserve_in * reserve_out


@given(share=st.fractions(0, 1), reserve_in=reserve, reserve_out=st.integers(2, 2**111))
def test_a_wanted_output_costs_the_least_input_or_one_atom_more(
    share: Fraction, reserve_in: int, reserve_out: int
) -> None:
    out = max(1, int(share * (reserve_out - 1)))
    try:
        paid = amm.amount_in_up(out, reserve_in=reserve_in, reserve_out=reserve_out)
    except AmmRefusal:
        assert oracle.smallest_in(out, (reserve_in, reserve_out)) + reserve_in >= amm.RESERVE_MAX
        return
    assert paid - oracle.smallest_in(out, (reserve_in, reserve_out)) in (0, 1)
    assert amm.amount_out_down(paid, reserve_in=reserve_in, reserve_out=reserve_out) >= out


@given(paid=amount, reserve_in=reserve, reserve_out=reserve)
def test_there_and_back_never_gains(paid: int, reserve_in: int, reserve_out: int) -> None:
    out = amm.amount_out_down(paid, reserve_in=reserve_in, reserve_out=reserve_out)
    assume(out > 0)
    back = amm.amount_out_down(out, reserve_in=reserve_out - out, reserve_out=reserve_in + paid)
    assert back <= paid


@given(
    reserves=st.tuples(reserve, reserve),
    desired=st.tuples(amount, amount),
    supply=st.integers(1, 2**111),
)
def test_a_deposit_taken_out_again_never_gains_and_never_dilutes(
    reserves: amm.Pair, desired: amm.Pair, supply: int
) -> None:
    taken = amm.optimal_deposit(desired, reserves=reserves)
    assert all(got <= offered for got, offered in zip(taken, desired, strict=True))
    assert taken[0] == desired[0] or taken[1] == desired[1]
    try:
        minted = amm.liquidity_minted_down(taken, reserves=reserves, total_supply=supply)
        after = (reserves[0] + taken[0], reserves[1] + taken[1])
        paid = amm.burn_amounts_down(minted, reserves=after, total_supply=supply + minted)
    except AmmRefusal:
        return
    for before, now, got, put in zip(reserves, after, paid, taken, strict=True):
        assert minted == min(
            int(Fraction(part, held) * supply) for part, held in zip(taken, reserves, strict=True)
        )
        assert Fraction(now, supply + minted) >= Fraction(before, supply)
        assert got <= put


@given(
    reserves=st.tuples(st.integers(10**9, 2**111), st.integers(10**9, 2**111)),
    shrink=st.fractions(0, 1),
    supply=st.integers(1, 2**111),
)
def test_the_protocol_gets_a_sixth_of_the_growth_and_never_more(
    reserves: amm.Pair, shrink: Fraction, supply: int
) -> None:
    k_now = reserves[0] * reserves[1]
    k_last = max(1, int(k_now * shrink))
    minted = amm.protocol_fee_liquidity_down(reserves, k_last=k_last, total_supply=supply)
    exact = oracle.protocol_liquidity(k_now, k_last, supply)
    # The contract takes whole-number roots of both k: each is off by less than one.
    slack = Decimal(supply) / Decimal(amm.sqrt_k(reserves)) + 1
    assert abs(minted - exact) <= slack


@given(reserves=st.tuples(st.integers(1, 2**100), st.integers(1, 2**100)), data=st.data())
def test_the_arbitrageur_stops_at_the_last_atom_before_the_peak_of_profit(
    reserves: amm.Pair, data: st.DataObject
) -> None:
    move = data.draw(st.fractions(Fraction(1, 1000), 1000, max_denominator=10**6))
    assume(move > 0)
    price = Fraction(reserves[1], reserves[0]) * move
    swap = amm.swap_to_price(reserves, price=price)
    ordered = reserves if swap.sells_base else (reserves[1], reserves[0])
    price_in = price if swap.sells_base else 1 / price
    paid = swap.amount_in_atoms
    best = oracle.arbitrage_profit(paid, ordered, price_in)
    if paid:
        assert best >= oracle.arbitrage_profit(paid - 1, ordered, price_in)
        # Profit is concave and its peak lies before the next atom: from there on it falls.
        following = [oracle.arbitrage_profit(paid + more, ordered, price_in) for more in (1, 2)]
        assert following[0] >= following[1]
    elif Fraction(997, 1000) <= move <= Fraction(1000, 997):
        assert best == 0
    else:
        # Nothing to do but for pools whose smallest output or input is more than the gap.
        one_atom = amm.amount_out_down(1, reserve_in=ordered[0], reserve_out=ordered[1])
        assert one_atom == 0 or oracle.arbitrage_profit(2, ordered, price_in) <= max(
            0, oracle.arbitrage_profit(1, ordered, price_in)
        )


@given(reserves=st.tuples(st.integers(1, 2**100), st.integers(1, 2**100)), n=st.integers(1, 999))
def test_scaling_the_reserves_scales_the_liquidity(reserves: amm.Pair, n: int) -> None:
    scaled = (reserves[0] * n, reserves[1] * n)
    assert 0 <= amm.sqrt_k(scaled) - n * amm.sqrt_k(reserves) <= n
