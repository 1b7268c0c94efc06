"""Ticks and range amounts against the real v3 pool and position manager, int for int."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from brownie import Contract, accounts, chain, reverts
from brownie.test import given
from hypothesis import assume, settings
from hypothesis import strategies as st

from bot.core.errors import AmmRefusal
from bot.core.ticks import (
    SQRT_RATIO_MAX,
    SQRT_RATIO_MIN,
    TICK_MAX,
    TICK_MIN,
    liquidity_for_amounts_down,
    range_amounts_down,
    range_amounts_up,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from tests.contract.conftest import NODE_MODULES, deploy

FOLDER = NODE_MODULES / "@uniswap"
CORE = FOLDER / "v3-core/artifacts/contracts"
PERIPHERY = FOLDER / "v3-periphery/artifacts/contracts"
NOBODY = "0x0000000000000000000000000000000000000000"
FEE_PPM = 3_000
SPACING = 60
NEVER_S = 2**60
PLENTY_ATOMS = 2**200
LIQUIDITY_FOR_ALL_MAX = 2**128 // (2 * TICK_MAX // SPACING + 1)
EXAMPLES = 12

ticks = st.integers(TICK_MIN + 1, TICK_MAX - 1)
near = st.integers(-100_000, 100_000)


def published(path: Path) -> dict[str, Any]:
    return json.loads((path / f"{path.stem}.json").read_text())


@pytest.fixture(scope="module")
def v3_factory(deployer: Any) -> Any:
    return deploy("UniswapV3Factory", published(CORE / "UniswapV3Factory.sol"), sender=deployer)


@pytest.fixture(scope="module")
def manager(v3_factory: Any, weth: Any, deployer: Any) -> Any:
    """NonfungiblePositionManager; it draws no pictures here."""
    kind = published(PERIPHERY / "NonfungiblePositionManager.sol")
    name = "NonfungiblePositionManager"
    return deploy(name, kind, v3_factory.address, weth.address, NOBODY, sender=deployer)


@pytest.fixture(scope="module")
def pool(v3_factory: Any, token_factory: Any, manager: Any, deployer: Any) -> Any:
    """A pool that nobody has set a price for, and an LP with plenty of both tokens."""
    tokens = [token_factory(18, "FIRST"), token_factory(6, "SECOND")]
    for token in tokens:
        token.mint(deployer, PLENTY_ATOMS, {"from": deployer})
        token.approve(manager, PLENTY_ATOMS, {"from": deployer})
    v3_factory.createPool(*tokens, FEE_PPM, {"from": deployer})
    address = v3_factory.getPool(*tokens, FEE_PPM)
    return Contract.from_abi("UniswapV3Pool", address, published(CORE / "UniswapV3Pool.sol")["abi"])


def tick_of_new_pool(pool: Any, sqrt_ratio: int) -> int:
    """The tick that the real pool takes for a price, seen and undone."""
    pool.initialize(sqrt_ratio, {"from": accounts[0]})
    tick = int(pool.slot0()[1])
    chain.undo()
    return tick


@settings(max_examples=EXAMPLES)
@given(tick=ticks)
def test_a_pool_finds_the_tick_at_its_price_and_the_one_below_an_int_less(
    pool: Any, tick: int
) -> None:
    """Both together pin the contract's price of the tick to the int."""
    at = sqrt_ratio_at_tick(tick)
    assert tick_of_new_pool(pool, at) == tick
    assert tick_of_new_pool(pool, at - 1) == tick - 1


@settings(max_examples=EXAMPLES)
@given(sqrt_ratio=st.integers(SQRT_RATIO_MIN, SQRT_RATIO_MAX - 1), bits=st.integers(0, 127))
def test_a_pool_finds_the_tick_of_any_price(pool: Any, sqrt_ratio: int, bits: int) -> None:
    price = max(SQRT_RATIO_MIN, sqrt_ratio >> bits)
    assert tick_of_new_pool(pool, price) == tick_at_sqrt_ratio(price)


def test_a_pool_takes_the_least_price_and_none_beyond_either_end(pool: Any) -> None:
    assert tick_of_new_pool(pool, SQRT_RATIO_MIN) == TICK_MIN
    assert tick_of_new_pool(pool, SQRT_RATIO_MAX - 1) == TICK_MAX - 1
    for beyond in (SQRT_RATIO_MIN - 1, SQRT_RATIO_MAX):
        with reverts("R"):
            pool.initialize(beyond, {"from": accounts[0]})


@settings(max_examples=EXAMPLES)
@given(
    price_tick=near, rest=st.integers(0, 10**6), low=near, width=st.integers(1, 2_000),
    amounts=st.tuples(st.integers(1, 10**24), st.integers(1, 10**24)),
)  # fmt: skip
def test_minting_and_burning_move_these_amounts(
    pool: Any, manager: Any, price_tick: int, rest: int, low: int, width: int,
    amounts: tuple[int, int],
) -> None:  # fmt: skip
    """Below, in and above the range; the position manager chooses the liquidity."""
    at, above = sqrt_ratio_at_tick(price_tick), sqrt_ratio_at_tick(price_tick + 1)
    sqrt_ratio = at + (above - at) * rest // (10**6 + 1)
    lower = low // SPACING * SPACING
    bounds = {"lower_tick": lower, "upper_tick": lower + width * SPACING}
    assume(bounds["upper_tick"] <= TICK_MAX)
    try:
        liquidity = liquidity_for_amounts_down(amounts, sqrt_ratio=sqrt_ratio, **bounds)
    except AmmRefusal:
        assume(False)
    assume(0 < liquidity < LIQUIDITY_FOR_ALL_MAX)
    lp = accounts[0]
    pool.initialize(sqrt_ratio, {"from": lp})
    asked = (pool.token0(), pool.token1(), FEE_PPM, *bounds.values(), *amounts, 0, 0, lp, NEVER_S)
    minted = manager.mint(asked, {"from": lp}).events["IncreaseLiquidity"]
    assert minted["liquidity"] == liquidity
    assert (minted["amount0"], minted["amount1"]) == range_amounts_up(
        sqrt_ratio, **bounds, liquidity=liquidity
    )
    burnt = manager.decreaseLiquidity(
        (minted["tokenId"], liquidity, 0, 0, NEVER_S), {"from": lp}
    ).events["DecreaseLiquidity"]
    assert (burnt["amount0"], burnt["amount1"]) == range_amounts_down(
        sqrt_ratio, **bounds, liquidity=liquidity
    )
    chain.undo(3)
