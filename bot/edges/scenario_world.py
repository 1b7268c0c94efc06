"""A scripted world on a real node: the same actions as the model's, as transactions.

Real Uniswap V2 through its router. Every step is one block of the scenario's time; whoever reads it
finds the pools as core/pool_model.py expects them, or an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bot.core.actions import (
    Action,
    AddLiquidity,
    GateAction,
    PoolAction,
    RemoveLiquidity,
    Role,
    SetFee,
    Swap,
)
from bot.core.errors import TransactionFailedError, WorldDriftError
from bot.core.feeds import ENGINE_GATE_S
from bot.core.scenario import Scenario
from bot.core.snapshot import Block, PoolState, Snapshot
from bot.core.world import Scene
from bot.edges.abi import ZERO_ADDRESS
from bot.edges.chain import ChainSource
from bot.edges.held_reader import HeldReader
from bot.edges.multisig import Multisig
from bot.edges.node import AnvilNode, GanacheNode, LocalNode
from bot.edges.receipts import receipts_of
from bot.edges.rpc import Call, ReadOnlyRpc, Rpc
from bot.edges.scenario_setup import create_pools, fund, to
from bot.edges.uniswap import UNLIMITED, Transaction, UniswapV2World

SETUP_S = 3_600
"""How long before the scenario's start the chain begins: time for the blocks of the set-up."""

GAS_PRICE_WEI = 10**11
"""Above the base fee of every local node; a block's earlier transactions offer a little more."""

SWAP = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
ADD = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
REMOVE = "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)"


def anvil_for(scenario: Scenario) -> LocalNode:
    """An Anvil that can play a scenario. Old states are kept only where they are read again."""
    return AnvilNode(
        timestamp_s=scenario.start_s - SETUP_S,
        prune_history=not scenario.reads_old_blocks,
        automine=False,
    )


def ganache_for(scenario: Scenario) -> LocalNode:
    """A Ganache that can play a scenario."""
    return GanacheNode(timestamp_s=scenario.start_s - SETUP_S)


class ChainStage:
    """A core/world.py Stage: Uniswap on a local node, with an account for each role.

    rpc: sends and mines. reader: what `source` reads by, a connection of its own.
    owner: address of the watched LP. lens_address: the deployed lens, None where the node takes a
    state override instead. since_block: the position is empty before this block.
    """

    def __init__(self, scenario: Scenario, rpc: Rpc, *, reader: ReadOnlyRpc) -> None:
        self._rpc = rpc
        is_anvil = "anvil" in str(rpc.call("web3_clientVersion")).lower()
        if is_anvil:
            rpc.call("evm_setAutomine", False)
        self.uniswap = UniswapV2World(rpc, mine=is_anvil).deploy()
        self._accounts = dict(zip(Role, self.uniswap.accounts[1:], strict=False))
        self.specs = create_pools(scenario, self.uniswap)
        fund(scenario, self.uniswap, self.specs, self._accounts)
        self.multisig = self._multisig() if scenario.has_gate else None
        self.owner = self._accounts[Role.OWNER]
        self.lens_address = None if is_anvil else self.uniswap.deploy_lens()
        self.since_block = int(rpc.call("eth_blockNumber"), 16) + 1
        if not is_anvil:
            rpc.call("miner_stop")
        self._pools = {spec.name: spec for spec in self.specs}
        self._nonces: dict[str, int] = {}
        self._depth_max = scenario.reorg_depth_max
        self._marks: list[str] = []
        self._expected: Scene | None = None
        self._shown: Scene | None = None
        self._reader = HeldReader(reader)
        self._hashes: list[str] = []
        source = ChainSource(
            self._reader,
            self.specs,
            owner=self.owner,
            lens_address=self.lens_address,
            since_block=self.since_block,
            gate=None if self.multisig is None else self.multisig.gate,
        )
        self.source = CheckedSource(source, self.require_no_drift)

    def mine(self, scene: Scene) -> None:
        """Carry out all actions of a scene, in order, in one block of its time."""
        if self._depth_max:
            self._marks.append(str(self._rpc.call("evm_snapshot")))
            del self._marks[: -self._depth_max]
        sent = [one for action in scene.actions for one in self._transactions(action)]
        for transaction in sent:
            self._require_nonce(transaction.sender)
        calls = list(self._calls(sent))
        self._hashes = self._rpc.batch(calls) if calls else []
        self._rpc.call("evm_mine", scene.time_s)
        self._expected = scene
        if not self._reader.is_held:
            self._shown = scene

    def roll_back(self, depth: int) -> None:
        """Undo the last `depth` blocks as if they had never been.

        By the node's own snapshots: anvil_reorg would date all its new blocks to one moment.
        """
        self._rpc.call("evm_revert", self._marks[-depth])
        del self._marks[-depth:]
        self._nonces.clear()

    def hold_readers(self, is_held: bool, /) -> None:
        """From now on the source shows the chain as it stands, or again as it is."""
        self._reader.hold(is_held)
        self._shown = self._expected

    def _multisig(self) -> Multisig:
        """A Safe whose owners are accounts that play no other role, and its gate."""
        return Multisig(self.uniswap, self.uniswap.accounts[1 + len(Role) :])

    def _transactions(self, action: Action) -> tuple[Transaction, ...]:
        if isinstance(action, GateAction):
            assert self.multisig is not None, "a scenario with such an action has a gate"
            return self.multisig.transactions(action)
        return (self._transaction(action),)

    def _transaction(self, action: PoolAction) -> Transaction:
        if isinstance(action, SetFee):
            fee_to = self.uniswap.deployer if action.on else ZERO_ADDRESS
            return to(self.uniswap.deployer, self.uniswap.factory, "setFeeTo(address)", fee_to)
        spec = self._pools[action.pool]
        base, quote = spec.base.address, spec.quote.address
        router = self.uniswap.router
        if isinstance(action, Swap):
            by = self._accounts[action.role]
            path = [base, quote] if action.sells_base else [quote, base]
            amounts = (action.amount_in_atoms, action.amount_out_min_atoms)
            return to(by, router, SWAP, *amounts, path, by, UNLIMITED)
        if isinstance(action, AddLiquidity):
            by = self._accounts[action.role]
            offered = (action.base_atoms, action.quote_atoms)
            least = (action.base_min_atoms, action.quote_min_atoms)
            return to(by, router, ADD, base, quote, *offered, *least, by, UNLIMITED)
        if isinstance(action, RemoveLiquidity):
            by = self._accounts[action.role]
            least = (action.base_min_atoms, action.quote_min_atoms)
            return to(by, router, REMOVE, base, quote, action.lp_atoms, *least, by, UNLIMITED)
        sender, receiver = self._accounts[action.sender], self._accounts[action.receiver]
        return to(sender, spec.address, "transfer(address,uint256)", receiver, action.lp_atoms)

    def _require_nonce(self, sender: str) -> None:
        if sender not in self._nonces:
            count = self._rpc.call("eth_getTransactionCount", sender, "latest")
            self._nonces[sender] = int(count, 16)

    def _calls(self, transactions: list[Transaction]) -> Iterator[Call]:
        """Sends in an order that both fifo and highest-price-first nodes keep."""
        for place, transaction in enumerate(transactions):
            nonce = self._nonces[transaction.sender]
            self._nonces[transaction.sender] = nonce + 1
            fields = {
                "from": transaction.sender,
                "to": transaction.to,
                "data": transaction.data,
                "gas": hex(transaction.gas),
                "gasPrice": hex(GAS_PRICE_WEI + len(transactions) - place),
                "nonce": hex(nonce),
            }
            yield "eth_sendTransaction", [fields]

    def require_no_drift(self, snapshot: Snapshot) -> None:
        """Refuse a block that is not what the model says; receipts tell whose fault it was."""
        assert self._shown is not None, "step 0 is mined before anybody reads"
        gate, gate_wanted = snapshot.feeds.get(ENGINE_GATE_S), self._shown.gate_until_s
        if gate != gate_wanted:
            self._refuse_drift("the engine's gate is", gate, gate_wanted)
        for spec, found in zip(snapshot.specs, snapshot.pools, strict=True):
            wanted = self._shown.pools[spec.name]
            if _drifts(found, wanted):
                what = f"pool {spec.name} has reserves"
                self._refuse_drift(what, (found.reserve0, found.reserve1), _reserves(wanted))

    def _refuse_drift(self, what: str, found: object, expected: object) -> None:
        _require_success(receipts_of(self._rpc, self._hashes))
        raise WorldDriftError(what=what, found=found, expected=expected)


class CheckedSource:
    """A stage's SnapshotSource: what is read must be what the model has made of the pools."""

    def __init__(self, source: ChainSource, require: Callable[[Snapshot], None]) -> None:
        self._source = source
        self._require = require

    @property
    def genesis_hash(self) -> str | None:
        """See SnapshotSource."""
        return self._source.genesis_hash

    def read(self) -> Snapshot:
        """See SnapshotSource."""
        snapshot = self._source.read()
        self._require(snapshot)
        return snapshot

    def is_canonical(self, block: Block) -> bool:
        """See SnapshotSource."""
        return self._source.is_canonical(block)

    def rewind(self, snapshot: Snapshot | None) -> None:
        """See SnapshotSource."""
        self._source.rewind(snapshot)


def _drifts(found: PoolState, expected: PoolState) -> bool:
    """A trade, deposit, withdrawal or transfer that failed, or that was not in the script."""
    return (
        (found.reserve0, found.reserve1) != _reserves(expected)
        or found.total_supply != expected.total_supply
        or found.lp_balance != expected.lp_balance
        or found.fee_on != expected.fee_on
    )


def _require_success(receipts: list[dict[str, Any]]) -> None:
    for receipt in receipts:
        if int(receipt["status"], 16) != 1:
            raise TransactionFailedError(
                tx_hash=receipt["transactionHash"], problem="the contract reverted it"
            )


def _reserves(pool: PoolState) -> tuple[int, int]:
    return pool.reserve0, pool.reserve1
