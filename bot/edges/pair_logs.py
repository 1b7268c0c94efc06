"""A pair's LP logs: asking the node for them, and decoding what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.core.position_events import LogKind, LpLog
from bot.core.snapshot import Block
from bot.edges.abi import BURN_TOPIC, MINT_TOPIC, TRANSFER_TOPIC, address_of, words
from bot.edges.rpc import Call

LOG_BLOCKS_MAX = 5_000
"""Blocks in one eth_getLogs: public nodes refuse longer ranges."""

KINDS = {
    TRANSFER_TOPIC: LogKind.TRANSFER,
    MINT_TOPIC: LogKind.MINT,
    BURN_TOPIC: LogKind.BURN,
}


def log_calls(pairs: Sequence[str], *, head: Block, first_block: int, by_hash: bool) -> list[Call]:
    """The eth_getLogs calls for all LP logs from `first_block` up to `head`.

    by_hash: ask for head's own logs by its hash when it is the only block.
    """
    what = {"address": list(pairs), "topics": [list(KINDS)]}
    if by_hash and first_block == head.number:
        return [("eth_getLogs", [{"blockHash": head.hash, **what}])]
    return [
        ("eth_getLogs", [{"fromBlock": hex(start), "toBlock": hex(end), **what}])
        for start in range(first_block, head.number + 1, LOG_BLOCKS_MAX)
        for end in [min(start + LOG_BLOCKS_MAX - 1, head.number)]
    ]


def decode_logs(logs: Iterable[dict[str, Any]]) -> list[LpLog]:
    """The node's logs as values."""
    return [_decode(log) for log in logs]


def _decode(log: dict[str, Any]) -> LpLog:
    topics = log["topics"]
    kind = KINDS[topics[0]]
    data = words(log["data"])
    is_transfer = kind is LogKind.TRANSFER
    return LpLog(
        kind=kind,
        pool=log["address"].lower(),
        sender=address_of(topics[1]) if is_transfer else "",
        receiver="" if kind is LogKind.MINT else address_of(topics[2]),
        value=data[0] if is_transfer else 0,
        amounts=(0, 0) if is_transfer else (data[0], data[1]),
        block_number=int(log["blockNumber"], 16),
        block_hash=log["blockHash"],
        log_index=int(log["logIndex"], 16),
        tx_hash=log["transactionHash"],
    )
