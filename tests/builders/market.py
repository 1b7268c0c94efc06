"""A small market on a test chain: one pool, an LP and a trader, funded."""

from __future__ import annotations

from dataclasses import dataclass

from bot.edges.uniswap import UniswapV2World

ETHER = 10**18
USD = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A WETH-like token against dollars of 6 decimals, with 100 against 200,000 in the pool."""

    world: UniswapV2World
    eth: str
    usd: str
    pair: str
    lp: str
    trader: str
    stranger: str

    def swap_eth_in(self, amount: int) -> None:
        """The trader sells."""
        self.world.swap_exact_tokens(self.eth, self.usd, amount, by=self.trader)

    def deposit(self, amount_eth: int, *, by: str, to: str | None = None) -> None:
        """Add liquidity at the pool's price, with dollars to spare."""
        self.world.add_liquidity(self.eth, self.usd, amount_eth, 10_000_000 * USD, by=by, to=to)

    def withdraw(self, lp_atoms: int, *, by: str, to: str | None = None) -> None:
        """Remove liquidity."""
        self.world.remove_liquidity(self.eth, self.usd, lp_atoms, by=by, to=to)

    def lp_balance(self, account: str) -> int:
        """LP tokens by the pair itself: the oracle."""
        return self.world.balance_of(self.pair, account)


def open_market(world: UniswapV2World, *, funded: bool = True) -> Market:
    """Create tokens and pair; `funded`: the stranger opens the pool with the first deposit."""
    eth, usd = world.create_token("WETH", 18), world.create_token("USDC", 6)
    lp, trader, stranger = world.accounts[1:4]
    for account in (lp, trader, stranger):
        world.mint(eth, 1_000_000 * ETHER, to=account)
        world.mint(usd, 10_000_000_000 * USD, to=account)
    pair = world.create_pair(eth, usd)
    if funded:
        world.add_liquidity(eth, usd, 100 * ETHER, 200_000 * USD, by=stranger)
    return Market(world=world, eth=eth, usd=usd, pair=pair, lp=lp, trader=trader, stranger=stranger)
