"""Waiting for transactions of a test chain to be mined."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from bot.core.errors import TransactionFailedError
from bot.edges.rpc import Call, Rpc

TIMEOUT_S = 20.0
POLL_S = 0.001


def receipts_of(rpc: Rpc, hashes: Sequence[str]) -> list[dict[str, Any]]:
    """The receipts of all of them, in order; TransactionFailedError if one is not mined in time."""
    if not hashes:
        return []
    calls: list[Call] = [("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes]
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        receipts = rpc.batch(calls)
        if all(receipts):
            return receipts
        time.sleep(POLL_S)
    raise TransactionFailedError(
        tx_hash=", ".join(hashes), problem=f"not mined within {TIMEOUT_S:g} s"
    )
