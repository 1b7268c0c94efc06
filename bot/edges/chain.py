"""Snapshots from a chain: the newest block, then all that it says, in two round trips.

Round one asks for the newest block. Round two is one batch pinned to it: the lens, the position
pools' logs since the last snapshot, and the proof that the last snapshot's block still stands.
Only methods that read are ever called (rpc.READ_METHODS).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.errors import (
    ChainRestartedError,
    ClockBackwardsError,
    NoNewBlockError,
    ReorgDetectedError,
    RpcAnswerError,
    StateMissingError,
    WrongChainError,
)
from bot.core.feeds import GAS_WEI
from bot.core.position_events import LpChange, event_of, fold_logs, opening_event, require_sum
from bot.core.snapshot import Block, PoolSpec, PositionEvent, Snapshot
from bot.edges.engine_gate import gate_call, gate_feed, require_gate
from bot.edges.lens import Lens, LensTable, require_lens
from bot.edges.pair_logs import decode_logs, log_calls
from bot.edges.rpc import Call, ReadOnlyRpc, Rpc


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where reading stands: the last booked block, and the LP atoms by name of hedged pool.

    A hedged pool that is not named here is new: its position opens at first sight.
    """

    block: Block
    lp_balances: Mapping[str, int]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Cursor:
        """The cursor behind a snapshot: what a restarted or rewound source goes on from."""
        rows = zip(snapshot.specs, snapshot.pools, strict=True)
        balances = {spec.name: state.lp_balance for spec, state in rows if spec.hedged}
        return cls(block=snapshot.block, lp_balances=balances)


class ChainSource:
    """A SnapshotSource over JSON-RPC.

    owner: whose LP position is followed (needed where a pool is hedged).
    chain_id, genesis_hash: what the book was kept on; None takes what the node says.
    lens_address: the deployed lens, for nodes without state override.
    feeds_gas: whether snapshots carry the block's base fee, which its header has anyway.
    gate: the second engine's gate, whose moment every snapshot then carries; None for none.
    cursor: where the book stands; None starts a position anew, at its claim at first sight, or
    from its own logs since `since_block` (the position must have been empty before that block).
    A snapshot that was not booked must be given back by `rewind`.
    """

    def __init__(
        self,
        rpc: ReadOnlyRpc,
        specs: Sequence[PoolSpec],
        *,
        owner: str | None,
        chain_id: int | None = None,
        genesis_hash: str | None = None,
        lens_address: str | None = None,
        cursor: Cursor | None = None,
        since_block: int | None = None,
        feeds_gas: bool = False,
        gate: str | None = None,
    ) -> None:
        self.specs = tuple(specs)
        self.chain_id = chain_id
        self.genesis_hash = genesis_hash
        self.cursor = cursor
        self._rpc = rpc
        self._owner = owner.lower() if owner else ""
        self._hedged = tuple(i for i, spec in enumerate(specs) if spec.hedged)
        self._pairs = tuple(self.specs[i].address.lower() for i in self._hedged)
        self._lens_address = lens_address
        self._lens = Lens(self.specs, owner=owner, deployed_at=lens_address)
        self._since_block = since_block
        self._feeds_gas = feeds_gas
        self._gate = gate
        self._pins_by_hash: bool | None = None

    def read(self) -> Snapshot:
        """The newest block's snapshot and the position events since the cursor."""
        if self._pins_by_hash is None:
            self._pins_by_hash = self._handshake()
        header = fetch_header(self._rpc, "latest")
        head = _block_of(header)
        cursor = self.cursor
        if cursor is not None:
            self._refuse_standstill(cursor, head)
        table, gate, changes = self._fetch(head, cursor)
        if cursor is not None and head.time_s < cursor.block.time_s:
            raise ClockBackwardsError(
                block_number=head.number, time_s=head.time_s, last_time_s=cursor.block.time_s
            )
        assert self.chain_id is not None, "the handshake sets it"
        events = self._events(head, cursor, table, changes)
        # After this line it must succeed.
        balances = {self.specs[i].name: table[i].lp_balance for i in self._hedged}
        self.cursor = Cursor(block=head, lp_balances=balances)
        return Snapshot(
            chain_id=self.chain_id,
            block=head,
            specs=self.specs,
            pools=table,
            events=events,
            feeds={**(_gas_of(header) if self._feeds_gas else {}), **gate},
        )

    def rewind(self, snapshot: Snapshot | Cursor | None) -> None:
        """Go on from an earlier place, after a reorg or a tick that was not booked."""
        self.cursor = Cursor.of(snapshot) if isinstance(snapshot, Snapshot) else snapshot

    def is_canonical(self, block: Block) -> bool:
        """Whether a block is still part of the node's chain: the search for a common ancestor."""
        header = self._rpc.call("eth_getBlockByNumber", hex(block.number), False)
        return header is not None and header["hash"] == block.hash

    def _handshake(self) -> bool:
        """Check chain, lens and gate once; whether the node takes a hash as a pin (EIP-1898)."""
        chain_id = int(self._rpc.call("eth_chainId"), 16)
        if self.chain_id not in (None, chain_id):
            raise WrongChainError(
                url=self._rpc.shown_url, chain_id=chain_id, expected=self.chain_id
            )
        genesis = self._genesis_hash()
        if self.genesis_hash not in (None, genesis):
            raise ChainRestartedError(genesis_seen=self.genesis_hash, genesis_now=genesis)
        require_lens(self._rpc, deployed_at=self._lens_address)
        if self._gate is not None:
            require_gate(self._rpc, self._gate)
        self.chain_id, self.genesis_hash = chain_id, genesis
        head = fetch_block(self._rpc, "latest")
        try:
            self._rpc.call("eth_getBalance", self._probe_address(), {"blockHash": head.hash})
        except RpcAnswerError:
            return False
        return True

    def _probe_address(self) -> str:
        return self._owner or "0x" + "00" * 20

    def _genesis_hash(self) -> str:
        return fetch_block(self._rpc, "0x0").hash

    def _refuse_standstill(self, cursor: Cursor, head: Block) -> None:
        if head.hash == cursor.block.hash:
            raise NoNewBlockError(block_number=head.number)
        gap = head.number - cursor.block.number
        if gap <= 0 or (gap == 1 and head.parent_hash != cursor.block.hash):
            self._refuse_fork(cursor)

    def _refuse_fork(self, cursor: Cursor) -> None:
        """Say which it is: another chain from block 0 on, or another branch of this one."""
        genesis = self._genesis_hash()
        if genesis != self.genesis_hash:
            raise ChainRestartedError(genesis_seen=self.genesis_hash, genesis_now=genesis)
        number = cursor.block.number
        header = self._rpc.call("eth_getBlockByNumber", hex(number), False)
        raise ReorgDetectedError(
            block_number=number,
            hash_seen=cursor.block.hash,
            hash_now=header["hash"] if header else "no such block",
        )

    def _fetch(
        self, head: Block, cursor: Cursor | None
    ) -> tuple[LensTable, dict[str, int], list[dict[str, Any]]]:
        """The lens's table, the gate's feed and the raw logs, in one batch that proves itself
        consistent."""
        pin = self._pin(head.number, head.hash)
        gates = [] if self._gate is None else [gate_call(self._gate, pin)]
        logs = self._log_calls(head, cursor)
        proofs: list[Call] = []
        gap = head.number - cursor.block.number if cursor else 0
        if cursor is not None and gap > 1:
            proofs.append(("eth_getBlockByNumber", [hex(cursor.block.number), False]))
        if not self._pins_by_hash or (logs and gap != 1):
            proofs.append(("eth_getBlockByNumber", [hex(head.number), False]))
        answers = self._rpc.batch([*self._lens.calls(pin), *gates, *logs, *proofs])
        lens_end = self._lens.call_count
        gate_end = lens_end + len(gates)
        logs_end = gate_end + len(logs)
        for header in answers[logs_end:]:
            if cursor is not None and _is(header, cursor.block):
                continue
            if not _is(header, head):
                self._refuse_moved(header, head, cursor)
        table = self._lens.table(answers[:lens_end], block_number=head.number)
        gate = gate_feed(answers[lens_end]) if gates else {}
        return table, gate, [log for part in answers[gate_end:logs_end] for log in part]

    def _refuse_moved(self, header: Any, head: Block, cursor: Cursor | None) -> None:
        if cursor is not None and header and int(header["number"], 16) == cursor.block.number:
            self._refuse_fork(cursor)
        raise RpcAnswerError(
            method="eth_getBlockByNumber", problem=f"block {head.number} moved while it was read"
        )

    def _log_calls(self, head: Block, cursor: Cursor | None) -> list[Call]:
        if not self._pairs:
            return []
        if cursor is not None:
            first = cursor.block.number + 1
        elif self._since_block is not None:
            first = self._since_block
        else:
            return []
        return log_calls(self._pairs, head=head, first_block=first, by_hash=cursor is not None)

    def _events(
        self, head: Block, cursor: Cursor | None, table: LensTable, logs: list[dict[str, Any]]
    ) -> tuple[PositionEvent, ...]:
        decoded = decode_logs(logs)
        events: list[PositionEvent] = []
        for index, pair in zip(self._hedged, self._pairs, strict=True):
            spec, state = self.specs[index], table[index]
            before = self._balance_before(spec, cursor)
            if before is None:
                events += [opening_event(spec, state, block=head)] if state.lp_balance else []
                continue
            own = [log for log in decoded if log.pool == pair]
            changes = fold_logs(own, pair=pair, owner=self._owner)
            require_sum(spec, changes, balance_before=before, balance_now=state.lp_balance)
            events += [self._event(change, index, head, table) for change in changes]
        return tuple(sorted(events, key=lambda event: (event.block_number, event.log_index)))

    def _balance_before(self, spec: PoolSpec, cursor: Cursor | None) -> int | None:
        """LP atoms before the logs that were read; None when that is not known."""
        if cursor is not None:
            return cursor.lp_balances.get(spec.name)
        return None if self._since_block is None else 0

    def _event(self, change: LpChange, index: int, head: Block, table: LensTable) -> PositionEvent:
        spec = self.specs[index]
        if change.amounts is not None:
            return event_of(change, spec=spec, state=None)
        if change.log.block_hash == head.hash:
            return event_of(change, spec=spec, state=table[index])
        return event_of(change, spec=spec, state=self._table_at(spec, change)[0])

    def _table_at(self, spec: PoolSpec, change: LpChange) -> LensTable:
        """One pool as it stood at the end of an older block."""
        number, block_hash = change.log.block_number, change.log.block_hash
        lens = Lens((spec,), owner=self._owner, deployed_at=self._lens_address)
        try:
            answers = self._rpc.batch(lens.calls(self._pin(number, block_hash)))
        except RpcAnswerError as error:
            raise StateMissingError(block_number=number, problem=str(error)) from None
        return lens.table(answers, block_number=number)

    def _pin(self, number: int, block_hash: str) -> str | dict[str, str]:
        return {"blockHash": block_hash} if self._pins_by_hash else hex(number)


def fetch_block(rpc: Rpc, tag: str) -> Block:
    """A block's identity, by "latest" or its number as hex."""
    return _block_of(fetch_header(rpc, tag))


def fetch_header(rpc: Rpc, tag: str) -> Mapping[str, Any]:
    """A block's header, by "latest" or its number as hex."""
    header: Mapping[str, Any] | None = rpc.call("eth_getBlockByNumber", tag, False)
    if header is None:
        raise RpcAnswerError(method="eth_getBlockByNumber", problem=f"there is no block {tag}")
    return header


def _block_of(header: Mapping[str, Any]) -> Block:
    return Block(
        number=int(header["number"], 16),
        hash=header["hash"],
        parent_hash=header["parentHash"],
        time_s=int(header["timestamp"], 16),
    )


def _gas_of(header: Mapping[str, Any]) -> dict[str, int]:
    """The base fee as a feed; none on a chain that has no such fee."""
    fee = header.get("baseFeePerGas")
    return {} if fee is None else {GAS_WEI: int(fee, 16)}


def _is(header: Any, block: Block) -> bool:
    return header is not None and header["hash"] == block.hash
