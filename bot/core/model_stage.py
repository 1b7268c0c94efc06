"""The exact integer model of a chain: blocks in memory, pools as values, hashes as digests."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

from bot.core.canonical import Json, digest
from bot.core.errors import NoNewBlockError, ReorgDetectedError
from bot.core.exposure import claim_down
from bot.core.feeds import ENGINE_GATE_S
from bot.core.pool_model import OwnerChange, Pools
from bot.core.ports import SnapshotSource
from bot.core.scenario import Scenario
from bot.core.snapshot import (
    Block,
    EventKind,
    PoolSpec,
    PoolState,
    PoolTuple,
    PositionEvent,
    Snapshot,
    Token,
)
from bot.core.world import Scene, ScriptedWorld

MODEL_CHAIN_ID = 0
"""No chain has this id: a book kept on the model says so."""


def model_world(scenario: Scenario, *, specs: tuple[PoolSpec, ...] | None = None) -> ScriptedWorld:
    """A scenario on the model. specs: a chain's, to mirror it; by default made up."""
    stage = ModelStage(scenario, specs=model_specs(scenario) if specs is None else specs)
    return ScriptedWorld(scenario, stage)


class ModelStage:
    """Blocks and the owner's events in memory; old states are not kept."""

    def __init__(self, scenario: Scenario, *, specs: tuple[PoolSpec, ...]) -> None:
        self.specs = specs
        self.source: SnapshotSource = ModelSource(self)
        self._name = scenario.name
        self._specs = {spec.name: spec for spec in specs}
        self._blocks: list[Block] = []
        self._events: list[PositionEvent] = []
        self._scenes: deque[Scene] = deque(maxlen=scenario.reorg_depth_max + 1)
        self._held: tuple[Block, Scene] | None = None

    @property
    def shown(self) -> tuple[Block, Scene]:
        """The newest block that readers see, and what it holds."""
        return self._held or (self._blocks[-1], self._scenes[-1])

    def hold_readers(self, is_held: bool, /) -> None:
        """From now on the source shows the chain as it stands, or again as it is."""
        self._held = (self._blocks[-1], self._scenes[-1]) if is_held else None

    def block_at(self, number: int) -> Block | None:
        """The block of a number, if there is one."""
        return self._blocks[number] if number < len(self._blocks) else None

    @property
    def genesis_hash(self) -> str:
        """Hash of block 0."""
        return self._blocks[0].hash

    def holds(self, block: Block) -> bool:
        """Whether a block is part of the chain as it stands."""
        return self.block_at(block.number) == block

    def events_after(self, block_number: int) -> tuple[PositionEvent, ...]:
        """The position's events in later blocks than this one, in log order, as readers see."""
        shown = self.shown[0].number
        return tuple(e for e in self._events if block_number < e.block_number <= shown)

    def mine(self, scene: Scene) -> None:
        """Append a block whose hash depends on all that it holds."""
        number = len(self._blocks)
        parent_hash = self._blocks[-1].hash if self._blocks else _hash("genesis")
        root: list[Json] = [
            [name, str(pool.reserve0), str(pool.reserve1), str(pool.total_supply)]
            for name, pool in scene.pools.items()
        ]
        if scene.gate_until_s is not None:
            root.append(["gate", str(scene.gate_until_s)])
        block = Block(
            number=number,
            hash=_hash(self._name, parent_hash, number, scene.time_s, root),
            parent_hash=parent_hash,
            time_s=scene.time_s,
        )
        self._blocks.append(block)
        self._scenes.append(scene)
        for place, change in scene.changes:
            self._events.append(_event(change, scene.pools, self._specs, block=block, place=place))

    def roll_back(self, depth: int) -> None:
        """Undo the last `depth` blocks as if they had never been."""
        for _ in range(depth):
            self._blocks.pop()
            self._scenes.pop()
        head = self._blocks[-1].number
        self._events = [event for event in self._events if event.block_number <= head]


class ModelSource:
    """Reads a ModelStage as edges/chain.py reads a node: same refusals, same events."""

    def __init__(self, stage: ModelStage) -> None:
        self._stage = stage
        self._last: Block | None = None

    @property
    def genesis_hash(self) -> str | None:
        """Hash of the chain's block 0."""
        return self._stage.genesis_hash

    def read(self) -> Snapshot:
        """Return the newest block's snapshot, with the position events since the last read."""
        (head, scene), last = self._stage.shown, self._last
        if last == head:
            raise NoNewBlockError(block_number=head.number)
        if last is not None and not self._stage.holds(last):
            now = self._stage.block_at(last.number)
            raise ReorgDetectedError(
                block_number=last.number,
                hash_seen=last.hash,
                hash_now=now.hash if now else "no such block",
            )
        self._last = head
        return Snapshot(
            chain_id=MODEL_CHAIN_ID,
            block=head,
            specs=self._stage.specs,
            pools=PoolTuple(_published(scene.pools[spec.name]) for spec in self._stage.specs),
            events=self._stage.events_after(-1 if last is None else last.number),
            feeds={} if scene.gate_until_s is None else {ENGINE_GATE_S: scene.gate_until_s},
        )

    def is_canonical(self, block: Block) -> bool:
        """Whether a block is part of the chain as it stands."""
        return self._stage.holds(block)

    def rewind(self, snapshot: Snapshot | None) -> None:
        """Go on behind this snapshot, or from the beginning."""
        self._last = None if snapshot is None else snapshot.block


def model_specs(scenario: Scenario) -> tuple[PoolSpec, ...]:
    """Pools with made-up addresses, tokens in the order of theirs as on a chain."""
    factory = _address(scenario.name, "factory")
    specs = []
    for pool in scenario.pools:
        base = _token(scenario.name, pool.base_symbol, pool.base_decimals)
        quote = _token(scenario.name, pool.quote_symbol, pool.quote_decimals)
        specs.append(
            PoolSpec(
                name=pool.name,
                address=_address(scenario.name, "pair", pool.name),
                factory=factory,
                base=base,
                quote=quote,
                base_is_token0=base.address < quote.address,
                hedged=pool.hedged,
            )
        )
    return tuple(specs)


def _published(pool: PoolState) -> PoolState:
    """A pair that finds the fee off forgets k_last at its next mint or burn; it counts no more."""
    return pool if pool.fee_on else replace(pool, k_last=0)


def _event(
    change: OwnerChange,
    pools: Pools,
    specs: Mapping[str, PoolSpec],
    *,
    block: Block,
    place: int,
) -> PositionEvent:
    """What a change of the owner's LP tokens looks like at the end of its block."""
    base, quote = change.amounts
    if change.kind in (EventKind.SEND, EventKind.RECEIVE):
        moved = replace(pools[change.pool], lp_balance=change.lp_atoms)
        base, quote = claim_down(specs[change.pool], moved)
    return PositionEvent(
        pool=change.pool,
        kind=change.kind,
        lp_atoms=change.lp_atoms,
        base_atoms=base,
        quote_atoms=quote,
        block_number=block.number,
        log_index=place,
        tx_hash=_hash(block.hash, place),
    )


def _token(name: str, symbol: str, decimals: int) -> Token:
    return Token(address=_address(name, "token", symbol), symbol=symbol, decimals=decimals)


def _address(*cause: str) -> str:
    return "0x" + digest("address", *cause)[:40]


def _hash(*cause: Json) -> str:
    return "0x" + digest("block", *cause)
