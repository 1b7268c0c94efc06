"""The published Uniswap packages fit each other and do what their own quote says."""

import pytest

FAR_FUTURE_S = 2**40
USDC = 10**6
ETHER = 10**18


@pytest.fixture(scope="module")
def usdc(token_factory):
    return token_factory(6, "USDC")


@pytest.fixture(scope="module")
def base(token_factory):
    return token_factory(18, "BASE")


def test_router_finds_the_pair_that_the_factory_made(factory, router, usdc, base, pair_factory):
    """The router computes pair addresses from an init code hash compiled into it.

    A factory of another build would give pairs that the router cannot find.
    """
    pair = pair_factory(usdc, base, 2_000_000 * USDC, 1_000 * ETHER)
    assert router.factory() == factory
    assert sorted(pair.getReserves()[:2]) == [2_000_000 * USDC, 1_000 * ETHER]


def test_swap_pays_what_the_router_quotes(router, usdc, base, pair_factory, deployer):
    pair_factory(usdc, base, 2_000_000 * USDC, 1_000 * ETHER)
    amount_in_atoms = 10_000 * USDC
    quoted_atoms = router.getAmountsOut(amount_in_atoms, [usdc, base])[1]

    usdc.mint(deployer, amount_in_atoms, {"from": deployer})
    usdc.approve(router, amount_in_atoms, {"from": deployer})
    before_atoms = base.balanceOf(deployer)
    router.swapExactTokensForTokens(
        amount_in_atoms, quoted_atoms, [usdc, base], deployer, FAR_FUTURE_S, {"from": deployer}
    )

    # 997 of 1000 of the input work: floor(in*997*1000e18 / (2_000_000e6*1000 + in*997)).
    worked = amount_in_atoms * 997
    expected_atoms = worked * 1_000 * ETHER // (2_000_000 * USDC * 1_000 + worked)
    assert quoted_atoms == expected_atoms
    assert base.balanceOf(deployer) - before_atoms == expected_atoms


def test_wrapped_ether_is_worth_the_ether_put_in(weth, deployer):
    weth.deposit({"from": deployer, "value": 3 * ETHER})
    assert weth.balanceOf(deployer) == 3 * ETHER
