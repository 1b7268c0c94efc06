"""A real pair with sealed orders on it, moments to the second, and the seal worked out by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from fractions import Fraction
from math import isqrt
from typing import Any

from brownie import accounts, web3
from eth_abi import encode

from bot.core.snapshot import PoolSpec
from bot.core.twap import Q112, Observation, cumulative_now
from tests.contract.pool_reading import NEVER_S, empty_pair, equip, read_state, spec_of

WINDOW_S = 1_800
CLOSE_S = 600
REST_S = 900
REVEAL_S = 86_400
BLOCK_S = 12
"""Seconds between two blocks, where it matters."""

BASE = 10**18
USDC = 10**6
RESERVES = (1_000 * BASE, 2_000_000 * USDC)
SALT = bytes(range(32))
TERMS_TYPE = "(address,bool,bool,uint112,uint256)"
FEE_KEPT = Fraction(997, 1_000)


class Stage(IntEnum):
    """As the contract numbers them."""

    NONE = 0
    OPEN = 1
    CLOSED = 2
    FILLED = 3
    VOID = 4
    LAPSED = 5


@dataclass(frozen=True)
class Terms:
    """What is sealed, in the contract's order."""

    pair: str
    base_is_token0: bool
    is_buy: bool
    base_atoms: int
    quote_atoms_limit: int

    def as_tuple(self) -> tuple[Any, ...]:
        """As Brownie and the ABI take a struct."""
        return tuple(vars(self).values())


def seal_of(
    terms: Terms, *, owner: Any, book: Any, salt: bytes = SALT, chain_id: int | None = None
) -> bytes:
    """The seal by its definition: keccak of chain, contract, owner, terms and salt, a word each."""
    kinds = ["uint256", "address", "address", TERMS_TYPE, "bytes32"]
    values = [chain_id or web3.eth.chain_id, str(book), str(owner), terms.as_tuple(), salt]
    return bytes(web3.keccak(encode(kinds, values)))


def now_s() -> int:
    """The time of the newest block."""
    return int(web3.eth.get_block("latest")["timestamp"])


def next_at(time_s: int) -> None:
    """The next block has this time, to the second."""
    ask_node("evm_setNextBlockTimestamp", time_s)


def ask_node(method: str, *parameters: Any) -> Any:
    """A method of Anvil's own."""
    answer = web3.provider.make_request(method, list(parameters))
    assert "error" not in answer, answer
    return answer["result"]


Sending = tuple[Any, Any, str]
"""Sender, contract and call data."""


def in_one_block(sendings: Iterable[Sending], *, time_s: int) -> list[Any]:
    """Mine one block with these transactions in this order; their receipts."""
    ask_node("evm_setAutomine", False)
    try:
        hashes = []
        nonces: dict[str, int] = {}
        for tip, (sender, contract, data) in enumerate(sendings):
            address = str(sender)
            nonce = nonces.get(address, web3.eth.get_transaction_count(address))
            nonces[address] = nonce + 1
            fields = {"from": address, "to": str(contract), "data": data, "nonce": nonce}
            # Miners order by price: falling ones keep our order.
            fields |= {"gas": 1_000_000, "gasPrice": 1_000 - tip}
            hashes.append(web3.eth.send_transaction(fields))
        next_at(time_s)
        ask_node("evm_mine")
    finally:
        ask_node("evm_setAutomine", True)
    receipts = [web3.eth.get_transaction_receipt(one) for one in hashes]
    assert len({receipt["blockNumber"] for receipt in receipts}) == 1
    assert [receipt["transactionIndex"] for receipt in receipts] == list(range(len(receipts)))
    return receipts


@dataclass(frozen=True)
class Market:
    """A funded pair of base and quote, the contract, an owner of orders and a trader."""

    book: Any
    factory: Any
    router: Any
    pair: Any
    base: Any
    quote: Any
    owner: Any
    trader: Any
    stranger: Any

    @property
    def base_is_token0(self) -> bool:
        """How the pair numbers them."""
        return bool(self.pair.token0() == self.base.address)

    @property
    def spec(self) -> PoolSpec:
        """The pair as the bot knows it."""
        return spec_of(self.pair, base=self.base, quote=self.quote)

    @property
    def reserves(self) -> tuple[int, int]:
        """Base and quote, in atoms."""
        first, second, _ = (int(value) for value in self.pair.getReserves())
        return (first, second) if self.base_is_token0 else (second, first)

    @property
    def price(self) -> int:
        """Quote atoms per base atom as the pair adds it up: UQ112.112, rounded down."""
        reserve_base, reserve_quote = self.reserves
        return (reserve_quote << 112) // reserve_base

    def flipped(self) -> Market:
        """The same pair with the other token as base."""
        return replace(self, base=self.quote, quote=self.base)

    def seen(self) -> Observation:
        """What the bot remembers of the newest block."""
        state = read_state(self.pair, factory=self.factory, owner=self.owner)
        time_s = now_s()
        cumulative = cumulative_now(state, self.spec, block_time_s=time_s)
        return Observation(time_s=time_s, cumulative=cumulative)

    # -- orders -----------------------------------------------------------------------------------

    def terms(self, *, is_buy: bool, base_atoms: int = BASE, limit: int | None = None) -> Terms:
        """An order on this pair; without a limit at any price."""
        any_price = 2**256 - 1 if is_buy else 0
        return Terms(
            pair=self.pair.address,
            base_is_token0=self.base_is_token0,
            is_buy=is_buy,
            base_atoms=base_atoms,
            quote_atoms_limit=any_price if limit is None else limit,
        )

    def seal(self, terms: Terms) -> bytes:
        """Its seal by the owner."""
        return seal_of(terms, owner=self.owner, book=self.book)

    def commit(self, terms: Terms, *, at_s: int | None = None) -> int:
        """Leave the seal; the block's time."""
        if at_s is not None:
            next_at(at_s)
        self.book.commit(self.seal(terms), self.pair, {"from": self.owner})
        return now_s()

    def close(self, terms: Terms, *, at_s: int) -> Any:
        """Have a stranger end the average; the event."""
        next_at(at_s)
        done = self.book.close(self.owner, self.seal(terms), {"from": self.stranger})
        return done.events["Closed"]

    def reveal(self, terms: Terms, *, at_s: int) -> Any:
        """Show the terms; the event."""
        next_at(at_s)
        done = self.book.reveal(terms.as_tuple(), SALT, {"from": self.owner})
        return done.events["Revealed"]

    def settle(self, terms: Terms, *, close_at_s: int) -> Any:
        """Close at that time and reveal as soon as it is allowed; the event."""
        self.close(terms, at_s=close_at_s)
        return self.reveal(terms, at_s=close_at_s + REST_S)

    def stage(self, terms: Terms) -> Stage:
        """Where it stands in the newest block."""
        return Stage(self.book.stageOf(self.owner, self.seal(terms)))

    # -- trades -----------------------------------------------------------------------------------

    def swap(self, token: Any, atoms: int, *, at_s: int | None = None) -> int:
        """Sell so much of a token; what came back."""
        if at_s is not None:
            next_at(at_s)
        other = self.quote if token == self.base else self.base
        before = other.balanceOf(self.trader)
        path = [token, other]
        self.router.swapExactTokensForTokens(
            atoms, 0, path, self.trader, NEVER_S, {"from": self.trader}
        )
        return int(other.balanceOf(self.trader) - before)

    def swap_sending(self, token: Any, atoms: int) -> Sending:
        """The same swap as a transaction for `in_one_block`."""
        other = self.quote if token == self.base else self.base
        values = (atoms, 0, [token, other], self.trader, NEVER_S)
        data = self.router.swapExactTokensForTokens.encode_input(*values)
        return self.trader, self.router, data

    def worth(self, *, at: int) -> int:
        """What the trader holds, in quote atoms at a price as of `price`."""
        base, quote = (int(token.balanceOf(self.trader)) for token in (self.base, self.quote))
        return quote + (base * at >> 112)

    def push_atoms(self, move: Fraction) -> tuple[Any, int]:
        """The token and how much of it moves the price by so much, from its price now.

        With i paid into x, and g of it working, the price of what is paid in becomes
        x*y / ((x + i)(x + g*i)): a quadratic, its root taken in whole atoms.
        """
        reserve_base, reserve_quote = self.reserves
        rises = move > 0
        paid_into = reserve_quote if rises else reserve_base
        ratio = 1 + move if rises else 1 / (1 + move)
        half = (1 + FEE_KEPT) / 2
        root = isqrt(int(paid_into**2 * (half**2 + FEE_KEPT * (ratio - 1))))
        return self.quote if rises else self.base, int((root - half * paid_into) / FEE_KEPT)

    def push_to(self, price: int, *, at_s: int | None = None) -> None:
        """Move the price to this one, as far as whole atoms go."""
        token, atoms = self.push_atoms(Fraction(price, self.price) - 1)
        self.swap(token, atoms, at_s=at_s)

    def push(self, move: Fraction, *, at_s: int | None = None) -> None:
        """Move the price by so much."""
        token, atoms = self.push_atoms(move)
        self.swap(token, atoms, at_s=at_s)


class Path:
    """The prices that blocks ended on, added up by hand: what the pair should have summed."""

    def __init__(self, market: Market, *, from_s: int) -> None:
        self.market = market
        self.growth = 0
        self.time_s = from_s
        self.price = market.price

    def until(self, time_s: int) -> int:
        """What the price has come to by a moment; from then on it is the pair's price now."""
        self.growth += self.price * (time_s - self.time_s)
        self.time_s, self.price = time_s, self.market.price
        return self.growth


def quote_at(growth: int, *, window_s: int, terms: Terms) -> int:
    """What the quantity comes to, rounded against the owner."""
    exact = Fraction(terms.base_atoms * growth, window_s * Q112)
    return -int(-exact // 1) if terms.is_buy else int(exact // 1)


def open_market(
    book: Any,
    *,
    factory: Any,
    router: Any,
    tokens: tuple[Any, Any],
    reserves: tuple[int, int] = RESERVES,
) -> Market:
    """A pair of base and quote, and accounts that have plenty."""
    base, quote = tokens
    pair = empty_pair(factory, tokens)
    owner, trader, stranger = accounts[1:4]
    equip(trader, tokens=tokens, pair=pair, router=router)
    router.addLiquidity(base, quote, *reserves, 0, 0, trader, NEVER_S, {"from": trader})
    return Market(
        book=book,
        factory=factory,
        router=router,
        pair=pair,
        base=base,
        quote=quote,
        owner=owner,
        trader=trader,
        stranger=stranger,
    )
