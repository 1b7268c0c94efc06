"""What the actors of a scenario do to the pools, in base and quote atoms of each pool."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class Role(Enum):
    """Who acts; each has an account of its own on a node."""

    OWNER = "owner"  # the LP whose position is watched
    OUTSIDER = "outsider"  # all other LPs
    TRADER = "trader"  # trades at any price
    ARBITRAGEUR = "arbitrageur"  # trades against the outside price
    ATTACKER = "attacker"  # pushes the price, and takes back what that cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Exact tokens in through the router. amount_out_min_atoms: less than this reverts."""

    role: Role
    pool: str
    sells_base: bool
    amount_in_atoms: int
    amount_out_min_atoms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddLiquidity:
    """A deposit through the router; it takes what matches the price of what is offered."""

    role: Role
    pool: str
    base_atoms: int
    quote_atoms: int
    base_min_atoms: int
    quote_min_atoms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveLiquidity:
    """A withdrawal through the router."""

    role: Role
    pool: str
    lp_atoms: int
    base_min_atoms: int
    quote_min_atoms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLp:
    """LP tokens change hands without touching the pool."""

    sender: Role
    receiver: Role
    pool: str
    lp_atoms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFee:
    """The factory's owner turns the protocol fee on or off, for all pools at once."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGate:
    """The multisig opens the second engine's gate until a moment, unix time."""

    until_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutGate:
    """The multisig shuts the second engine's gate, from this block on."""


GateAction: TypeAlias = OpenGate | ShutGate
PoolAction: TypeAlias = Swap | AddLiquidity | RemoveLiquidity | TransferLp | SetFee
Action: TypeAlias = PoolAction | GateAction


def gate_after(until_s: int, action: GateAction, *, block_time_s: int) -> int:
    """The gate's moment after one of these, as contracts/EngineGate.sol keeps it.

    What has run out stays: the gate goes on saying since when it has been shut.

    >>> gate_after(900, ShutGate(), block_time_s=500), gate_after(300, ShutGate(), block_time_s=500)
    (500, 300)
    """
    if isinstance(action, OpenGate):
        return action.until_s
    return min(until_s, block_time_s)
