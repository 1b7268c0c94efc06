"""PoolLens spoken by hand: one packed question, one packed answer, decoded only where looked at.

contracts/PoolLens.sol fixes the layout. A table of 1,000 pools is 192,000 bytes; most ticks look
at a few of them, so a PoolState is built on access and changed pools are found by their bytes.
Why so: docs/adr/0002-packed-lens.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from struct import iter_unpack
from typing import Any

from bot.core.errors import LensUnavailableError, PoolUnreadableError, RpcAnswerError
from bot.core.snapshot import PoolSpec, PoolState, PoolTable
from bot.edges.abi import WORD_BYTES, ZERO_ADDRESS, address_bytes
from bot.edges.rpc import Call, Rpc

POOL_BYTES = 6 * WORD_BYTES
HEADER_BYTES = 4 * WORD_BYTES
POOLS_PER_CALL_MAX = 1_000
"""About 20 million gas: below the 30 million that a node with default flags gives a call."""

PLACED_AT = "0x" + "1e" * 20
"""Where the code is placed for one call: an address that nobody holds the key of."""

UNANSWERED = b"\xff" * WORD_BYTES
NO_COLLECTOR = bytes(WORD_BYTES)
RESERVE_MASK = 2**112 - 1
ARTIFACT = Path(__file__).resolve().parents[1] / "artifacts" / "PoolLens.json"


@cache
def lens_code() -> str:
    """PoolLens's deployed code, as 0x-hex."""
    return str(json.loads(ARTIFACT.read_text())["deployedBytecode"])


class LensTable:
    """The states of all watched pools at one block, in the order of their specs."""

    __slots__ = ("_block_number", "_body", "_fee_on", "_specs", "_states")

    def __init__(
        self,
        *,
        specs: tuple[PoolSpec, ...],
        block_number: int,
        body: bytes,
        fee_on: tuple[bool | None, ...],
    ) -> None:
        self._specs = specs
        self._block_number = block_number
        self._body = body
        self._fee_on = fee_on
        self._states: dict[int, PoolState] = {}

    def __len__(self) -> int:
        return len(self._specs)

    def __getitem__(self, index: int, /) -> PoolState:
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(index)
        state = self._states.get(at)
        if state is None:
            state = self._states[at] = self._state(at)
        return state

    def __iter__(self) -> Iterator[PoolState]:
        return (self._state(i) for i in range(len(self)))

    def readable(self, index: int) -> bool:
        """Whether the address answered as a pair at this block."""
        start = index * POOL_BYTES
        answered = self._body[start : start + WORD_BYTES] != UNANSWERED
        return answered and self._fee_on[index] is not None

    def changed_since(self, before: PoolTable | None, /) -> Sequence[int]:
        """Indices of the pools that differ from `before`, ascending; all of them without one."""
        if before is None:
            return range(len(self))
        if not isinstance(before, LensTable):
            return [
                i for i, (now, then) in enumerate(zip(self, before, strict=True)) if now != then
            ]
        if self._body == before._body and self._fee_on == before._fee_on:
            return ()
        pools = f"{POOL_BYTES}s"
        bodies = zip(iter_unpack(pools, self._body), iter_unpack(pools, before._body), strict=True)
        fees = zip(self._fee_on, before._fee_on, strict=True)
        rows = enumerate(zip(bodies, fees, strict=True))
        return [i for i, ((now, then), (fee, fee_then)) in rows if now != then or fee != fee_then]

    def _state(self, index: int) -> PoolState:
        start = index * POOL_BYTES
        fee_on = self._fee_on[index]
        if fee_on is None or not self.readable(index):
            spec = self._specs[index]
            raise PoolUnreadableError(
                pool=spec.name, address=spec.address, block_number=self._block_number
            )
        reserves, price0, price1, supply, balance, k_last = (
            int.from_bytes(self._body[at : at + WORD_BYTES], "big")
            for at in range(start, start + POOL_BYTES, WORD_BYTES)
        )
        return PoolState(
            reserve0=reserves >> 144,
            reserve1=reserves >> 32 & RESERVE_MASK,
            reserves_time_s=reserves & 0xFFFF_FFFF,
            price0_cumulative=price0,
            price1_cumulative=price1,
            total_supply=supply,
            lp_balance=balance,
            k_last=k_last if fee_on else 0,
            fee_on=fee_on,
        )


class Lens:
    """The question about a fixed list of pools, and how to read its answer.

    owner: whose LP balance is read. deployed_at: the lens's address, None to place its code for
    each call. A long list is asked in parts, which all go into the same batch.
    """

    def __init__(
        self, specs: Sequence[PoolSpec], *, owner: str | None, deployed_at: str | None = None
    ) -> None:
        self._specs = tuple(specs)
        self._factories = tuple(dict.fromkeys(spec.factory.lower() for spec in specs))
        self._factory_of = tuple(self._factories.index(s.factory.lower()) for s in specs)
        self._deployed_at = deployed_at
        self._prefix_digits = 2 + 2 * (HEADER_BYTES + WORD_BYTES * len(self._factories))
        head = address_bytes(owner or ZERO_ADDRESS) + len(self._factories).to_bytes(2, "big")
        head += b"".join(map(address_bytes, self._factories))
        edges = [*range(0, len(specs), POOLS_PER_CALL_MAX), len(specs)]
        self._parts = tuple(
            "0x" + (head + b"".join(address_bytes(s.address) for s in specs[a:b])).hex()
            for a, b in pairwise(edges)
        )
        self._sizes = tuple(b - a for a, b in pairwise(edges))

    @property
    def call_count(self) -> int:
        """How many calls of a batch are the lens's."""
        return len(self._parts)

    def calls(self, pin: str | Mapping[str, str]) -> list[Call]:
        """The eth_calls at one block: its number as hex, "latest", or {"blockHash": hash}."""
        return [("eth_call", _params(part, pin, self._deployed_at)) for part in self._parts]

    def table(self, answers: Sequence[Any], *, block_number: int) -> LensTable:
        """Decode the answers to `calls`."""
        for answer, size in zip(answers, self._sizes, strict=True):
            wanted = self._prefix_digits + 2 * POOL_BYTES * size
            if not isinstance(answer, str) or len(answer) != wanted:
                held = len(answer) if isinstance(answer, str) else 0
                raise RpcAnswerError(
                    method="eth_call", problem=f"the lens's answer has {held} digits, not {wanted}"
                )
        body = b"".join(bytes.fromhex(answer[self._prefix_digits :]) for answer in answers)
        collectors = answers[0][2 + 2 * HEADER_BYTES : self._prefix_digits] if answers else ""
        fees = [_fee_on(word) for (word,) in iter_unpack("32s", bytes.fromhex(collectors))]
        return LensTable(
            specs=self._specs,
            block_number=block_number,
            body=body,
            fee_on=tuple(fees[at] for at in self._factory_of),
        )


def require_lens(rpc: Rpc, *, deployed_at: str | None) -> None:
    """Refuse a node that cannot run the lens, before the first tick relies on it."""
    if deployed_at is not None:
        if rpc.call("eth_getCode", deployed_at, "latest") != lens_code():
            raise LensUnavailableError(
                url=rpc.shown_url, problem=f"the code at {deployed_at} is not this version's lens"
            )
        return
    question = ZERO_ADDRESS + "0000"
    try:
        answer = rpc.call("eth_call", *_params(question, "latest", None))
    except RpcAnswerError as error:
        raise LensUnavailableError(url=rpc.shown_url, problem=str(error)) from None
    if len(answer) != 2 + 2 * HEADER_BYTES:
        raise LensUnavailableError(url=rpc.shown_url, problem="it ignores state overrides")


def _params(data: str, pin: str | Mapping[str, str], deployed_at: str | None) -> list[Any]:
    if deployed_at is not None:
        return [{"to": deployed_at, "data": data}, pin]
    return [{"to": PLACED_AT, "data": data}, pin, {PLACED_AT: {"code": lens_code()}}]


def _fee_on(collector: bytes) -> bool | None:
    """Whether a factory collects the protocol fee; None when it did not answer."""
    return None if collector == UNANSWERED else collector != NO_COLLECTOR
