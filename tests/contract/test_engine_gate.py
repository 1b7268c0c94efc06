"""EngineGate behind a real Safe of two signatures in three, from Safe's published bytecode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from brownie import Contract, accounts, chain, reverts, web3

from bot.edges.abi import address_word
from tests.contract.conftest import NODE_MODULES, artifact, deploy

SAFE = NODE_MODULES / "@safe-global/safe-contracts/build/artifacts/contracts"
GATE = json.loads((Path(__file__).parents[2] / "bot/artifacts/EngineGate.json").read_text())
NOBODY = "0x" + "00" * 20
WEEK_S = 7 * 86_400
HOUR_S = 3_600
THRESHOLD = 2
PREVALIDATED = bytes([1])
"""The kind of signature that a Safe finds in its own storage, or in who calls it."""


@pytest.fixture(scope="module")
def owners() -> list[Any]:
    """Three owners, by rising address: the order that a Safe wants its signatures in."""
    return sorted(accounts[1:4], key=lambda account: int(account.address, 16))


@pytest.fixture(scope="module")
def safe(deployer: Any, owners: list[Any]) -> Contract:
    """A Safe 1.4.1 as everybody deploys one: singleton, factory, proxy."""
    published = artifact(SAFE / "Safe.sol/Safe.json")
    singleton = deploy("Safe", published, sender=deployer)
    factory = deploy(
        "SafeProxyFactory",
        artifact(SAFE / "proxies/SafeProxyFactory.sol/SafeProxyFactory.json"),
        sender=deployer,
    )
    addresses = [owner.address for owner in owners]
    setup = singleton.setup.encode_input(
        addresses, THRESHOLD, NOBODY, b"", NOBODY, NOBODY, 0, NOBODY
    )
    made = factory.createProxyWithNonce(singleton, setup, 0, {"from": deployer})
    return Contract.from_abi("Safe", made.events["ProxyCreation"]["proxy"], published["abi"])


@pytest.fixture(scope="module")
def gate(safe: Contract, deployer: Any) -> Contract:
    """The bytes that are shipped, with the Safe as keeper."""
    return deploy("EngineGate", GATE, safe.address, sender=deployer)


def said(name: str, *values: int | str) -> str:
    """One of the gate's own errors, as the chain gives it: selector and words."""
    inputs = next(one["inputs"] for one in GATE["abi"] if one.get("name") == name)
    kinds = [one["type"] for one in inputs]
    selector = web3.keccak(text=f"{name}({','.join(kinds)})")[:4]
    return "0x" + (selector + web3.codec.encode(kinds, values)).hex()


def refusal(gate: Contract, data: str, *, caller: str) -> str:
    """What the gate would answer this caller in the newest block, where it refuses."""
    return refused({"from": caller, "to": gate.address, "data": data})


def refused(call: dict[str, str]) -> str:
    """The data that a call reverts with. Brownie hands the node's answer on as a ValueError."""
    with pytest.raises(ValueError, match="custom error") as caught:
        web3.eth.call(call)
    return str(caught.value.args[0]["data"])


def carry_out(safe: Contract, target: Any, data: str, *, signers: list[Any]) -> Any:
    """A Safe's transaction: all signers but the last approve its hash, the last one sends it."""
    parts = (target, 0, data, 0, 0, 0, 0, NOBODY, NOBODY)
    digest = safe.getTransactionHash(*parts, safe.nonce())
    for signer in signers[:-1]:
        safe.approveHash(digest, {"from": signer})
    signatures = b"".join(
        address_word(signer.address) + bytes(32) + PREVALIDATED for signer in signers
    )
    return safe.execTransaction(*parts, signatures, {"from": signers[-1]})


def open_until(safe: Contract, gate: Contract, until_s: int, *, signers: list[Any]) -> Any:
    return carry_out(safe, gate, gate.open.encode_input(until_s), signers=signers)


def test_the_safe_is_the_real_one_with_two_of_three(safe: Contract, owners: list[Any]) -> None:
    assert safe.VERSION() == "1.4.1"
    assert (safe.getThreshold(), safe.getOwners()) == (THRESHOLD, [one.address for one in owners])


def test_a_new_gate_is_shut(gate: Contract, safe: Contract) -> None:
    assert (gate.keeper(), gate.openUntil(), gate.SPAN_MAX_S()) == (safe.address, 0, WEEK_S)


def test_two_signatures_open_the_gate(safe: Contract, gate: Contract, owners: list[Any]) -> None:
    until_s = chain.time() + HOUR_S
    done = open_until(safe, gate, until_s, signers=owners[:2])
    assert gate.openUntil() == until_s
    assert done.logs[0]["address"] == gate.address
    assert done.logs[0]["topics"][0] == web3.keccak(text="Opened(uint64)")
    assert int(done.logs[0]["data"].hex(), 16) == until_s


def test_any_two_of_the_three_do(safe: Contract, gate: Contract, owners: list[Any]) -> None:
    for pair in ([owners[0], owners[2]], [owners[1], owners[2]]):
        until_s = chain.time() + HOUR_S
        open_until(safe, gate, until_s, signers=pair)
        assert gate.openUntil() == until_s


def test_one_signature_is_refused_by_the_safe(
    safe: Contract, gate: Contract, owners: list[Any]
) -> None:
    """GS020: signatures data too short. Source: safe-contracts docs/error_codes.md."""
    with reverts("GS020"):
        open_until(safe, gate, chain.time() + HOUR_S, signers=owners[:1])
    assert gate.openUntil() == 0


def test_one_owner_twice_is_refused_by_the_safe(
    safe: Contract, gate: Contract, owners: list[Any]
) -> None:
    """GS026: invalid owner provided; owners must rise."""
    with reverts("GS026"):
        open_until(safe, gate, chain.time() + HOUR_S, signers=[owners[0], owners[0]])


def test_a_strangers_approval_counts_for_nothing(
    safe: Contract, gate: Contract, owners: list[Any]
) -> None:
    """GS026 again: the sender is no owner, so his part is no signature of one."""
    with reverts("GS026"):
        parts = (gate, 0, gate.open.encode_input(chain.time() + HOUR_S), 0, 0, 0, 0, NOBODY, NOBODY)
        safe.approveHash(safe.getTransactionHash(*parts, safe.nonce()), {"from": owners[0]})
        pair = sorted([owners[0], accounts[5]], key=lambda account: int(account.address, 16))
        signatures = b"".join(address_word(one.address) + bytes(32) + PREVALIDATED for one in pair)
        safe.execTransaction(*parts, signatures, {"from": accounts[5]})


@pytest.mark.parametrize("who", ["an outsider", "an owner alone", "the deployer"])
def test_only_the_safe_itself_is_heard(gate: Contract, owners: list[Any], who: str) -> None:
    accounts_of = {
        "an outsider": accounts[5], "an owner alone": owners[0], "the deployer": accounts[0],
    }  # fmt: skip
    caller = accounts_of[who].address
    for data in (gate.open.encode_input(chain.time() + HOUR_S), gate.shut.encode_input()):
        assert refusal(gate, data, caller=caller) == said("NotKeeper", caller)


@pytest.mark.parametrize("ahead_s", [0, -1, -(10**6)])
def test_a_moment_that_is_not_ahead_is_refused(
    safe: Contract, gate: Contract, ahead_s: int
) -> None:
    now_s = web3.eth.get_block("latest")["timestamp"]
    data = gate.open.encode_input(now_s + ahead_s)
    assert refusal(gate, data, caller=safe.address) == said("NotAhead", now_s + ahead_s, now_s)


def test_a_week_ahead_is_the_most(safe: Contract, gate: Contract) -> None:
    now_s = web3.eth.get_block("latest")["timestamp"]
    data = gate.open.encode_input(now_s + WEEK_S)
    assert web3.eth.call({"from": safe.address, "to": gate.address, "data": data}) == b""
    late = gate.open.encode_input(now_s + WEEK_S + 1)
    assert refusal(gate, late, caller=safe.address) == said(
        "TooFarAhead", now_s + WEEK_S + 1, now_s + WEEK_S
    )


def test_what_the_gate_refuses_the_safe_reverts_with(
    safe: Contract, gate: Contract, owners: list[Any]
) -> None:
    """GS013: a transaction without gas of its own must not fail. The nonce is not used up."""
    with reverts("GS013"):
        open_until(safe, gate, chain.time() + 2 * WEEK_S, signers=owners[:2])
    assert (safe.nonce(), gate.openUntil()) == (0, 0)


def test_shutting_works_at_once_and_says_since_when(
    safe: Contract, gate: Contract, owners: list[Any]
) -> None:
    open_until(safe, gate, chain.time() + WEEK_S // 2, signers=owners[:2])
    done = carry_out(safe, gate, gate.shut.encode_input(), signers=owners[1:])
    shut_s = web3.eth.get_block(done.block_number)["timestamp"]
    assert gate.openUntil() == shut_s  # so it is shut in that very block
    assert done.logs[0]["topics"][0] == web3.keccak(text="Shut(uint64)")
    assert int(done.logs[0]["data"].hex(), 16) == shut_s


def test_a_gate_that_ran_out_stays_so_and_shutting_it_again_changes_nothing(
    safe: Contract, gate: Contract, owners: list[Any]
) -> None:
    until_s = chain.time() + HOUR_S
    open_until(safe, gate, until_s, signers=owners[:2])
    chain.sleep(2 * HOUR_S)
    carry_out(safe, gate, gate.shut.encode_input(), signers=owners[:2])
    assert web3.eth.get_block("latest")["timestamp"] > gate.openUntil() == until_s


def test_a_later_word_takes_the_place_of_an_earlier_one(
    safe: Contract, gate: Contract, owners: list[Any]
) -> None:
    far, near = chain.time() + 3 * HOUR_S, chain.time() + HOUR_S
    for until_s in (far, near, far):
        open_until(safe, gate, until_s, signers=owners[:2])
        assert gate.openUntil() == until_s


def test_a_keeper_that_one_key_controls_is_refused(deployer: Any) -> None:
    made = web3.eth.contract(abi=GATE["abi"], bytecode=GATE["bytecode"])
    data = made.constructor(accounts[5].address).data_in_transaction
    told = refused({"from": deployer.address, "data": data})
    assert told == said("KeeperHasNoCode", accounts[5].address)


def test_the_gate_takes_no_ether(gate: Contract, deployer: Any) -> None:
    with reverts():
        deployer.transfer(gate, 1)
    assert gate.balance() == 0
