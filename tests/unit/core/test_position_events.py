"""What a pair's logs mean for one owner, told as the stories that the contract can write."""

from __future__ import annotations

import pytest

from bot.core.errors import PositionMismatchError
from bot.core.position_events import LogKind, LpChange, LpLog, fold_logs, require_sum
from bot.core.snapshot import EventKind, PoolSpec, Token

ZERO = "0x" + "00" * 20
PAIR = "0x" + "aa" * 20
OWNER = "0x" + "bb" * 20
ROUTER = "0x" + "cc" * 20
STRANGER = "0x" + "dd" * 20
COLLECTOR = "0x" + "ee" * 20


class Story:
    """Writes logs one after the other, each transaction in a block of its own."""

    def __init__(self) -> None:
        self.logs: list[LpLog] = []
        self.tx = 1

    def next_tx(self) -> Story:
        self.tx += 1
        return self

    def transfer(self, sender: str, receiver: str, value: int) -> Story:
        return self._log(LogKind.TRANSFER, sender, receiver, value, (0, 0))

    def mint(self, amount0: int, amount1: int) -> Story:
        return self._log(LogKind.MINT, "", "", 0, (amount0, amount1))

    def burn(self, amount0: int, amount1: int, *, to: str) -> Story:
        return self._log(LogKind.BURN, "", to, 0, (amount0, amount1))

    def told(self, owner: str = OWNER) -> list[tuple[EventKind, int, tuple[int, int] | None]]:
        changes = fold_logs(reversed(self.logs), pair=PAIR, owner=owner)
        return [(change.kind, change.lp_atoms, change.amounts) for change in changes]

    def _log(
        self, kind: LogKind, sender: str, receiver: str, value: int, amounts: tuple[int, int]
    ) -> Story:
        self.logs.append(
            LpLog(
                kind=kind,
                pool=PAIR,
                sender=sender,
                receiver=receiver,
                value=value,
                amounts=amounts,
                block_number=self.tx,
                block_hash=f"block {self.tx}",
                log_index=len(self.logs),
                tx_hash=f"tx {self.tx}",
            )
        )
        return self


def test_the_first_mint_gives_the_owner_what_the_locked_minimum_leaves() -> None:
    story = Story().transfer(ZERO, ZERO, 1_000).transfer(ZERO, OWNER, 9_000).mint(5_000, 20_000)
    assert story.told() == [(EventKind.MINT, 9_000, (5_000, 20_000))]


def test_a_mint_to_somebody_else_is_none_of_the_owners() -> None:
    assert Story().transfer(ZERO, STRANGER, 5).mint(1, 2).told() == []


def test_the_protocols_fee_is_income_of_an_owner_who_collects_it() -> None:
    story = Story().transfer(ZERO, OWNER, 7).transfer(ZERO, OWNER, 90).mint(10, 20)
    assert story.told() == [(EventKind.RECEIVE, 7, None), (EventKind.MINT, 90, (10, 20))]


def test_the_protocols_fee_is_no_event_of_another_owner() -> None:
    story = Story().transfer(ZERO, COLLECTOR, 7).transfer(ZERO, OWNER, 90).mint(10, 20)
    assert story.told() == [(EventKind.MINT, 90, (10, 20))]


def test_a_collector_is_paid_by_a_strangers_burn() -> None:
    story = Story().transfer(STRANGER, PAIR, 30).transfer(ZERO, COLLECTOR, 7)
    story.transfer(PAIR, ZERO, 30).burn(3, 6, to=STRANGER)
    assert story.told(COLLECTOR) == [(EventKind.RECEIVE, 7, None)]


@pytest.mark.parametrize("paid", [OWNER, ROUTER, STRANGER])
def test_a_burn_in_the_transaction_of_the_transfer_is_the_owners_whoever_is_paid(
    paid: str,
) -> None:
    story = Story().transfer(OWNER, PAIR, 50).transfer(PAIR, ZERO, 50).burn(5, 6, to=paid)
    assert story.told() == [(EventKind.BURN, 50, (5, 6))]


def test_a_direct_burn_in_a_later_transaction_is_the_owners_when_it_pays_the_owner() -> None:
    story = Story().transfer(OWNER, PAIR, 50).next_tx()
    story.transfer(PAIR, ZERO, 50).burn(5, 6, to=OWNER)
    assert story.told() == [(EventKind.BURN, 50, (5, 6))]


def test_lp_tokens_left_at_the_pair_and_burnt_by_a_stranger_are_given_away() -> None:
    story = Story().transfer(OWNER, PAIR, 50).next_tx()
    story.transfer(PAIR, ZERO, 50).burn(5, 6, to=STRANGER)
    assert story.told() == [(EventKind.SEND, 50, None)]


def test_lp_tokens_left_at_the_pair_are_sent() -> None:
    assert Story().transfer(OWNER, PAIR, 50).told() == [(EventKind.SEND, 50, None)]


def test_a_burn_for_several_holders_is_shared_by_their_lp_tokens() -> None:
    story = Story().transfer(OWNER, PAIR, 30).transfer(STRANGER, PAIR, 70)
    story.transfer(PAIR, ZERO, 100).burn(1_001, 500, to=ROUTER)
    assert story.told() == [(EventKind.BURN, 30, (300, 150))]
    assert story.told(STRANGER) == [(EventKind.BURN, 70, (700, 350))]


def test_an_earlier_strangers_gift_to_the_pair_goes_to_whoever_burns() -> None:
    story = Story().transfer(STRANGER, PAIR, 70).next_tx()
    story.transfer(OWNER, PAIR, 30).transfer(PAIR, ZERO, 100).burn(1_000, 500, to=OWNER)
    assert story.told() == [(EventKind.BURN, 30, (1_000, 500))]
    assert story.told(STRANGER) == [(EventKind.SEND, 70, None)]


def test_plain_transfers_in_and_out_are_told_apart() -> None:
    story = Story().transfer(STRANGER, OWNER, 4).transfer(OWNER, ROUTER, 3)
    assert story.told() == [(EventKind.RECEIVE, 4, None), (EventKind.SEND, 3, None)]


def test_transfers_of_nothing_and_to_oneself_change_nothing() -> None:
    story = Story().transfer(OWNER, OWNER, 4).transfer(OWNER, STRANGER, 0)
    story.transfer(STRANGER, OWNER, 0).transfer(OWNER, PAIR, 0)
    assert story.told() == []


def test_several_operations_in_one_transaction_keep_their_own_amounts() -> None:
    story = Story().transfer(ZERO, OWNER, 10).mint(1, 2).transfer(ZERO, OWNER, 20).mint(3, 4)
    story.transfer(OWNER, PAIR, 5).transfer(PAIR, ZERO, 5).burn(6, 7, to=OWNER)
    assert story.told() == [
        (EventKind.MINT, 10, (1, 2)),
        (EventKind.MINT, 20, (3, 4)),
        (EventKind.BURN, 5, (6, 7)),
    ]


def test_changes_that_do_not_add_up_to_the_balance_are_refused() -> None:
    token = Token(address=ZERO, symbol="A", decimals=18)
    spec = PoolSpec(
        name="A-B", address=PAIR, factory=ZERO, base=token, quote=token, base_is_token0=True
    )
    story = Story().transfer(STRANGER, OWNER, 4).transfer(OWNER, ROUTER, 3)
    changes: tuple[LpChange, ...] = fold_logs(story.logs, pair=PAIR, owner=OWNER)
    require_sum(spec, changes, balance_before=10, balance_now=11)
    with pytest.raises(PositionMismatchError, match="12 LP atoms on the chain, 11 in"):
        require_sum(spec, changes, balance_before=10, balance_now=12)
