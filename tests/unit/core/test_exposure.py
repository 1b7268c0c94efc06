"""A position's figures: the reference's losses, the protocol's share, and every refusal."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt

import pytest

from bot.core.errors import AmmRefusal, PositionMismatchError
from bot.core.exposure import (
    claim_down,
    exposure_of,
    il_atoms_at,
    valuation_at,
)
from bot.core.position import Lot, Position
from bot.core.snapshot import PoolSpec, PoolState, Token

BASE_ATOMS = 1_000 * 10**18
QUOTE_ATOMS = 2_000_000 * 10**6
SUPPLY = isqrt(BASE_ATOMS * QUOTE_ATOMS)
LOCKED = 1_000

SPEC = PoolSpec(
    name="ETH-USD",
    address="0xa",
    factory="0xf",
    base=Token(address="0xb", symbol="ETH", decimals=18),
    quote=Token(address="0xc", symbol="USD", decimals=6),
    base_is_token0=True,
)
POSITION = Position(
    pool="ETH-USD",
    lots=(
        Lot(
            id="genesis",
            lp_atoms=SUPPLY - LOCKED,
            base_atoms=BASE_ATOMS,
            quote_atoms=QUOTE_ATOMS,
            block_number=1,
            time_s=1,
        ),
    ),
)
AT_ENTRY = PoolState(
    reserve0=BASE_ATOMS,
    reserve1=QUOTE_ATOMS,
    reserves_time_s=1,
    price0_cumulative=0,
    price1_cumulative=0,
    total_supply=SUPPLY,
    lp_balance=SUPPLY - LOCKED,
    k_last=0,
    fee_on=False,
)


def moved(root_ratio: Fraction, *, growth: int = 1) -> PoolState:
    """The pool after the price went by root_ratio**2, its liquidity by `growth`."""
    return replace(
        AT_ENTRY,
        reserve0=int(BASE_ATOMS * growth / root_ratio),
        reserve1=int(QUOTE_ATOMS * growth * root_ratio),
    )


@pytest.mark.parametrize(
    ("root_ratio", "il", "borrowed"),
    [
        (Fraction(1, 2), -0.2, -0.125),
        (Fraction(1), 0.0, 0.0),
        (Fraction(2), -0.2, -0.5),
    ],
)
def test_the_three_losses_are_those_of_the_reference(
    root_ratio: Fraction, il: float, borrowed: float
) -> None:
    """Source: quant reference section 1, rows r = 0.25 and 4; the pool earned no fee."""
    exposure = exposure_of(SPEC, moved(root_ratio), POSITION)
    assert exposure.il_vs_hold == pytest.approx(il, abs=1e-11)
    assert exposure.il_bps == pytest.approx(il * 10_000, abs=1e-6)
    assert exposure.loss_vs_entry_hold == pytest.approx(borrowed, abs=1e-11)
    assert exposure.funded_pnl == pytest.approx(float(root_ratio) - 1, abs=1e-11)
    assert -10 <= exposure.fees_atoms <= 0  # the locked LP atoms and rounding, in 1e-6 USD
    assert exposure.delta_base == pytest.approx(1_000 / float(root_ratio), rel=1e-10)
    assert exposure.gamma_base == pytest.approx(
        -1_000 * 2_000**0.5 / (2 * (2_000 * float(root_ratio) ** 2) ** 1.5), rel=1e-10
    )


def test_fees_are_the_growth_of_liquidity_and_no_part_of_the_loss() -> None:
    """Liquidity doubled at four times the price: half of the LP value is fees."""
    exposure = exposure_of(SPEC, moved(Fraction(2), growth=2), POSITION)
    assert exposure.il_vs_hold == pytest.approx(-0.2, abs=1e-11)
    assert exposure.fees_atoms == pytest.approx(2 * 2 * QUOTE_ATOMS, rel=1e-11)
    assert exposure.funded_pnl_atoms == (
        exposure.price_exposure_atoms + exposure.il_atoms + exposure.fees_atoms
    )


def test_the_order_of_the_tokens_changes_nothing() -> None:
    state = moved(Fraction(3, 2), growth=2)
    swapped = replace(state, reserve0=state.reserve1, reserve1=state.reserve0)
    assert exposure_of(SPEC, state, POSITION) == exposure_of(
        replace(SPEC, base_is_token0=False), swapped, POSITION
    )


def test_the_protocol_takes_a_sixth_of_the_fees_when_it_is_on() -> None:
    state = replace(moved(Fraction(1), growth=2), k_last=BASE_ATOMS * QUOTE_ATOMS)
    free = exposure_of(SPEC, state, POSITION)
    taxed = exposure_of(SPEC, replace(state, fee_on=True), POSITION)
    assert taxed.fees_atoms == pytest.approx(free.fees_atoms * 5 / 6, rel=1e-11)
    assert taxed.il_atoms == free.il_atoms


def test_two_deposits_at_two_prices_are_no_profit() -> None:
    """At 4x the price, with 10 base and 20 quote added there: the second lot has no loss yet."""
    late = replace(POSITION.lots[0], id="late", base_atoms=500, quote_atoms=4_000)
    early = replace(late, id="early", base_atoms=1_000, quote_atoms=2_000)
    values = valuation_at((early, late), price=Fraction(8))
    assert values.entry_atoms == 2 * 2_000 + 2 * 4_000
    assert values.hold_atoms == (2_000 + 8 * 1_000) + (4_000 + 8 * 500)
    assert values.il_atoms == -2_000
    assert values.price_exposure_atoms == 8_000 + 2_000 - 4_000


def test_the_loss_at_a_stress_price_is_the_loss_of_each_lot_there() -> None:
    assert il_atoms_at(POSITION.lots, price=Fraction(QUOTE_ATOMS, BASE_ATOMS)) == 0
    assert il_atoms_at(POSITION.lots, price=Fraction(QUOTE_ATOMS, 4 * BASE_ATOMS)) == (
        -QUOTE_ATOMS // 4
    )
    with pytest.raises(AmmRefusal, match="not above zero"):
        il_atoms_at(POSITION.lots, price=Fraction(0))


def test_no_position_is_no_exposure() -> None:
    exposure = exposure_of(SPEC, replace(AT_ENTRY, lp_balance=0), Position(pool="ETH-USD"))
    assert exposure.lp_value_atoms == exposure.entry_value_atoms == 0
    assert exposure.il_vs_hold == exposure.funded_pnl == exposure.delta_base == 0.0


def test_a_claim_too_small_for_the_pair_to_pay_is_worth_nothing() -> None:
    state = replace(AT_ENTRY, total_supply=QUOTE_ATOMS + 1)
    assert claim_down(SPEC, replace(state, lp_balance=0)) == (0, 0)
    assert claim_down(SPEC, replace(state, lp_balance=1)) == (0, 0)
    assert claim_down(SPEC, replace(state, lp_balance=2))[1] == 1


def test_a_balance_that_the_lots_do_not_explain_is_refused() -> None:
    with pytest.raises(PositionMismatchError, match=f"{SUPPLY - LOCKED + 1} LP atoms"):
        exposure_of(SPEC, replace(AT_ENTRY, lp_balance=SUPPLY - LOCKED + 1), POSITION)


@pytest.mark.parametrize(("base_decimals", "quote_decimals"), [(0, 36), (36, 0), (18, 18)])
def test_delta_and_gamma_are_in_whole_tokens_whatever_the_decimals(
    base_decimals: int, quote_decimals: int
) -> None:
    """1,000 base against 2,000,000 quote, in atoms that change with the decimals."""
    base_atoms, quote_atoms = 10**6 * 10**base_decimals, 10**6 * 10**quote_decimals
    supply = isqrt(base_atoms * quote_atoms)
    spec = replace(
        SPEC,
        base=replace(SPEC.base, decimals=base_decimals),
        quote=replace(SPEC.quote, decimals=quote_decimals),
    )
    state = replace(
        AT_ENTRY,
        reserve0=base_atoms,
        reserve1=quote_atoms,
        total_supply=supply,
        lp_balance=supply,
    )
    lot = replace(POSITION.lots[0], lp_atoms=supply, base_atoms=base_atoms, quote_atoms=quote_atoms)
    exposure = exposure_of(spec, state, Position(pool="ETH-USD", lots=(lot,)))
    assert exposure.delta_base == 1e6
    assert exposure.gamma_base == -5e5
    assert exposure.il_atoms == exposure.funded_pnl_atoms == 0
