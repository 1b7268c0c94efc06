"""A chain to read: one real Uniswap V2 pool with an LP, and as many planted copies as wanted.

A copy has the pair's own code and storage of its own (anvil_setCode, anvil_setStorageAt), so the
node does the same work for it as for a pool that was deployed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.core.snapshot import PoolSpec, Token
from bot.edges.node import AnvilNode
from bot.edges.rpc import Call, Rpc
from bot.edges.uniswap import Transaction, UniswapV2World

ETHER = 10**18
USD = 10**6
DEPTH_ETHER = 5_000
PRICE_USD = 2_000
BLOCK_S = 12
SWAP_ETHER = ETHER // 2
CALLS_PER_BATCH = 1_000

SUPPLY, FACTORY, TOKEN0, TOKEN1, RESERVES, PRICE0, PRICE1, K_LAST, UNLOCKED = (
    0, 5, 6, 7, 8, 9, 10, 11, 12,
)  # fmt: skip
"""Storage slots of UniswapV2Pair."""


@dataclass(slots=True, kw_only=True)
class Field:
    """A node on which time stands still until `mine`.

    specs: the real pool first, hedged; the planted ones are only watched. planted: reserves of
    each planted pool.
    """

    node: AnvilNode
    rpc: Rpc
    uniswap: UniswapV2World
    specs: tuple[PoolSpec, ...]
    lp: str
    trader: str
    time_s: int
    planted: list[tuple[int, int]] = field(default_factory=list)
    swaps: int = 0

    def mine(self) -> None:
        """One block, 12 seconds after the last."""
        self.time_s += BLOCK_S
        self.rpc.call("evm_mine", self.time_s)

    def swap(self, amount: int, *, sells: bool) -> None:
        """A trade in the real pool, in the next block."""
        base, quote = self.specs[0].base.address, self.specs[0].quote.address
        path = (base, quote) if sells else (quote, base)
        request = self.uniswap.swap_request(*path, amount, by=self.trader)
        self._queue(request)

    def swap_to_and_fro(self) -> None:
        """Small trades that alternate."""
        sells = self.swaps % 2 == 0
        self.swap(SWAP_ETHER if sells else SWAP_ETHER * PRICE_USD * USD // ETHER, sells=sells)
        self.swaps += 1

    def move(self, count: int, *, at: int) -> None:
        """Change the reserves of `count` planted pools, a different stretch for each `at`."""
        size = len(self.planted)
        calls: list[Call] = []
        for index in ((at * count + i) % size for i in range(count)):
            reserve0, reserve1 = self.planted[index]
            self.planted[index] = (reserve0 + ETHER, reserve1)
            calls.append(_set(self.specs[index + 1].address, RESERVES, self._packed(index)))
        self.rpc.batch(calls)

    def _packed(self, index: int) -> int:
        reserve0, reserve1 = self.planted[index]
        return (self.time_s % 2**32) << 224 | reserve1 << 112 | reserve0

    def plant(self, count: int) -> None:
        """Put `count` copies of the real pool beside it, each with reserves of its own."""
        real = self.specs[0]
        code = self.rpc.call("eth_getCode", real.address, "latest")
        calls: list[Call] = []
        for index in range(count):
            spec = _copy(real, index)
            self.specs = (*self.specs, spec)
            self.planted.append(((1_000 + index) * ETHER, (3_000 + 7 * index) * ETHER))
            calls.append(("anvil_setCode", [spec.address, code]))
            slots = {
                SUPPLY: (1_500 + index) * ETHER,
                FACTORY: int(real.factory, 16),
                TOKEN0: int(real.base.address, 16),
                TOKEN1: int(real.quote.address, 16),
                RESERVES: self._packed(index),
                PRICE0: 2**150 + index,
                PRICE1: 2**140 + index,
                K_LAST: 0,
                UNLOCKED: 1,
            }
            calls += [_set(spec.address, slot, value) for slot, value in slots.items()]
        for start in range(0, len(calls), CALLS_PER_BATCH):
            self.rpc.batch(calls[start : start + CALLS_PER_BATCH])

    def _queue(self, transaction: Transaction) -> None:
        count = self.rpc.call("eth_getTransactionCount", transaction.sender, "pending")
        fields = {
            "from": transaction.sender,
            "to": transaction.to,
            "data": transaction.data,
            "gas": hex(transaction.gas),
            "gasPrice": "0x0",
            "nonce": count,
        }
        self.rpc.call("eth_sendTransaction", fields)


@contextmanager
def field_of(pools: int) -> Iterator[Field]:
    """A chain with this many pools, the first one real."""
    with AnvilNode(prune_history=True, automine=False) as node, Rpc(node.url) as rpc:
        uniswap = UniswapV2World(rpc, mine=True).deploy()
        trader, lp = uniswap.accounts[1:3]
        eth, usd = uniswap.create_token("WETH", 18), uniswap.create_token("USDC", 6)
        pair = uniswap.create_pair(eth, usd)
        for account in (trader, lp):
            uniswap.mint(eth, 100 * DEPTH_ETHER * ETHER, to=account)
            uniswap.mint(usd, 100 * DEPTH_ETHER * PRICE_USD * USD, to=account)
        for account, share in ((trader, 95), (lp, 5)):
            amount = DEPTH_ETHER * share // 100
            uniswap.add_liquidity(eth, usd, amount * ETHER, amount * PRICE_USD * USD, by=account)
        spec = PoolSpec(
            name="WETH-USDC",
            address=pair,
            factory=uniswap.factory,
            base=Token(address=eth, symbol="WETH", decimals=18),
            quote=Token(address=usd, symbol="USDC", decimals=6),
            base_is_token0=int(eth, 16) < int(usd, 16),
        )
        head = rpc.call("eth_getBlockByNumber", "latest", False)
        ground = Field(
            node=node,
            rpc=rpc,
            uniswap=uniswap,
            specs=(spec,),
            lp=lp,
            trader=trader,
            time_s=int(head["timestamp"], 16),
        )
        ground.plant(pools - 1)
        ground.mine()
        yield ground


def planted_specs(real: PoolSpec, count: int) -> Sequence[PoolSpec]:
    """Specs of watched copies, for a world that has no chain."""
    return [_copy(real, index) for index in range(count)]


def _copy(real: PoolSpec, index: int) -> PoolSpec:
    return PoolSpec(
        name=f"POOL{index}",
        address=f"0x{0xA000_0000 + index:040x}",
        factory=real.factory,
        base=real.base,
        quote=real.quote,
        base_is_token0=True,
        hedged=False,
    )


def _set(address: str, slot: int, value: int) -> Call:
    word = "0x" + value.to_bytes(32, "big").hex()
    return ("anvil_setStorageAt", [address, hex(slot), word])
