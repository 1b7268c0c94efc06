"""Break-evens of option structures at expiry: by hand, and against a search over the payoff."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.even_points import even_numbers, even_points
from bot.core.orders import Contract, ContractKind, Leg

CALL, PUT = ContractKind.CALL, ContractKind.PUT
NONE = Fraction(0)
ONE = 100  # a whole base token at two decimals


def leg(kind: ContractKind, strike: int, quantity: int, expiry_s: int = 1) -> Leg:
    contract = Contract(
        code=f"{strike}-{kind.value}", kind=kind, pool="WETH-USDC", strike_atoms=strike,
        expiry_s=expiry_s,
    )  # fmt: skip
    return Leg(contract=contract, quantity_atoms=quantity)


STRIKES = (1600, 1800, 2200, 2400)


def condor(quantity: int, strikes: tuple[int, ...] = STRIKES) -> list[Leg]:
    signs = ((PUT, 1), (PUT, -1), (CALL, -1), (CALL, 1))
    return [leg(kind, k, sign * quantity) for (kind, sign), k in zip(signs, strikes, strict=True)]


def test_a_condor_breaks_even_its_credit_beyond_the_inner_strikes() -> None:
    """Two tokens sold for 100 together: 50 a token below 1,800 and above 2,200."""
    found = even_points(condor(2 * ONE), cash_atoms=100, base_decimals=2)
    assert list(found) == [Fraction(1750), Fraction(2250)]


def test_what_is_told_is_rounded_into_the_band() -> None:
    """Three tokens for 100: 33 1/3 a token."""
    found = even_numbers(condor(3 * ONE), cash_atoms=100, base_decimals=2)
    assert found == {"even_low": "1767", "even_high": "2233"}


@given(
    first=st.integers(500, 1_500),
    gaps=st.tuples(*[st.integers(1, 400)] * 3),
    quantity=st.integers(1, 10**6),
    share=st.integers(1, 99),
)
def test_a_condors_result_changes_its_sign_just_there(
    first: int, gaps: tuple[int, int, int], quantity: int, share: int
) -> None:
    """The oracle walks the payoff by its own definition, from either side of each point."""
    strikes = (first, first + gaps[0], first + gaps[0] + gaps[1], first + sum(gaps))
    width = min(gaps[0], gaps[2])
    credit = max(1, width * quantity * share // 100 // ONE)
    if credit * ONE >= width * quantity:
        return

    def result(price: Fraction) -> Fraction:
        a, b, c, d = strikes
        puts = max(a - price, NONE) - max(b - price, NONE)
        paid = puts - max(price - c, NONE) + max(price - d, NONE)
        return credit + Fraction(quantity, ONE) * paid

    legs = condor(quantity, strikes)
    low, high = even_points(legs, cash_atoms=credit, base_decimals=2)
    nudge = Fraction(1, 1_000)
    assert result(low) == result(high) == 0
    assert result(low - nudge) < 0 < result(low + nudge)
    assert result(high + nudge) < 0 < result(high - nudge)
    numbers = even_numbers(legs, cash_atoms=credit, base_decimals=2)
    for told in numbers.values():
        assert isinstance(told, str)
        assert result(Fraction(told)) >= 0 or low > int(told) or high < int(told)


@pytest.mark.parametrize(
    ("legs", "cash"),
    [
        (condor(ONE), -5),  # bought for a debit
        (condor(ONE), 400),  # never loses
        ([leg(PUT, 1800, ONE)], 3),  # gains everywhere
        ([leg(PUT, 1800, -ONE)], 50),  # one point
        ([leg(ContractKind.FORWARD, 2000, -ONE), leg(PUT, 1800, -ONE)], 50),
        ([leg(PUT, 1800, -ONE, expiry_s=1), leg(CALL, 2200, -ONE, expiry_s=2)], 50),
    ],
    ids=["a debit", "no loss", "bought", "one side", "no option", "two expiries"],
)
def test_nothing_is_told_of_what_two_prices_do_not_bound(legs: list[Leg], cash: int) -> None:
    assert even_numbers(legs, cash_atoms=cash, base_decimals=2) == {}


def test_a_short_strangle_breaks_even_beyond_its_last_strike() -> None:
    legs = [leg(PUT, 1800, -ONE), leg(CALL, 2200, -ONE)]
    found = even_points(legs, cash_atoms=75, base_decimals=2)
    assert list(found) == [Fraction(1725), Fraction(2275)]
