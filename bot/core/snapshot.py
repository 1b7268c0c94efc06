"""What one block says about the watched pools: the only way in for facts of the chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Protocol

from bot.core.errors import DecimalsError, EmptyPoolError

DECIMALS_MAX = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An ERC-20 token. `symbol` is its currency in the ledger: upper case, unique in a run."""

    address: str
    symbol: str
    decimals: int

    def __post_init__(self) -> None:
        if not 0 <= self.decimals <= DECIMALS_MAX:
            raise DecimalsError(token=self.symbol, decimals=self.decimals)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpec:
    """What never changes about a Uniswap V2 pair, as verified on the chain when it was added.

    name: `BASE-QUOTE` in ledger symbols, unique in a run. Prices are quote per base.
    fee_bps: the swap fee, 30 for Uniswap V2.
    hedged: False for a pool that is only watched.
    """

    name: str
    address: str
    factory: str
    base: Token
    quote: Token
    base_is_token0: bool
    fee_bps: int = 30
    hedged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block's identity. `time_s` is unix time from its header."""

    number: int
    hash: str
    parent_hash: str
    time_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """A pair's storage at one block, in token order 0 and 1 and in atoms, as the chain has it.

    price0_cumulative and price1_cumulative: UQ112.112 seconds modulo 2**256, last written at
    `reserves_time_s` (uint32); core/twap.py carries them on to the block's own time.
    k_last: reserve0*reserve1 after the last mint or burn, 0 when the protocol fee is off.
    fee_on: True when the factory collects the protocol fee (a sixth of the growth of sqrt(k)).
    lp_balance: LP tokens of the watched owner.
    """

    reserve0: int
    reserve1: int
    reserves_time_s: int
    price0_cumulative: int
    price1_cumulative: int
    total_supply: int
    lp_balance: int
    k_last: int
    fee_on: bool

    def reserves(self, spec: PoolSpec) -> tuple[int, int]:
        """(base, quote) reserves in atoms; an empty pool is refused."""
        if self.reserve0 <= 0 or self.reserve1 <= 0:
            raise EmptyPoolError(pool=spec.name, reserve0=self.reserve0, reserve1=self.reserve1)
        if spec.base_is_token0:
            return self.reserve0, self.reserve1
        return self.reserve1, self.reserve0

    def price(self, spec: PoolSpec) -> Fraction:
        """Exact marginal price in quote atoms per base atom."""
        reserve_base, reserve_quote = self.reserves(spec)
        return Fraction(reserve_quote, reserve_base)


class EventKind(Enum):
    """How LP tokens reached or left the owner."""

    MINT = "mint"  # liquidity added: LP tokens minted to the owner
    BURN = "burn"  # liquidity removed: the owner's LP tokens burnt
    RECEIVE = "receive"  # LP tokens transferred in from somebody else
    SEND = "send"  # LP tokens transferred out to somebody else


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionEvent:
    """One change of the owner's LP balance, in log order, with the token amounts that moved.

    lp_atoms: LP tokens gained or lost, > 0.
    base_atoms, quote_atoms: paid in by a mint, paid out by a burn, and for RECEIVE and SEND the
    claim of these LP tokens on the reserves at the end of that block, rounded down.
    """

    pool: str
    kind: EventKind
    lp_atoms: int
    base_atoms: int
    quote_atoms: int
    block_number: int
    log_index: int
    tx_hash: str


class PoolTable(Protocol):
    """Pool states in the order of the specs; may decode lazily."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> PoolState: ...

    def __iter__(self) -> Iterator[PoolState]: ...

    def changed_since(self, before: PoolTable | None, /) -> Sequence[int]:
        """Indices of the pools that differ from `before`, ascending; all of them without one."""
        ...


class PoolTuple(tuple[PoolState, ...]):
    """A PoolTable of states that are decoded already."""

    __slots__ = ()

    def changed_since(self, before: PoolTable | None, /) -> Sequence[int]:
        """Indices of the pools that differ from `before`, ascending; all of them without one."""
        if before is None:
            return range(len(self))
        return [
            index
            for index, (now, then) in enumerate(zip(self, before, strict=True))
            if now is not then and now != then
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All watched pools at one block, with what happened to the positions since the last one.

    specs and pools: same length and order. `pools` may decode lazily (1,000 pools a tick).
    events: since the previous snapshot's block (exclusive) up to this one, in log order.
    feeds: facts of the world that no pool holds, by name with their unit (core/feeds.py).
    """

    chain_id: int
    block: Block
    specs: tuple[PoolSpec, ...]
    pools: PoolTable
    events: tuple[PositionEvent, ...] = ()
    feeds: Mapping[str, int] = field(default_factory=dict)
