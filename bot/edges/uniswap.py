"""A whole Uniswap V2 on a test chain, from the bytecode that Uniswap published on npm.

For the demo, the scripts and the tests: deploys, funds, trades. It holds no key (the node's own
unlocked accounts sign) and refuses any chain that is not a local or test chain.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.core.errors import TransactionFailedError
from bot.edges.abi import AbiValue, address_of, call_data, encode
from bot.edges.node import node_modules
from bot.edges.receipts import receipts_of
from bot.edges.rpc import Call, Rpc
from bot.edges.sandbox_chains import ANVIL_CHAIN_ID, require_test_chain

ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"
CORE = "@uniswap/v2-core"
PERIPHERY = "@uniswap/v2-periphery"
UNLIMITED = 2**256 - 1
GAS_PER_CALL = 1_000_000
GAS_PER_DEPLOYMENT = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What an unlocked account sends. `to` is None for a deployment; data as 0x-hex."""

    sender: str
    to: str | None
    data: str
    value_wei: int = 0
    gas: int = GAS_PER_CALL


@cache
def own_artifact(name: str) -> dict[str, Any]:
    """One of our own contracts: abi, bytecode and deployedBytecode as 0x-hex."""
    loaded: dict[str, Any] = json.loads((ARTIFACTS / f"{name}.json").read_text())
    return loaded


@cache
def uniswap_bytecode(package: str, name: str) -> str:
    """The creation code of one of Uniswap's contracts, as 0x-hex."""
    path = node_modules() / package / "build" / f"{name}.json"
    return "0x" + str(json.loads(path.read_text())["bytecode"]).removeprefix("0x")


class UniswapV2World:
    """Factory, router, WETH and test tokens. Amounts are atoms; `by` is the sending account.

    mine: True where the node mines on demand only: every `send` then mines one block.
    """

    def __init__(self, rpc: Rpc, *, deployer: str | None = None, mine: bool = False) -> None:
        self.chain_id = require_test_chain(rpc)
        self.rpc = rpc
        self.accounts = [str(address).lower() for address in rpc.call("eth_accounts")]
        self.deployer = deployer or self.accounts[0]
        self.mine = mine
        self.factory = self.router = self.weth = ""
        self._nonces: dict[str, int] = {}
        self._approved: set[tuple[str, str]] = set()

    def deploy(self) -> UniswapV2World:
        """Deploy WETH, the factory (its fee setter is the deployer) and the router."""
        weth = uniswap_bytecode(PERIPHERY, "WETH9")
        factory = uniswap_bytecode(CORE, "UniswapV2Factory")
        self.weth = self.deploy_code(weth)
        self.factory = self.deploy_code(factory, self.deployer)
        router = uniswap_bytecode(PERIPHERY, "UniswapV2Router02")
        self.router = self.deploy_code(router, self.factory, self.weth)
        return self

    def deploy_code(self, bytecode: str, *arguments: AbiValue) -> str:
        """Deploy creation code with constructor arguments; the new address."""
        data = bytecode + encode(*arguments).hex()
        (receipt,) = self.send(
            Transaction(sender=self.deployer, to=None, data=data, gas=GAS_PER_DEPLOYMENT)
        )
        return str(receipt["contractAddress"]).lower()

    def deploy_lens(self) -> str:
        """Deploy contracts/PoolLens.sol, for nodes without state override."""
        return self.deploy_code(own_artifact("PoolLens")["bytecode"])

    def create_token(self, symbol: str, decimals: int, *, fee_bps: int = 0) -> str:
        """A token that anybody may mint; with fee_bps > 0 it keeps that part of transfers."""
        name = "FeeToken" if fee_bps else "TestToken"
        code = own_artifact(name)["bytecode"]
        token = self.deploy_code(code, f"Test {symbol}", symbol, decimals)
        if fee_bps:
            self.send(self.request(token, "setFee(uint256)", fee_bps, by=self.deployer))
        return token

    def create_pair(self, token_a: str, token_b: str) -> str:
        """The pair of two tokens, created by the factory."""
        signature = "createPair(address,address)"
        gas = GAS_PER_DEPLOYMENT
        self.send(
            self.request(self.factory, signature, token_a, token_b, by=self.deployer, gas=gas)
        )
        return self.pair(token_a, token_b)

    def pair(self, token_a: str, token_b: str) -> str:
        """The address of an existing pair (the zero address when there is none)."""
        return address_of(self.read(self.factory, "getPair(address,address)", token_a, token_b))

    def mint(self, token: str, amount: int, *, to: str) -> None:
        """Create test tokens."""
        self.send(self.request(token, "mint(address,uint256)", to, amount, by=self.deployer))

    def transfer(self, token: str, amount: int, *, by: str, to: str) -> dict[str, Any]:
        """Send tokens, or LP tokens when `token` is a pair."""
        return self.send(self.request(token, "transfer(address,uint256)", to, amount, by=by))[0]

    def add_liquidity(
        self,
        token_a: str,
        token_b: str,
        amount_a: int,
        amount_b: int,
        *,
        by: str,
        to: str | None = None,
    ) -> dict[str, Any]:
        """Deposit through the router, whatever the price is."""
        signature = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
        self.approve(token_a, by=by)
        self.approve(token_b, by=by)
        values = (token_a, token_b, amount_a, amount_b, 0, 0, to or by, UNLIMITED)
        return self.send(self.request(self.router, signature, *values, by=by))[0]

    def remove_liquidity(
        self, token_a: str, token_b: str, lp_atoms: int, *, by: str, to: str | None = None
    ) -> dict[str, Any]:
        """Withdraw through the router, whatever the price is."""
        signature = "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)"
        self.approve(self.pair(token_a, token_b), by=by)
        values = (token_a, token_b, lp_atoms, 0, 0, to or by, UNLIMITED)
        return self.send(self.request(self.router, signature, *values, by=by))[0]

    def swap_exact_tokens(
        self, token_in: str, token_out: str, amount_in: int, *, by: str
    ) -> dict[str, Any]:
        """Sell exactly `amount_in` through the router."""
        self.approve(token_in, by=by)
        return self.send(self.swap_request(token_in, token_out, amount_in, by=by))[0]

    def swap_request(
        self, token_in: str, token_out: str, amount_in: int, *, by: str
    ) -> Transaction:
        """A swap to be sent, several in one `send`; approve the token first."""
        signature = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
        values = (amount_in, 0, [token_in, token_out], by, UNLIMITED)
        return self.request(self.router, signature, *values, by=by)

    def set_fee_to(self, address: str) -> None:
        """Turn the protocol fee on (to an address) or off (to the zero address)."""
        self.send(self.request(self.factory, "setFeeTo(address)", address, by=self.deployer))

    def approve(self, token: str, *, by: str) -> None:
        """Let the router move an account's tokens; sent once a token and account."""
        if (token, by) not in self._approved:
            signature = "approve(address,uint256)"
            self.send(self.request(token, signature, self.router, UNLIMITED, by=by))
            self._approved.add((token, by))

    def balance_of(self, token: str, account: str) -> int:
        """Atoms that an account holds."""
        return int(self.read(token, "balanceOf(address)", account), 16)

    def read(self, to: str, signature: str, *values: AbiValue) -> str:
        """One eth_call at the newest block."""
        query = {"to": to, "data": call_data(signature, *values)}
        return str(self.rpc.call("eth_call", query, "latest"))

    def request(
        self, to: str, signature: str, *values: AbiValue, by: str, gas: int = GAS_PER_CALL
    ) -> Transaction:
        """A contract call to be sent."""
        return Transaction(sender=by, to=to, data=call_data(signature, *values), gas=gas)

    def send(self, *transactions: Transaction) -> list[dict[str, Any]]:
        """Send in one batch with explicit nonces, wait until all are mined; their receipts."""
        calls: list[Call] = [("eth_sendTransaction", [self._fields(tx)]) for tx in transactions]
        try:
            hashes = self.rpc.batch(calls)
        except BaseException:
            self.forget_nonces()
            raise
        if self.mine:
            self.rpc.call("evm_mine")
        receipts = receipts_of(self.rpc, hashes)
        for receipt in receipts:
            if int(receipt["status"], 16) != 1:
                raise TransactionFailedError(
                    tx_hash=receipt["transactionHash"], problem="the contract reverted it"
                )
        return receipts

    def forget_nonces(self) -> None:
        """Ask the node for nonces anew, after a reorg, a revert or a failed batch."""
        self._nonces.clear()

    def _fields(self, transaction: Transaction) -> dict[str, str]:
        sender = transaction.sender
        if sender not in self._nonces:
            count = self.rpc.call("eth_getTransactionCount", sender, "pending")
            self._nonces[sender] = int(count, 16)
        fields = {
            "from": sender,
            "data": transaction.data,
            "gas": hex(transaction.gas),
            "gasPrice": hex(self._gas_price_wei()),
            "value": hex(transaction.value_wei),
            "nonce": hex(self._nonces[sender]),
        }
        self._nonces[sender] += 1
        return fields | ({"to": transaction.to} if transaction.to else {})

    def _gas_price_wei(self) -> int:
        # Ganache has a base fee from its first block on, Anvil is started without one.
        return 0 if self.chain_id == ANVIL_CHAIN_ID else 10**11
