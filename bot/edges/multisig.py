"""A multi-signature and the engine's gate that it keeps, on a test chain: a real Safe 1.4.1.

Deployed from the bytecode that Safe published on npm, as everybody deploys one: singleton, factory,
proxy. Its owners are unlocked accounts, so no key is held: one approves a transaction's hash on the
chain, the other sends it, and the Safe counts both.
"""

from __future__ import annotations

import json
from functools import cache

from bot.core.actions import GateAction, OpenGate
from bot.edges.abi import (
    EXEC_TRANSACTION,
    GET_TRANSACTION_HASH,
    WORD_BYTES,
    ZERO_ADDRESS,
    AbiValue,
    address_of,
    address_word,
    call_data,
)
from bot.edges.node import node_modules
from bot.edges.uniswap import Transaction, UniswapV2World, own_artifact

SAFE = "@safe-global/safe-contracts/build/artifacts/contracts"
OWNERS = 3
SIGNATURES = 2
CALL = 0
PREVALIDATED = 1
"""The kind of signature that a Safe finds in its own storage, or in who calls it."""


@cache
def safe_bytecode(path: str) -> str:
    """The creation code of one of Safe's contracts, as 0x-hex."""
    return str(json.loads((node_modules() / SAFE / path).read_text())["bytecode"])


class Multisig:
    """A Safe of three owners, and the gate whose keeper it is.

    owners: at least three unlocked accounts; the first three are taken, by rising address.
    signatures: how many of them must sign.
    """

    def __init__(
        self, world: UniswapV2World, owners: list[str], *, signatures: int = SIGNATURES
    ) -> None:
        self._world = world
        self._signatures = signatures
        self.owners = sorted(owners[:OWNERS], key=lambda owner: int(owner, 16))
        self.safe = self._deploy_safe()
        self.gate = world.deploy_code(own_artifact("EngineGate")["bytecode"], self.safe)

    def transactions(self, action: GateAction) -> tuple[Transaction, ...]:
        """One owner approves, another carries out: in this order, in one block or in two."""
        if isinstance(action, OpenGate):
            data = call_data("open(uint64)", action.until_s)
        else:
            data = call_data("shut()")
        parts: tuple[AbiValue, ...] = (
            self.gate, 0, bytes.fromhex(data[2:]), CALL, 0, 0, 0, ZERO_ADDRESS, ZERO_ADDRESS,
        )  # fmt: skip
        nonce = int(self._world.read(self.safe, "nonce()"), 16)
        digest = int(self._world.read(self.safe, GET_TRANSACTION_HASH, *parts, nonce), 16)
        *others, sender = signers = self.owners[: self._signatures]
        signatures = b"".join(
            address_word(signer) + bytes(WORD_BYTES) + bytes([PREVALIDATED]) for signer in signers
        )
        approvals = (
            self._world.request(self.safe, "approveHash(bytes32)", digest, by=other)
            for other in others
        )
        done = self._world.request(self.safe, EXEC_TRANSACTION, *parts, signatures, by=sender)
        return (*approvals, done)

    def _deploy_safe(self) -> str:
        world = self._world
        singleton = world.deploy_code(safe_bytecode("Safe.sol/Safe.json"))
        factory = world.deploy_code(
            safe_bytecode("proxies/SafeProxyFactory.sol/SafeProxyFactory.json")
        )
        setup = call_data(
            "setup(address[],uint256,address,bytes,address,address,uint256,address)",
            self.owners, self._signatures, ZERO_ADDRESS, b"", ZERO_ADDRESS, ZERO_ADDRESS, 0,
            ZERO_ADDRESS,
        )  # fmt: skip
        create = world.request(
            factory,
            "createProxyWithNonce(address,bytes,uint256)",
            singleton, bytes.fromhex(setup[2:]), 0,
            by=world.deployer,
        )  # fmt: skip
        (receipt,) = world.send(create)
        # ProxyCreation(address indexed proxy, address singleton) is all that the factory logs.
        (made,) = (log for log in receipt["logs"] if log["address"].lower() == factory)
        return address_of(str(made["topics"][1]))
