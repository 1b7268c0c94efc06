"""The few words of the EVM's ABI that layerhedge speaks, by hand: no library, no import cost.

Selectors and topics are the first bytes, and the whole, of keccak256 of the signature beside
them; a test computes each anew.
"""

from __future__ import annotations

from typing import TypeAlias

AbiValue: TypeAlias = "int | str | bytes | list[str]"
"""int: any integer or bool; str of 0x and 40 digits: an address, else a string; list: addresses."""

WORD_BYTES = 32
ZERO_ADDRESS = "0x" + "00" * 20

SAFE_PARTS = "address,uint256,bytes,uint8,uint256,uint256,uint256,address,address"
"""What a Safe's transaction consists of."""
GET_TRANSACTION_HASH = f"getTransactionHash({SAFE_PARTS},uint256)"
EXEC_TRANSACTION = f"execTransaction({SAFE_PARTS},bytes)"

SELECTORS = {
    "factory()": "c45a0155",
    "token0()": "0dfe1681",
    "token1()": "d21220a7",
    "getPair(address,address)": "e6a43905",
    "getReserves()": "0902f1ac",
    "totalSupply()": "18160ddd",
    "balanceOf(address)": "70a08231",
    "symbol()": "95d89b41",
    "decimals()": "313ce567",
    "probe(address)": "275e5da5",
    "transfer(address,uint256)": "a9059cbb",
    "approve(address,uint256)": "095ea7b3",
    "deposit()": "d0e30db0",
    "mint(address,uint256)": "40c10f19",
    "mint(address)": "6a627842",
    "burn(address)": "89afcb44",
    "createPair(address,address)": "c9c65396",
    "setFeeTo(address)": "f46901ed",
    "setFee(uint256)": "69fe0e2d",
    "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)": "e8e33700",
    "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)": "baa2abde",
    "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)": "38ed1739",
    "openUntil()": "4f966eac",
    "open(uint64)": "3be3ebb0",
    "shut()": "6ce800c5",
    "getThreshold()": "e75235b8",
    "getOwners()": "a0e67e2b",
    "nonce()": "affed0e0",
    "approveHash(bytes32)": "d4d9bdcd",
    "setup(address[],uint256,address,bytes,address,address,uint256,address)": "b63e800d",
    "createProxyWithNonce(address,bytes,uint256)": "1688f0b9",
    GET_TRANSACTION_HASH: "d8d11f78",
    EXEC_TRANSACTION: "6a761202",
}

TRANSFER_TOPIC = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""Transfer(address,address,uint256): LP tokens moved, minted from or burnt to the zero address."""

MINT_TOPIC = "0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f"
"""Mint(address,uint256,uint256): what a deposit paid in."""

BURN_TOPIC = "0xdccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496"
"""Burn(address,uint256,uint256,address): what a withdrawal paid out."""


def call_data(signature: str, *values: AbiValue) -> str:
    """Selector and arguments as 0x-hex.

    >>> call_data("balanceOf(address)", "0x" + "11" * 20)[:14]
    '0x70a082310000'
    """
    return "0x" + SELECTORS[signature] + encode(*values).hex()


def encode(*values: AbiValue) -> bytes:
    """ABI encoding of integers, addresses, strings, bytes and lists of addresses."""
    head, tail = b"", b""
    for value in values:
        if isinstance(value, int):
            head += value.to_bytes(WORD_BYTES, "big")
        elif isinstance(value, str) and is_address(value):
            head += address_word(value)
        else:
            head += (WORD_BYTES * len(values) + len(tail)).to_bytes(WORD_BYTES, "big")
            tail += _dynamic(value)
    return head + tail


def _dynamic(value: str | bytes | list[str]) -> bytes:
    length = len(value)
    if isinstance(value, list):
        return length.to_bytes(WORD_BYTES, "big") + b"".join(map(address_word, value))
    data = value.encode() if isinstance(value, str) else value
    padded = data + bytes(-len(data) % WORD_BYTES)
    return len(data).to_bytes(WORD_BYTES, "big") + padded


def is_address(text: str) -> bool:
    """Whether a text is 0x and 40 hex digits."""
    if len(text) != 42 or text[:2] != "0x":
        return False
    try:
        return len(bytes.fromhex(text[2:])) == 20
    except ValueError:
        return False


def address_bytes(address: str) -> bytes:
    """The 20 bytes of an address."""
    return bytes.fromhex(address[2:])


def address_word(address: str) -> bytes:
    """An address as a 32-byte word."""
    return bytes(12) + address_bytes(address)


def address_of(word: str | bytes) -> str:
    """The address in the last 20 bytes of a word (bytes or 0x-hex), in lower case."""
    digits = word.hex() if isinstance(word, bytes) else word
    return "0x" + digits[-40:].lower()


def words(data: str) -> list[int]:
    """The whole words of an 0x-hex answer as integers.

    >>> words("0x" + "0" * 63 + "7")
    [7]
    """
    raw = bytes.fromhex(data[2:])
    return [
        int.from_bytes(raw[at : at + WORD_BYTES], "big")
        for at in range(0, len(raw) - WORD_BYTES + 1, WORD_BYTES)
    ]


def decode_text(data: str) -> str | None:
    """A string answer, or a bytes32 one as early tokens give (MKR); None when it is neither."""
    raw = bytes.fromhex(data[2:])
    if len(raw) == WORD_BYTES:
        return raw.rstrip(b"\0").decode("utf-8", errors="replace")
    if len(raw) < 2 * WORD_BYTES:
        return None
    offset = int.from_bytes(raw[:WORD_BYTES], "big")
    if offset + WORD_BYTES > len(raw):
        return None
    length = int.from_bytes(raw[offset : offset + WORD_BYTES], "big")
    start = offset + WORD_BYTES
    if start + length > len(raw):
        return None
    return raw[start : start + length].decode("utf-8", errors="replace")
