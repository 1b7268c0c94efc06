"""The second engine's gate on a chain: read beside the lens, and proved before it is believed.

contracts/EngineGate.sol keeps one moment, which one multi-signature sets. Here it is only read.
Why so: docs/adr/0031-engine-gate.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.core.errors import EngineGateError, RpcAnswerError
from bot.core.feeds import ENGINE_GATE_S
from bot.edges.abi import WORD_BYTES, address_of, call_data, words
from bot.edges.rpc import Call, Rpc

ARTIFACT = Path(__file__).resolve().parents[1] / "artifacts" / "EngineGate.json"
SIGNATURES_MIN = 2
"""A keeper that one signature moves is one person: no multi-signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Who opens and shuts a gate: a Safe, how many must sign, and how many could."""

    address: str
    signatures: int
    owners: int


@cache
def gate_artifact() -> Mapping[str, Any]:
    """EngineGate as it was built: deployed code, and where the keeper's address is filled in."""
    loaded: Mapping[str, Any] = json.loads(ARTIFACT.read_text())
    return loaded


def gate_call(gate: str, pin: str | Mapping[str, str]) -> Call:
    """The question until when it is open, at one block."""
    return ("eth_call", [{"to": gate, "data": call_data("openUntil()")}, pin])


def gate_feed(answer: Any) -> dict[str, int]:
    """The answer as a feed."""
    found = words(answer) if isinstance(answer, str) else []
    if len(found) != 1:
        raise RpcAnswerError(method="eth_call", problem=f"the gate answers {answer!r}, not a time")
    return {ENGINE_GATE_S: found[0]}


def require_gate(rpc: Rpc, gate: str) -> Keeper:
    """Refuse an address whose code is not this version's gate, or whose keeper is one person."""
    code = bytes.fromhex(str(rpc.call("eth_getCode", gate, "latest"))[2:])
    keeper = _keeper_of(code)
    if keeper is None:
        problem = "the code there is not this version's EngineGate" if code else "there is no code"
        raise EngineGateError(gate=gate, problem=problem)
    try:
        threshold, owners = (
            words(str(rpc.call("eth_call", {"to": keeper, "data": call_data(asked)}, "latest")))
            for asked in ("getThreshold()", "getOwners()")
        )
    except RpcAnswerError as error:
        if "revert" not in str(error).lower():
            raise  # the node's trouble, not the keeper's
        threshold, owners = [], []
    # A list is its place, its length and its members.
    if len(threshold) != 1 or len(owners) < 2 or len(owners) != 2 + owners[1]:
        raise EngineGateError(gate=gate, problem=f"its keeper {keeper} does not answer as a Safe")
    found = Keeper(address=keeper, signatures=threshold[0], owners=owners[1])
    if found.signatures < SIGNATURES_MIN:
        problem = f"its keeper {keeper} acts on {found.signatures} signature of {found.owners}"
        raise EngineGateError(gate=gate, problem=problem)
    return found


def _keeper_of(code: bytes) -> str | None:
    """The keeper that a gate's code names; None for any other code."""
    built = gate_artifact()
    blank = bytearray(code)
    filled = set()
    for start in built["immutables"]:
        filled.add(code[start : start + WORD_BYTES])
        blank[start : start + WORD_BYTES] = bytes(WORD_BYTES)
    if blank.hex() != built["deployedBytecode"][2:] or len(filled) != 1:
        return None
    return address_of(filled.pop())
