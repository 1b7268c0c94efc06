"""The journal read back says what the books say; ticks that a reorg took back are left out."""

from __future__ import annotations

import pytest

from bot.core import accounts
from bot.core.errors import TickMissingError
from bot.edges.memory_store import MemoryStore
from bot.report.reading import Story, read_story
from bot.report.standing import Standing, standings
from tests.unit.report.story_book import played

LAYERS = ("guard", "wing")
POOL = "WETH-USDC"


def story_of(store: MemoryStore) -> Story:
    story = read_story(store.rows())
    assert story is not None
    return story


def last_standing(story: Story, pool: str) -> Standing:
    return list(standings(story.ticks))[-1][pool]


def test_a_journal_that_was_never_opened_has_no_story() -> None:
    assert read_story(()) is None


def test_the_last_tick_stands_where_the_ledger_stands() -> None:
    store = played("crash")
    last = story_of(store).last
    assert last is not None
    assert (last.ledger_seq, last.ledger_hash) == (store.tip.ledger.seq, store.tip.ledger.hash)
    assert last.money.cash["USDC"] == store.balances()[accounts.CASH, "USDC"]


def test_reserves_carried_from_tick_to_tick_give_the_recorded_price() -> None:
    for tick in story_of(played("crash")).ticks:
        for seen in tick.pools.values():
            assert seen.market.spot_atoms == seen.price * 10**seen.market.base_decimals // 1


def test_ticks_above_the_ancestor_of_a_reorg_are_dropped_and_listed() -> None:
    story = story_of(played("crash", 140, 120))
    (undo,) = story.undone
    assert undo.ticks == (120, 121)
    numbers = [tick.number for tick in story.ticks]
    assert not set(undo.ticks) & set(numbers)
    assert numbers[-1] == 141
    with pytest.raises(TickMissingError, match="no tick 121 in the book"):
        story.tick(121, file="the book")


def test_a_story_with_a_limit_remembers_only_the_newest_ticks() -> None:
    story = story_of(played("crash", 40))
    whole = [tick.number for tick in story.ticks]
    bounded = Story(head=story.head, ticks_max=3)
    for row in played("crash", 40).rows():
        if row.kind == "record":
            from bot.core.record import read_body

            bounded.record(read_body(row.body))
    assert [tick.number for tick in bounded.ticks] == whole[-3:]


@pytest.mark.parametrize(("steps", "undo_at"), [(288, None), (160, 120), (160, 121)])
def test_the_hedges_money_is_what_the_ledger_holds_also_after_a_reorg(
    steps: int, undo_at: int | None
) -> None:
    """Oracle: the balances of the double-entry ledger, which know nothing of this reading."""
    store = played("crash", steps, undo_at)
    hedge, balances = last_standing(story_of(store), POOL).hedge, store.balances()

    def booked(account: object) -> int:
        assert callable(account)
        return sum(balances.get((account(pool=POOL, layer=name), "USDC"), 0) for name in LAYERS)

    assert hedge.premium_atoms == booked(accounts.premium_account) > 0
    assert hedge.spread_atoms == booked(accounts.spread_account) > 0
    assert hedge.fees_atoms == booked(accounts.venue_fees_account) > 0
    assert hedge.payoff_atoms == -booked(accounts.payoff_account)


def test_before_any_withdrawal_hold_and_lp_are_the_records_own_values() -> None:
    story = story_of(played("crash", 200))
    for tick, by_pool in zip(story.ticks, standings(story.ticks), strict=True):
        for pool, standing in by_pool.items():
            exposure = tick.pools[pool].exposure
            assert exposure is not None
            assert standing.hold_atoms == exposure.hold_value_atoms
            assert standing.lp_atoms == exposure.lp_value_atoms
            assert standing.realised_atoms == 0


def test_a_withdrawal_realises_its_share_of_loss_and_fees() -> None:
    """The crash's owner takes a quarter of the LP tokens out on day 9, which is tick 217.

    Oracle: what a quarter leaves behind is three times as much as what it takes along, but for
    what the price did between the withdrawal and the end of its block.
    """
    story = story_of(played("crash"))
    before, after = (
        by_pool[POOL]
        for tick, by_pool in zip(story.ticks, standings(story.ticks), strict=True)
        if tick.number in (216, 217)
    )
    assert before.realised_atoms == 0
    assert after.realised_atoms == pytest.approx((after.il_atoms + after.fees_atoms) / 3, rel=0.1)
