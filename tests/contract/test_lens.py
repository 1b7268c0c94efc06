"""The lens against the getters of each pair, for drawn pools, decoded here by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from brownie import accounts, chain, web3
from brownie.test import given
from hypothesis import settings
from hypothesis import strategies as st

from tests.contract.pool_reading import NOBODY, empty_pair, equip

ARTIFACT = json.loads((Path(__file__).parents[2] / "bot/artifacts/PoolLens.json").read_text())
WORD = 32
HEADER_WORDS = 4
POOL_WORDS = 6
UNREADABLE = 2**256 - 1
UINT112 = 2**112 - 1
UNUSED = "0x00000000000000000000000000000000001e5001"
EXAMPLES = 6


def query(owner: str, *, factories: list[str], pairs: list[str]) -> str:
    """The packed question, as the contract's header says."""
    addresses = "".join(address[2:] for address in (*factories, *pairs))
    return f"0x{owner[2:]}{len(factories):04x}{addresses}"


def ask(lens: str, data: str, *, placed: bool) -> list[int]:
    """The words of the answer; `placed` puts the code at the address for this one call."""
    override = ({lens: {"code": ARTIFACT["deployedBytecode"]}},) if placed else ()
    answer = web3.eth.call({"to": lens, "data": data}, "latest", *override)
    return [int.from_bytes(answer[at : at + WORD], "big") for at in range(0, len(answer), WORD)]


def expected(pair: Any, owner: Any) -> list[int]:
    """The same six words from the pair's own getters."""
    reserve0, reserve1, time_s = (int(value) for value in pair.getReserves())
    return [
        reserve0 << 144 | reserve1 << 32 | time_s,
        pair.price0CumulativeLast(),
        pair.price1CumulativeLast(),
        pair.totalSupply(),
        pair.balanceOf(owner),
        pair.kLast(),
    ]


@pytest.fixture(scope="module")
def lens() -> str:
    """Address of the deployed lens."""
    receipt = accounts[0].transfer(None, 0, data=ARTIFACT["bytecode"])
    return receipt.contract_address


@pytest.fixture(scope="module")
def pairs(router: Any, factory: Any, token_factory: Any) -> list[tuple[Any, Any, Any]]:
    """Three pairs without liquidity, each with its tokens."""
    made = []
    for decimals in ((18, 6), (0, 36), (8, 18)):
        tokens = tuple(token_factory(places, f"T{places}") for places in decimals)
        pair = empty_pair(factory, tokens)
        equip(accounts[1], tokens=tokens, pair=pair, router=router)
        made.append((pair, *tokens))
    return made


amount = st.integers(1_001, UINT112)


@settings(max_examples=EXAMPLES)
@given(
    funds=st.lists(st.tuples(amount, amount), min_size=3, max_size=3),
    fee_on=st.booleans(),
    wait_s=st.integers(1, 10**6),
)
def test_the_lens_says_what_each_getter_says(
    lens: str,
    pairs: list[tuple[Any, Any, Any]],
    factory: Any,
    *,
    funds: list[tuple[int, int]],
    fee_on: bool,
    wait_s: int,
) -> None:
    """Funded past the router, so that reserves are anything that fits, then touched again."""
    owner = accounts[1]
    collector = accounts[2].address if fee_on else NOBODY
    factory.setFeeTo(collector, {"from": factory.feeToSetter()})
    for (pair, *tokens), amounts in zip(pairs, funds, strict=True):
        for token, atoms in zip(tokens, amounts, strict=True):
            token.transfer(pair, atoms, {"from": owner})
        pair.mint(owner, {"from": owner})
    chain.sleep(wait_s)
    pairs[0][0].sync({"from": owner})
    data = query(
        owner.address,
        factories=[factory.address],
        pairs=[pair.address for pair, *_ in pairs],
    )
    words = ask(lens, data, placed=False)
    assert words == ask(UNUSED, data, placed=True)
    block = web3.eth.get_block("latest")
    assert words[:HEADER_WORDS] == [
        web3.eth.chain_id,
        block["number"],
        block["timestamp"],
        int.from_bytes(block["parentHash"], "big"),
    ]
    assert words[HEADER_WORDS] == int(collector, 16)
    assert words[HEADER_WORDS + 1 :] == [
        word for pair, *_ in pairs for word in expected(pair, owner)
    ]


@pytest.mark.parametrize("stranger", ["account", "token", "factory"])
def test_an_address_that_is_no_pair_is_unreadable_and_hides_no_other(
    lens: str, pairs: list[tuple[Any, Any, Any]], factory: Any, stranger: str
) -> None:
    pair, token, _ = pairs[0]
    address = {
        "account": accounts[5].address,
        "token": token.address,
        "factory": factory.address,
    }[stranger]
    data = query(accounts[1].address, factories=[address], pairs=[address, pair.address])
    words = ask(lens, data, placed=False)[HEADER_WORDS:]
    assert words[0] == (int(factory.feeTo(), 16) if stranger == "factory" else UNREADABLE)
    assert words[1 : 1 + POOL_WORDS] == [UNREADABLE, 0, 0, 0, 0, 0]
    assert words[1 + POOL_WORDS :] == expected(pair, accounts[1])


def test_a_pair_without_liquidity_is_all_zeroes(
    lens: str, token_factory: Any, factory: Any
) -> None:
    pair = empty_pair(factory, (token_factory(1, "T1"), token_factory(2, "T2")))
    words = ask(lens, query(accounts[1].address, factories=[], pairs=[pair.address]), placed=False)
    assert words[HEADER_WORDS:] == [0] * POOL_WORDS
