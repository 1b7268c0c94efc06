"""From a pair's logs to the changes of one owner's LP balance, as a pure fold.

A pair never calls back between the Transfer and the Mint or Burn of one operation, so the order
of its logs tells whole stories:

  mint   [Transfer 0 -> fee collector] [Transfer 0 -> 0, the locked minimum]
         Transfer 0 -> receiver, Mint(amounts)
  burn   Transfer holder -> pair (by a router or by the holder; maybe an earlier transaction)
         [Transfer 0 -> fee collector] Transfer pair -> 0, Burn(amounts, receiver)

Everything else that moves LP tokens is a plain transfer. Transfers of zero and to oneself change
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from bot.core.amm import Pair
from bot.core.errors import PositionMismatchError
from bot.core.exposure import claim_down
from bot.core.snapshot import Block, EventKind, PoolSpec, PoolState, PositionEvent

ZERO_ADDRESS = "0x" + "00" * 20

GAINS = (EventKind.MINT, EventKind.RECEIVE)


class LogKind(Enum):
    """The three logs of a pair that concern LP tokens."""

    TRANSFER = "transfer"
    MINT = "mint"
    BURN = "burn"


@dataclass(frozen=True, slots=True, kw_only=True)
class LpLog:
    """One decoded log of a pair. Addresses in lower case.

    sender, receiver: of a transfer; of a burn `receiver` is who was paid; else empty.
    value: LP atoms of a transfer. amounts: token0 and token1 atoms of a mint or burn.
    """

    kind: LogKind
    pool: str
    sender: str = ""
    receiver: str = ""
    value: int = 0
    amounts: Pair = (0, 0)
    block_number: int
    block_hash: str
    log_index: int
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LpChange:
    """One change of the owner's LP balance; `amounts` is None where no tokens of the pair moved."""

    kind: EventKind
    lp_atoms: int
    amounts: Pair | None
    log: LpLog


def fold_logs(logs: Iterable[LpLog], *, pair: str, owner: str) -> tuple[LpChange, ...]:
    """What the logs of one pair mean for one owner, in log order. Addresses in lower case."""
    fold = _Fold(pair=pair, owner=owner)
    for log in sorted(logs, key=_place):
        if log.kind is LogKind.TRANSFER:
            fold.transfer(log)
        elif log.kind is LogKind.MINT:
            fold.mint(log)
        else:
            fold.burn(log)
    return fold.finish()


def event_of(change: LpChange, *, spec: PoolSpec, state: PoolState | None) -> PositionEvent:
    """A change with its token amounts.

    state: the pool at the end of the change's block; needed only where `amounts` is None.
    """
    if change.amounts is not None:
        base, quote = change.amounts if spec.base_is_token0 else change.amounts[::-1]
    else:
        assert state is not None, "a transfer is valued at its block"
        base, quote = claim_down(spec, replace(state, lp_balance=change.lp_atoms))
    return PositionEvent(
        pool=spec.name,
        kind=change.kind,
        lp_atoms=change.lp_atoms,
        base_atoms=base,
        quote_atoms=quote,
        block_number=change.log.block_number,
        log_index=change.log.log_index,
        tx_hash=change.log.tx_hash,
    )


def opening_event(spec: PoolSpec, state: PoolState, *, block: Block) -> PositionEvent:
    """A position whose past is unknown: entered, for the books, at its claim at first sight."""
    base, quote = claim_down(spec, state)
    return PositionEvent(
        pool=spec.name,
        kind=EventKind.RECEIVE,
        lp_atoms=state.lp_balance,
        base_atoms=base,
        quote_atoms=quote,
        block_number=block.number,
        log_index=0,
        tx_hash=block.hash,
    )


def require_sum(
    spec: PoolSpec, changes: Sequence[LpChange], *, balance_before: int, balance_now: int
) -> None:
    """Refuse changes that do not add up to what the chain says; nothing is ever filled in."""
    gained = sum(c.lp_atoms if c.kind in GAINS else -c.lp_atoms for c in changes)
    if balance_before + gained != balance_now:
        raise PositionMismatchError(
            pool=spec.name, balance=balance_now, held=balance_before + gained
        )


class _Fold:
    """What is open between two logs: LP tokens just minted, and LP tokens lent to the pair."""

    def __init__(self, *, pair: str, owner: str) -> None:
        self._pair = pair
        self._owner = owner
        self._minted: list[LpLog] = []
        self._lent: list[LpLog] = []
        self._changes: list[LpChange] = []

    def transfer(self, log: LpLog) -> None:
        if log.value == 0 or log.sender == log.receiver != ZERO_ADDRESS:
            return
        if log.sender == ZERO_ADDRESS:
            self._minted.append(log)
        elif log.receiver == self._pair:
            self._lent.append(log)
        else:
            self._plain(log)

    def mint(self, log: LpLog) -> None:
        # The last of the tokens minted are the depositor's, those before it the protocol's.
        *fees, deposit = self._minted or [replace(log, kind=LogKind.TRANSFER)]
        self._minted = []
        for fee in fees:
            self._plain(fee)
        if deposit.receiver == self._owner:
            self._add(EventKind.MINT, deposit.value, log.amounts, log)

    def burn(self, log: LpLog) -> None:
        fees, self._minted = self._minted, []
        lent, self._lent = self._lent, []
        for fee in fees:
            self._plain(fee)
        # Whoever calls the pair first takes what lies there: an earlier transaction's tokens are
        # the owner's withdrawal only if the owner was paid.
        paid = [t for t in lent if t.tx_hash == log.tx_hash or self._took_back(t, log)]
        own = sum(t.value for t in paid if t.sender == self._owner)
        if own:
            whole = sum(t.value for t in paid)
            amounts = (log.amounts[0] * own // whole, log.amounts[1] * own // whole)
            self._add(EventKind.BURN, own, amounts, log)
        for given in lent:
            if given not in paid:
                self._plain(given)

    def finish(self) -> tuple[LpChange, ...]:
        for log in (*self._minted, *self._lent):
            self._plain(log)
        return tuple(sorted(self._changes, key=lambda change: _place(change.log)))

    def _took_back(self, transfer: LpLog, burn: LpLog) -> bool:
        return transfer.sender == self._owner == burn.receiver

    def _plain(self, log: LpLog) -> None:
        if log.sender == self._owner:
            self._add(EventKind.SEND, log.value, None, log)
        elif log.receiver == self._owner:
            self._add(EventKind.RECEIVE, log.value, None, log)

    def _add(self, kind: EventKind, lp_atoms: int, amounts: Pair | None, log: LpLog) -> None:
        self._changes.append(LpChange(kind=kind, lp_atoms=lp_atoms, amounts=amounts, log=log))


def _place(log: LpLog) -> tuple[int, int]:
    return log.block_number, log.log_index
