"""Real Uniswap v2 on the test's chain, from the published packages."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brownie
import pytest
from brownie import Contract, web3
from brownie.network.account import Account

from tests.contract.sealing import Market, open_market

NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"
CORE = NODE_MODULES / "@uniswap/v2-core/build"
PERIPHERY = NODE_MODULES / "@uniswap/v2-periphery/build"
FAR_FUTURE_S = 2**40


def artifact(path: Path) -> dict[str, Any]:
    """ABI and bytecode of one published contract."""
    return json.loads(path.read_text())


def deploy(name: str, published: dict[str, Any], *arguments: Any, sender: Account) -> Contract:
    """Deploy published bytecode as it is: nothing is recompiled, so it is what runs on mainnet."""
    made = web3.eth.contract(abi=published["abi"], bytecode=published["bytecode"])
    receipt = sender.transfer(data=made.constructor(*arguments).data_in_transaction)
    return Contract.from_abi(name, receipt.contract_address, published["abi"])


@pytest.fixture(scope="module")
def deployer() -> Account:
    """The account that owns what the tests deploy."""
    return brownie.accounts[0]


@pytest.fixture(scope="module")
def factory(deployer: Account) -> Contract:
    """UniswapV2Factory."""
    published = artifact(CORE / "UniswapV2Factory.json")
    return deploy("UniswapV2Factory", published, deployer.address, sender=deployer)


@pytest.fixture(scope="module")
def weth(deployer: Account) -> Contract:
    """WETH9, as v2-periphery ships it."""
    return deploy("WETH9", artifact(PERIPHERY / "WETH9.json"), sender=deployer)


@pytest.fixture(scope="module")
def router(factory: Contract, weth: Contract, deployer: Account) -> Contract:
    """UniswapV2Router02."""
    published = artifact(PERIPHERY / "UniswapV2Router02.json")
    return deploy("UniswapV2Router02", published, factory.address, weth.address, sender=deployer)


@pytest.fixture(scope="module")
def token_factory(deployer: Account) -> Callable[..., Any]:
    """Make a token: token_factory(6, "USDC"); `fee_bps` makes it keep a part of every transfer."""

    def make(decimals: int, symbol: str = "TOKEN", *, fee_bps: int | None = None) -> Any:
        project = brownie.project.get_loaded_projects()[0]
        arguments = (f"Test {symbol}", symbol, decimals)
        if fee_bps is None:
            return project.TestToken.deploy(*arguments, {"from": deployer})
        token = project.FeeToken.deploy(*arguments, {"from": deployer})
        token.setFee(fee_bps, {"from": deployer})
        return token

    return make


@pytest.fixture(scope="module")
def pair_factory(factory: Contract, router: Contract, deployer: Account) -> Callable[..., Contract]:
    """Make a pair: pair_factory(a, b) empty, or with liquidity: pair_factory(a, b, 5, 7)."""
    pair_abi = artifact(CORE / "UniswapV2Pair.json")["abi"]

    def make(token_a: Any, token_b: Any, atoms_a: int = 0, atoms_b: int = 0) -> Contract:
        factory.createPair(token_a, token_b, {"from": deployer})
        if atoms_a or atoms_b:
            for token, atoms in ((token_a, atoms_a), (token_b, atoms_b)):
                token.mint(deployer, atoms, {"from": deployer})
                token.approve(router, atoms, {"from": deployer})
            amounts = (atoms_a, atoms_b, 0, 0)
            router.addLiquidity(
                token_a, token_b, *amounts, deployer, FAR_FUTURE_S, {"from": deployer}
            )
        return Contract.from_abi("UniswapV2Pair", factory.getPair(token_a, token_b), pair_abi)

    return make


@pytest.fixture(scope="module")
def market(factory: Contract, router: Contract, token_factory: Any, deployer: Account) -> Market:
    """A pair of 1,000 base at 2,000 quote each, and sealed orders on its factory."""
    project = brownie.project.get_loaded_projects()[0]
    book = project.SealedOrders.deploy(factory, {"from": deployer})
    tokens = (token_factory(18, "BASE"), token_factory(6, "USDC"))
    return open_market(book, factory=factory, router=router, tokens=tokens)


@pytest.fixture(autouse=True)
def isolation(fn_isolation: None) -> None:
    """Every test starts from the same chain."""
