"""Whether a sleeve may act: the second engine only while its gate is open.

Two gates stand one behind the other. The rules' own switch, which their hash covers; and, where the
rules ask for it, a multi-signature on the chain (contracts/EngineGate.sol), which says until when
the engine may act. What it says comes with the snapshot as the feed `engine_gate_s`, so that a
record tells it too. Why so: docs/adr/0031-engine-gate.md.
"""

from __future__ import annotations

from bot.core.feeds import ENGINE_GATE_S
from bot.core.rules import Rules
from bot.core.sleeves import Sleeve
from bot.core.snapshot import Snapshot

UNTIL_S, BLOCK_TIME_S = "gate_until_s", "gate_block_time_s"
"""What decisions of the engine tell of a gate on the chain: its moment, and the block's."""


def is_open(sleeve: Sleeve, rules: Rules, snapshot: Snapshot) -> bool:
    """Whether layers of this sleeve may buy and hold; the core always may.

    A gate on the chain is open while its moment lies after the block's time. One that nobody has
    read is shut: what is not known opens nothing.
    """
    if sleeve is Sleeve.CORE:
        return True
    if rules.engine is None or not rules.engine.enabled:
        return False
    return not rules.engine.multisig or _until_s(snapshot) > snapshot.block.time_s


def gate_numbers(sleeve: Sleeve, rules: Rules, snapshot: Snapshot) -> dict[str, str | None]:
    """What the multi-signature said as of this block, beside a decision of the engine.

    None for a moment that is not known; empty where no multi-signature is asked for.
    """
    if sleeve is Sleeve.CORE or rules.engine is None or not rules.engine.multisig:
        return {}
    until_s = snapshot.feeds.get(ENGINE_GATE_S)
    told = None if until_s is None else str(until_s)
    return {UNTIL_S: told, BLOCK_TIME_S: str(snapshot.block.time_s)}


def _until_s(snapshot: Snapshot) -> int:
    return snapshot.feeds.get(ENGINE_GATE_S, 0)
