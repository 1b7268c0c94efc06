"""The chains that transactions may be sent to: local ones and public test networks, no others."""

from __future__ import annotations

from bot.core.errors import ForeignChainError
from bot.edges.rpc import Rpc

ANVIL_CHAIN_ID = 31_337
GANACHE_CHAIN_ID = 1_337

TEST_CHAIN_IDS = {
    ANVIL_CHAIN_ID: "Anvil or Hardhat",
    GANACHE_CHAIN_ID: "Ganache or Geth in dev mode",
    11_155_111: "Sepolia",
    17_000: "Holesky",
    560_048: "Hoodi",
    84_532: "Base Sepolia",
    11_155_420: "OP Sepolia",
    421_614: "Arbitrum Sepolia",
    80_002: "Polygon Amoy",
    1_301: "Unichain Sepolia",
}
"""The only chains that anything of layerhedge ever sends a transaction to."""


def require_test_chain(rpc: Rpc) -> int:
    """The chain id of the node, if transactions may be sent to it."""
    chain_id = int(rpc.call("eth_chainId"), 16)
    if chain_id not in TEST_CHAIN_IDS:
        allowed = ", ".join(f"{known} ({name})" for known, name in TEST_CHAIN_IDS.items())
        raise ForeignChainError(chain_id=chain_id, allowed=allowed)
    return chain_id
