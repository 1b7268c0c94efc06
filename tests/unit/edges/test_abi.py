"""Hand-made encoding against eth-abi and keccak."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from eth_abi import encode as oracle_encode
from eth_hash.auto import keccak

from bot.edges import abi

ADDRESS = "0x" + "1234567890abcdef1234" * 2


@pytest.mark.parametrize("signature", sorted(abi.SELECTORS))
def test_a_selector_is_the_start_of_the_hash_of_its_signature(signature: str) -> None:
    assert abi.SELECTORS[signature] == keccak(signature.encode()).hex()[:8]


@pytest.mark.parametrize(
    ("topic", "signature"),
    [
        (abi.TRANSFER_TOPIC, "Transfer(address,address,uint256)"),
        (abi.MINT_TOPIC, "Mint(address,uint256,uint256)"),
        (abi.BURN_TOPIC, "Burn(address,uint256,uint256,address)"),
    ],
)
def test_a_topic_is_the_hash_of_its_event(topic: str, signature: str) -> None:
    assert topic == "0x" + keccak(signature.encode()).hex()


@pytest.mark.parametrize(
    ("types", "values"),
    [
        (["uint256", "address"], (2**256 - 1, ADDRESS)),
        (["string", "string", "uint8"], ("Test Ether", "", 36)),
        (["string"], ("x" * 33,)),
        (["uint256", "uint256", "address[]", "address"], (1, 2, [ADDRESS, ADDRESS], ADDRESS)),
        (["bytes", "uint256"], (b"\x01" * 32, 7)),
    ],
)
def test_encoding_equals_eth_abi(types: list[str], values: tuple[abi.AbiValue, ...]) -> None:
    assert abi.encode(*values) == oracle_encode(types, values)


@pytest.mark.parametrize("text", ["", "USDC", "a name of more than thirty-two bytes in all"])
def test_a_string_answer_is_read_back(text: str) -> None:
    assert abi.decode_text("0x" + oracle_encode(["string"], [text]).hex()) == text


def test_an_early_tokens_bytes32_symbol_is_read() -> None:
    assert abi.decode_text("0x" + b"MKR".ljust(32, b"\0").hex()) == "MKR"


@pytest.mark.parametrize("digits", ["", "00" * 31, "ff" * 64, "00" * 31 + "20" + "ff" * 32])
def test_an_answer_that_is_no_text_is_none(digits: str) -> None:
    assert abi.decode_text("0x" + digits) is None


def test_the_calldata_that_the_operations_page_gives_to_a_safes_owners() -> None:
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    until_s = int(datetime(2026, 3, 9, 20, tzinfo=UTC).timestamp())
    assert f"({until_s}): `{abi.call_data('open(uint64)', until_s)}`" in page
    assert f"| `shut()` | `{abi.call_data('shut()')}` |" in page
