"""Real pairs for the tests, and what the core sees of them, one getter of their ABI at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from brownie import Contract, accounts

from bot.core.snapshot import PoolSpec, PoolState, Token

PAIR_FILE = Path(__file__).parents[2] / "node_modules/@uniswap/v2-core/build/UniswapV2Pair.json"
NOBODY = "0x0000000000000000000000000000000000000000"
NEVER_S = 2**60
PLENTY_ATOMS = 2**120


def empty_pair(factory: Any, tokens: tuple[Any, Any]) -> Any:
    """Make a pair without liquidity."""
    factory.createPair(*tokens, {"from": accounts[0]})
    abi = json.loads(PAIR_FILE.read_text())["abi"]
    return Contract.from_abi("UniswapV2Pair", factory.getPair(*tokens), abi)


def read_state(pair: Any, *, factory: Any, owner: Any) -> PoolState:
    """Storage of the pair now."""
    reserve0, reserve1, time_s = (int(value) for value in pair.getReserves())
    return PoolState(
        reserve0=reserve0,
        reserve1=reserve1,
        reserves_time_s=time_s,
        price0_cumulative=int(pair.price0CumulativeLast()),
        price1_cumulative=int(pair.price1CumulativeLast()),
        total_supply=int(pair.totalSupply()),
        lp_balance=int(pair.balanceOf(owner)),
        k_last=int(pair.kLast()),
        fee_on=factory.feeTo() != NOBODY,
    )


def spec_of(pair: Any, *, base: Any, quote: Any) -> PoolSpec:
    """What does not change about the pair, for a choice of base."""
    tokens = {
        role: Token(address=token.address, symbol=role.upper(), decimals=int(token.decimals()))
        for role, token in (("base", base), ("quote", quote))
    }
    return PoolSpec(
        name="BASE-QUOTE",
        address=pair.address,
        factory=pair.factory(),
        base=tokens["base"],
        quote=tokens["quote"],
        base_is_token0=pair.token0() == base.address,
    )


def in_order(pair: Any, tokens: tuple[Any, Any]) -> tuple[Any, Any]:
    """Two tokens as the pair numbers them."""
    first, second = tokens
    return (first, second) if pair.token0() == first.address else (second, first)


def equip(account: Any, *, tokens: tuple[Any, Any], pair: Any, router: Any) -> None:
    """Give an account plenty of both tokens and let the router move them and its LP tokens."""
    for token in tokens:
        token.mint(account, PLENTY_ATOMS, {"from": account})
        token.approve(router, 2**256 - 1, {"from": account})
    pair.approve(router, 2**256 - 1, {"from": account})
