"""Registering pools on real Anvil: what is described, what is refused."""

from __future__ import annotations

import pytest

from bot.core.errors import (
    DecimalsError,
    FeeOnTransferError,
    NoCodeError,
    NotAPairError,
    TokenOrderError,
    TokenUnreadableError,
)
from bot.edges.abi import encode
from bot.edges.pool_probe import TransferCheck, check_transfers, ledger_symbol, probe_pool
from bot.edges.rpc import ReadOnlyRpc, Rpc
from bot.edges.uniswap import UniswapV2World
from tests.builders.market import ETHER, open_market

pytestmark = pytest.mark.fork


@pytest.mark.parametrize("decimals", [0, 6, 18, 36])
def test_a_pair_is_described_whatever_its_tokens_decimals(
    world: UniswapV2World, reader: ReadOnlyRpc, decimals: int
) -> None:
    token, usd = world.create_token("ABC", decimals), world.create_token("USDC", 6)
    spec = probe_pool(reader, world.create_pair(token, usd).upper().replace("0X", "0x"))
    assert (spec.name, spec.factory) == ("ABC-USDC", world.factory)
    assert (spec.base.address, spec.base.decimals) == (token, decimals)
    assert (spec.quote.address, spec.quote.decimals) == (usd, 6)
    assert spec.base_is_token0 == (int(token, 16) < int(usd, 16))
    assert (spec.fee_bps, spec.hedged) == (30, True)


def test_more_than_36_decimals_are_refused(world: UniswapV2World, reader: ReadOnlyRpc) -> None:
    pair = world.create_pair(world.create_token("BIG", 37), world.create_token("USDC", 6))
    with pytest.raises(DecimalsError, match="37 decimals"):
        probe_pool(reader, pair)


def test_the_base_can_be_chosen_by_symbol_or_address(
    world: UniswapV2World, reader: ReadOnlyRpc
) -> None:
    market = open_market(world)
    assert probe_pool(reader, market.pair).name == "WETH-USDC"
    assert probe_pool(reader, market.pair, base="usdc").name == "USDC-WETH"
    assert probe_pool(reader, market.pair, base=market.usd).base.symbol == "USDC"
    with pytest.raises(TokenOrderError, match="not DOGE as its base token"):
        probe_pool(reader, market.pair, base="DOGE")


def test_symbols_and_names_stay_unique_in_a_run(world: UniswapV2World, reader: ReadOnlyRpc) -> None:
    eth, first, second = (world.create_token(s, 18) for s in ("WETH", "USDC", "usd-c"))
    one = probe_pool(reader, world.create_pair(eth, first))
    two = probe_pool(reader, world.create_pair(eth, second), known=[one])
    assert (one.name, two.name) == ("WETH-USDC", "WETH-USDC2")
    assert one.base == two.base
    again = probe_pool(reader, one.address, known=[one, two])
    assert again.name == "WETH-USDC-2"
    assert (again.base, again.quote) == (one.base, one.quote)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [("stETH", "STETH"), ("1INCH", "T1INCH"), ("", "TOKEN"), ("$€", "TOKEN"), ("a" * 99, "A" * 11)],
)
def test_any_symbol_becomes_a_ledger_currency(text: str, symbol: str) -> None:
    assert ledger_symbol(text) == symbol


def test_an_address_without_code_is_refused(reader: ReadOnlyRpc) -> None:
    with pytest.raises(NoCodeError, match="no code on chain 31337"):
        probe_pool(reader, "0x" + "77" * 20)


def test_a_text_that_is_no_address_is_refused(reader: ReadOnlyRpc) -> None:
    with pytest.raises(NotAPairError, match="40 hex digits"):
        probe_pool(reader, "vitalik.eth")


def test_a_contract_that_is_no_pair_is_refused(world: UniswapV2World, reader: ReadOnlyRpc) -> None:
    with pytest.raises(NotAPairError, match=r"does not answer factory\(\)"):
        probe_pool(reader, world.create_token("ABC", 18))
    with pytest.raises(NotAPairError, match=r"does not answer token0\(\)"):
        probe_pool(reader, world.router)


def test_a_pair_that_its_factory_does_not_know_is_refused(
    world: UniswapV2World, reader: ReadOnlyRpc, rpc: Rpc
) -> None:
    market, impostor = open_market(world), "0x" + "ab" * 20
    rpc.call("anvil_setCode", impostor, rpc.call("eth_getCode", market.pair, "latest"))
    for slot in (5, 6, 7):  # factory, token0, token1
        word = rpc.call("eth_getStorageAt", market.pair, hex(slot), "latest")
        rpc.call("anvil_setStorageAt", impostor, "0x" + f"{slot:064x}", word)
    with pytest.raises(NotAPairError, match=f"knows {market.pair} as that pair"):
        probe_pool(reader, impostor)


def runtime(decimals: int | None, symbol: str | None) -> str:
    """A token's code by hand: decimals() as a word, symbol() as bytes32, or a revert."""
    code = bytes.fromhex("60003560e01c8063313ce56714601e576395d89b4114602c5760006000fd")
    for word in (decimals, symbol):
        if word is None:
            code += bytes.fromhex("5b60006000fd").ljust(14, b"\0")
        elif isinstance(word, int):
            code += bytes.fromhex(f"5b60{word:02x}60005260206000f3").ljust(14, b"\0")
        else:
            code += bytes.fromhex(f"5b7f{word.encode().ljust(32, bytes(1)).hex()}60005260206000f3")
    return "0x" + code.hex()


@pytest.mark.parametrize(
    ("decimals", "symbol", "function"),
    [(None, "MKR", r"decimals\(\)"), (18, None, r"symbol\(\)")],
)
def test_a_token_that_does_not_say_what_it_is_is_refused(
    world: UniswapV2World,
    reader: ReadOnlyRpc,
    rpc: Rpc,
    decimals: int | None,
    symbol: str | None,
    function: str,
) -> None:
    market = open_market(world)
    rpc.call("anvil_setCode", market.eth, runtime(decimals, symbol))
    with pytest.raises(TokenUnreadableError, match=f"{market.eth} does not answer {function}"):
        probe_pool(reader, market.pair)


def test_an_early_tokens_bytes32_symbol_is_read(
    world: UniswapV2World, reader: ReadOnlyRpc, rpc: Rpc
) -> None:
    market = open_market(world)
    rpc.call("anvil_setCode", market.eth, runtime(18, "MKR"))
    spec = probe_pool(reader, market.pair)
    assert {spec.base.symbol, spec.quote.symbol} == {"MKR", "USDC"}


def test_a_fee_on_transfer_token_is_refused_with_what_arrived(
    world: UniswapV2World, reader: ReadOnlyRpc
) -> None:
    fee, usd, lp = world.create_token("TAX", 18), world.create_token("USDC", 6), world.accounts[1]
    taxed = world.create_token("TAXED", 18, fee_bps=250)
    pair = world.create_pair(taxed, usd)
    world.mint(taxed, 1_000 * ETHER, to=lp)
    world.transfer(taxed, 100 * ETHER, by=lp, to=pair)
    assert int(world.read(taxed, "balanceOf(address)", pair), 16) == 975 * 10**17
    sent, received = 975 * 10**15, 950_625 * 10**12
    with pytest.raises(FeeOnTransferError, match=f"delivers {received} of {sent} atoms"):
        probe_pool(reader, pair)
    assert world.balance_of(taxed, pair) == 975 * 10**17  # nothing has moved
    assert probe_pool(reader, world.create_pair(fee, usd)).name == "TAX-USDC"


def test_whether_transfers_are_whole_is_unknown_while_the_pool_is_empty(
    world: UniswapV2World, reader: ReadOnlyRpc
) -> None:
    market = open_market(world, funded=False)
    spec = probe_pool(reader, market.pair)
    assert check_transfers(reader, spec) is TransferCheck.UNKNOWN
    market.deposit(ETHER, by=market.lp)
    assert check_transfers(reader, spec) is TransferCheck.WHOLE


def test_test_tokens_take_constructor_arguments(world: UniswapV2World) -> None:
    token = world.create_token("LONGSYMBOL", 0)
    answer = world.read(token, "symbol()")
    assert bytes.fromhex(answer[2:]) == encode("LONGSYMBOL")
