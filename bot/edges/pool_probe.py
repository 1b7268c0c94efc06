"""Registering a pool: everything that never changes about a pair, checked on the chain once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from bot.core.errors import (
    DecimalsError,
    FeeOnTransferError,
    NoCodeError,
    NotAPairError,
    RpcAnswerError,
    TokenOrderError,
    TokenUnreadableError,
)
from bot.core.snapshot import DECIMALS_MAX, PoolSpec, Token
from bot.edges.abi import (
    ZERO_ADDRESS,
    AbiValue,
    address_of,
    call_data,
    decode_text,
    is_address,
    words,
)
from bot.edges.rpc import Rpc
from bot.edges.uniswap import own_artifact

SYMBOL_LENGTH_MAX = 12
DOLLARS = re.compile(r"USD|^DAI$|^GHO$|^FRAX$")
NATIVE = re.compile(r"^W?(ETH|BNB|POL|MATIC|AVAX)$")


class TransferCheck(Enum):
    """What is known about a pair's tokens keeping part of transfers."""

    WHOLE = "whole"  # both deliver what the pair sends
    UNKNOWN = "unknown"  # the pool is empty, or the node cannot try it without sending


def probe_pool(
    rpc: Rpc,
    address: str,
    *,
    base: str | None = None,
    known: Sequence[PoolSpec] = (),
    hedged: bool = True,
) -> PoolSpec:
    """Verify a pair and describe it.

    base: address or symbol of the base token; None takes the token that is not money (dollars
    are money before the chain's native token, and that before any other), else token0.
    known: pools of the same run, whose ledger symbols and names stay theirs.
    """
    address = address.lower()
    factory, token0, token1 = _require_pair(rpc, address)
    taken = {token.address: token.symbol for spec in known for token in (spec.base, spec.quote)}
    first = _token(rpc, token0, taken)
    second = _token(rpc, token1, taken | {first.address: first.symbol})
    base_is_token0 = _base_is_token0(address, first, second, base)
    base_token, quote_token = (first, second) if base_is_token0 else (second, first)
    spec = PoolSpec(
        name=_unique(f"{base_token.symbol}-{quote_token.symbol}", {s.name for s in known}, "-"),
        address=address,
        factory=factory,
        base=base_token,
        quote=quote_token,
        base_is_token0=base_is_token0,
        hedged=hedged,
    )
    check_transfers(rpc, spec)
    return spec


def check_transfers(rpc: Rpc, spec: PoolSpec) -> TransferCheck:
    """Try a transfer of each token out of the pair, in a call that leaves no trace."""
    code = own_artifact("TransferProbe")["deployedBytecode"]
    outcome = TransferCheck.WHOLE
    for token in (spec.base, spec.quote):
        query = {"to": spec.address, "data": call_data("probe(address)", token.address)}
        try:
            answer = rpc.call("eth_call", query, "latest", {spec.address: {"code": code}})
        except RpcAnswerError:
            outcome = TransferCheck.UNKNOWN
            continue
        values = words(answer)
        if len(values) != 2 or values[0] == 0:
            outcome = TransferCheck.UNKNOWN
        elif values[1] != values[0]:
            raise FeeOnTransferError(
                token=token.symbol, pool=spec.name, received=values[1], sent=values[0]
            )
    return outcome


def ledger_symbol(text: str) -> str:
    """A token's own name as a ledger currency: [A-Z][A-Z0-9]*, at most 12 characters.

    >>> ledger_symbol("stETH.e"), ledger_symbol("1INCH"), ledger_symbol("$$")
    ('STETHE', 'T1INCH', 'TOKEN')
    """
    kept = re.sub(r"[^A-Z0-9]", "", text.upper())[: SYMBOL_LENGTH_MAX - 1]
    if not kept:
        return "TOKEN"
    return kept if kept[0].isalpha() else f"T{kept}"


def _require_pair(rpc: Rpc, address: str) -> tuple[str, str, str]:
    """(factory, token0, token1) of an address whose factory calls it its pair."""
    if not is_address(address):
        raise NotAPairError(address=address, problem="an address is 0x and 40 hex digits")
    if rpc.call("eth_getCode", address, "latest") in ("0x", "0x0"):
        raise NoCodeError(address=address, chain_id=int(rpc.call("eth_chainId"), 16))
    answers = {}
    for function in ("factory()", "token0()", "token1()"):
        answer = _ask(rpc, address, function)
        if answer is None or len(answer) != 66:
            raise NotAPairError(address=address, problem=f"it does not answer {function}")
        answers[function] = address_of(answer)
    factory, token0, token1 = answers.values()
    pair = _ask(rpc, factory, "getPair(address,address)", token0, token1)
    if pair is None or len(pair) != 66:
        raise NotAPairError(address=address, problem=f"its factory {factory} has no getPair")
    if address_of(pair) != address:
        raise NotAPairError(
            address=address, problem=f"its factory {factory} knows {address_of(pair)} as that pair"
        )
    return factory, token0, token1


def _token(rpc: Rpc, address: str, taken: dict[str, str]) -> Token:
    raw_decimals = _ask(rpc, address, "decimals()")
    if raw_decimals is None or len(raw_decimals) != 66:
        raise TokenUnreadableError(token=address, function="decimals()")
    decimals = int(raw_decimals, 16)
    if decimals > DECIMALS_MAX:
        raise DecimalsError(token=address, decimals=decimals)
    raw_symbol = _ask(rpc, address, "symbol()")
    text = decode_text(raw_symbol) if raw_symbol is not None else None
    if text is None:
        raise TokenUnreadableError(token=address, function="symbol()")
    symbol = taken.get(address) or _unique(ledger_symbol(text), set(taken.values()), "")
    return Token(address=address, symbol=symbol, decimals=decimals)


def _base_is_token0(pool: str, token0: Token, token1: Token, wanted: str | None) -> bool:
    if wanted is None:
        return _moneyness(token0.symbol) <= _moneyness(token1.symbol)
    for token in (token0, token1):
        if wanted.lower() in (token.address, token.symbol.lower()):
            return token is token0
    raise TokenOrderError(
        pool=pool, token0=token0.symbol, token1=token1.symbol, wanted=wanted, role="base"
    )


def _moneyness(symbol: str) -> int:
    """How much a token is the measure of the other: dollars 2, native token 1, others 0."""
    if DOLLARS.search(symbol):
        return 2
    return 1 if NATIVE.search(symbol) else 0


def _unique(name: str, taken: set[str], joint: str) -> str:
    candidates = (name, *(f"{name}{joint}{i}" for i in range(2, len(taken) + 2)))
    return next(candidate for candidate in candidates if candidate not in taken)


def _ask(rpc: Rpc, to: str, function: str, *values: AbiValue) -> str | None:
    """One read-only question; None when the contract refuses it."""
    if to == ZERO_ADDRESS:
        return None
    try:
        return str(rpc.call("eth_call", {"to": to, "data": call_data(function, *values)}, "latest"))
    except RpcAnswerError:
        return None
