"""Uniswap made ready for a scenario: its tokens, its pairs, and everybody's purse."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.actions import Role
from bot.core.scenario import Scenario, price_paths
from bot.core.snapshot import PoolSpec, Token
from bot.edges.abi import AbiValue, call_data
from bot.edges.uniswap import UNLIMITED, Transaction, UniswapV2World

PURSE = 1_000
"""Tokens that each actor gets, as a multiple of all first deposits together."""

GAS = 500_000


def create_pools(scenario: Scenario, uniswap: UniswapV2World) -> tuple[PoolSpec, ...]:
    """Tokens as far as they are not there, and a pair for each pool."""
    tokens: dict[str, Token] = {}
    for pool in scenario.pools:
        sides = ((pool.base_symbol, pool.base_decimals), (pool.quote_symbol, pool.quote_decimals))
        for symbol, decimals in sides:
            if symbol not in tokens:
                is_weth = (symbol, decimals) == ("WETH", 18)
                address = uniswap.weth if is_weth else uniswap.create_token(symbol, decimals)
                tokens[symbol] = Token(address=address, symbol=symbol, decimals=decimals)
    specs = []
    for pool in scenario.pools:
        base, quote = tokens[pool.base_symbol], tokens[pool.quote_symbol]
        specs.append(
            PoolSpec(
                name=pool.name,
                address=uniswap.create_pair(base.address, quote.address),
                factory=uniswap.factory,
                base=base,
                quote=quote,
                base_is_token0=int(base.address, 16) < int(quote.address, 16),
                hedged=pool.hedged,
            )
        )
    return tuple(specs)


def fund(
    scenario: Scenario,
    uniswap: UniswapV2World,
    specs: tuple[PoolSpec, ...],
    accounts: Mapping[Role, str],
) -> None:
    """Give every role tokens, and the router leave to move them, in one block."""
    purses: dict[str, int] = {}
    prices = price_paths(scenario)
    for pool, spec in zip(scenario.pools, specs, strict=True):
        amounts = (pool.reserve_base_atoms, int(pool.reserve_base_atoms * prices[pool.name][0]))
        for token, amount in zip((spec.base, spec.quote), amounts, strict=True):
            purses[token.address] = purses.get(token.address, 0) + PURSE * amount
    sent = []
    for account in accounts.values():
        for address, amount in purses.items():
            if address == uniswap.weth:
                deposit = call_data("deposit()")
                sent.append(Transaction(sender=account, to=address, data=deposit, value_wei=amount))
            else:
                mint = "mint(address,uint256)"
                sent.append(to(uniswap.deployer, address, mint, account, amount))
        for spender_of in (*purses, *(spec.address for spec in specs)):
            approve = "approve(address,uint256)"
            sent.append(to(account, spender_of, approve, uniswap.router, UNLIMITED))
    uniswap.send(*sent)


def to(sender: str, target: str, signature: str, *values: AbiValue) -> Transaction:
    """A call as a transaction."""
    return Transaction(sender=sender, to=target, data=call_data(signature, *values), gas=GAS)
