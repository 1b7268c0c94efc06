"""What can be done to the average of a sealed order, and how far each of it goes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from brownie import chain, reverts, web3

from bot.core.amm import amount_out_down
from tests.contract.pool_reading import NEVER_S
from tests.contract.sealing import (
    BLOCK_S,
    CLOSE_S,
    REST_S,
    REVEAL_S,
    SALT,
    USDC,
    WINDOW_S,
    Market,
    Path,
    Sending,
    Stage,
    Terms,
    ask_node,
    in_one_block,
    next_at,
    now_s,
    quote_at,
)

BPS = 10_000
BALANCES_SLOT = (3).to_bytes(32, "big")
"""Where TestToken keeps its balances: after name, symbol and supply."""
QUARTER = Fraction(1, 4)


def sent_off(quiet: int, told: int) -> Fraction:
    """How far a figure is from the one of a quiet market, in bps."""
    return Fraction((told - quiet) * BPS, quiet)


def limited(market: Market, *, is_buy: bool, bps: int) -> Terms:
    """An order for one base token, its limit so far beyond the price now, against its owner."""
    quote = quote_at(market.price, window_s=1, terms=market.terms(is_buy=is_buy))
    return market.terms(is_buy=is_buy, limit=quote * (BPS + (bps if is_buy else -bps)) // BPS)


def bent_bps(market: Market, told: Any, *, quiet: int) -> Fraction:
    """How far what was told is from the average of a quiet market, in bps."""
    terms = market.terms(is_buy=told["terms"][2])
    return sent_off(quote_at(quiet, window_s=1, terms=terms), told["quoteAtoms"])


# -- what bends it --------------------------------------------------------------------------------


def sandwiched(market: Market, move: Fraction, victim: Sending, *, at_s: int) -> None:
    """Mine a push by so much, the victim, and the swap back of what the push bought, as a block."""
    token, atoms = market.push_atoms(move)
    other, side = (market.quote, 0) if token == market.base else (market.base, 1)
    reserves = market.reserves
    back = amount_out_down(atoms, reserve_in=reserves[side], reserve_out=reserves[1 - side])
    receipts = in_one_block(
        [market.swap_sending(token, atoms), victim, market.swap_sending(other, back)], time_s=at_s
    )
    assert [receipt["status"] for receipt in receipts] == [1, 1, 1]
    reserve = Fraction(reserves[side] + atoms, reserves[side])
    assert reserve**2 > Fraction(6, 5)  # the price was a quarter away, or a third


@pytest.mark.parametrize("move", [QUARTER, -QUARTER])
def test_a_sandwich_around_the_close_moves_nothing(market: Market, move: Fraction) -> None:
    """The pair adds up what earlier blocks ended on; a price within a block has no seconds."""
    terms = limited(market, is_buy=move > 0, bps=1)
    opened_s = market.commit(terms)
    closed_s = opened_s + WINDOW_S
    quiet = market.price
    close = market.book.close.encode_input(market.owner, market.seal(terms))
    sandwiched(market, move, (market.stranger, market.book, close), at_s=closed_s)
    assert market.price != quiet
    told = market.reveal(terms, at_s=closed_s + REST_S)
    assert told["quoteAtoms"] == quote_at(quiet, window_s=1, terms=terms)
    assert told["stage"] == Stage.FILLED


@pytest.mark.parametrize("move", [QUARTER, -QUARTER])
def test_a_sandwich_around_the_commit_moves_nothing(market: Market, move: Fraction) -> None:
    """It is over when the block ends; only the price that it leaves behind is averaged."""
    terms = market.terms(is_buy=move > 0)
    commit = market.book.commit.encode_input(market.seal(terms), market.pair)
    opened_s = now_s() + BLOCK_S
    sandwiched(market, move, (market.owner, market.book, commit), at_s=opened_s)
    told = market.settle(terms, close_at_s=opened_s + WINDOW_S)
    assert told["quoteAtoms"] == quote_at(market.price, window_s=1, terms=terms)


@pytest.mark.parametrize("move", [QUARTER, -QUARTER])
def test_a_push_for_one_block_moves_the_average_by_its_share_of_the_time(
    market: Market, move: Fraction
) -> None:
    """A quarter for 12 of 1,800 seconds is 16.7 bps (2,500 * 12 / 1,800), and the limit decides."""
    quiet = market.price
    for limit_bps, stage in ((20, Stage.FILLED), (15, Stage.VOID)):
        terms = limited(market, is_buy=move > 0, bps=limit_bps)
        opened_s = market.commit(terms)
        path = Path(market, from_s=opened_s)
        market.push(move, at_s=opened_s + 600)
        path.until(opened_s + 600)
        market.push_to(quiet, at_s=opened_s + 600 + BLOCK_S)
        path.until(opened_s + 600 + BLOCK_S)
        closed_s = opened_s + WINDOW_S
        growth = path.until(closed_s)
        told = market.settle(terms, close_at_s=closed_s)
        assert told["quoteAtoms"] == quote_at(growth, window_s=WINDOW_S, terms=terms)
        moved_bps = abs(bent_bps(market, told, quiet=quiet))
        assert moved_bps == pytest.approx(2_500 * BLOCK_S / WINDOW_S, abs=0.001)
        assert told["stage"] == stage


@pytest.mark.parametrize(
    ("move", "blocks", "bent", "stage"),
    [
        # 25 % for the share of the time: one block, ten, half of the window.
        (QUARTER, 1, 16.667, Stage.FILLED),
        (QUARTER, 10, 166.667, Stage.FILLED),
        (QUARTER, 75, 1_250, Stage.VOID),
        (-QUARTER, 75, -1_250, Stage.VOID),
        # An average is not a median: a hundredfold price for one block is 99 * 12 / 1,800.
        (Fraction(99), 1, 6_600, Stage.VOID),
        # Down there is less to take: at nothing for one block it could be 66.7 bps.
        (Fraction(-99, 100), 1, -66, Stage.FILLED),
    ],
)
def test_a_push_that_is_held_bends_the_average_until_the_limit_voids_the_order(
    market: Market, move: Fraction, blocks: int, bent: float, stage: Stage
) -> None:
    """With a limit of 2 %, against its owner."""
    quiet = market.price
    terms = limited(market, is_buy=move > 0, bps=200)
    opened_s = market.commit(terms)
    market.push(move, at_s=opened_s + 300)
    market.push_to(quiet, at_s=opened_s + 300 + blocks * BLOCK_S)
    told = market.settle(terms, close_at_s=opened_s + WINDOW_S)
    assert float(bent_bps(market, told, quiet=quiet)) == pytest.approx(bent, abs=0.001)
    assert told["stage"] == stage == market.stage(terms)


@pytest.mark.parametrize(
    ("move", "cost_usdc"),
    [(QUARTER, 1_269), (-QUARTER, 1_610), (Fraction(3, 2), 4_420), (Fraction(99), 10_831)],
)
def test_a_push_for_one_block_costs_what_two_swaps_leave_to_the_pool(
    market: Market, move: Fraction, cost_usdc: int
) -> None:
    """Of a pool worth 4,000,000, nobody trading in between: at most 3.01 per mille of that.

    The figures are measured, and told in docs/methodology.md.
    """
    quiet, before = market.price, market.worth(at=market.price)
    market.push(move)
    market.push_to(quiet)
    assert (before - market.worth(at=quiet)) // USDC in (cost_usdc - 1, cost_usdc)


def test_a_close_that_is_held_back_adds_its_lateness_and_no_more(market: Market) -> None:
    """25 % through all of CLOSE_S, a quarter of the 2,400 seconds: 6.25 %. Then it lapses."""
    quiet = market.price
    terms = limited(market, is_buy=True, bps=200)
    opened_s = market.commit(terms)
    market.push(QUARTER, at_s=opened_s + WINDOW_S)
    told = market.settle(terms, close_at_s=opened_s + WINDOW_S + CLOSE_S)
    assert float(bent_bps(market, told, quiet=quiet)) == pytest.approx(625, abs=0.001)
    assert told["stage"] == Stage.VOID


def test_who_reads_the_terms_or_holds_them_back_bends_nothing(market: Market) -> None:
    """The price is fixed with the close: a day of any price after it is not in it."""
    terms = limited(market, is_buy=True, bps=1)
    opened_s = market.commit(terms)
    quiet = market.price
    closed_s = opened_s + WINDOW_S
    market.close(terms, at_s=closed_s)
    market.push(QUARTER, at_s=closed_s + BLOCK_S)
    told = market.reveal(terms, at_s=closed_s + REVEAL_S)
    assert told["quoteAtoms"] == quote_at(quiet, window_s=1, terms=terms)
    assert told["stage"] == Stage.FILLED


def test_a_close_that_a_reorg_takes_back_is_made_again_unread(market: Market) -> None:
    """REST_S keeps the terms shut meanwhile: what comes after the reorg is blind too."""
    terms = market.terms(is_buy=True)
    opened_s = market.commit(terms)
    path = Path(market, from_s=opened_s)
    market.close(terms, at_s=opened_s + WINDOW_S)
    next_at(opened_s + WINDOW_S + REST_S - 1)
    with reverts(f"TooEarly: {now_s() + REST_S - 1}, {now_s() + REST_S}"):
        market.book.reveal(terms.as_tuple(), SALT, {"from": market.owner})
    chain.undo(2)
    assert market.stage(terms) is Stage.OPEN
    market.push(QUARTER, at_s=opened_s + WINDOW_S)
    path.until(opened_s + WINDOW_S)
    closed_s = opened_s + WINDOW_S + BLOCK_S
    told = market.settle(terms, close_at_s=closed_s)
    growth = path.until(closed_s)
    assert told["quoteAtoms"] == quote_at(growth, window_s=WINDOW_S + BLOCK_S, terms=terms)


def test_in_a_drained_pool_the_same_push_is_cheap_and_the_limit_is_what_is_left(
    market: Market,
) -> None:
    """98 % of the liquidity leaves; then a quarter of the price takes a fiftieth of the money."""
    quiet = market.price
    terms = limited(market, is_buy=False, bps=200)
    opened_s = market.commit(terms)
    _, deep = market.push_atoms(-QUARTER)
    lp_atoms = int(market.pair.balanceOf(market.trader)) * 98 // 100
    next_at(opened_s + 300)
    market.router.removeLiquidity(
        market.base, market.quote, lp_atoms, 0, 0, market.trader, NEVER_S, {"from": market.trader}
    )
    _, thin = market.push_atoms(-QUARTER)
    assert deep / thin == pytest.approx(50)
    market.push(-QUARTER, at_s=opened_s + 600)
    told = market.settle(terms, close_at_s=opened_s + WINDOW_S)
    assert float(bent_bps(market, told, quiet=quiet)) == pytest.approx(-2_500 * 2 / 3, abs=0.01)
    assert told["stage"] == Stage.VOID


def test_a_pair_that_has_been_emptied_cannot_be_closed_and_the_order_lapses(market: Market) -> None:
    """As by a token that takes balances back: the thousand locked LP atoms keep others from it."""
    terms = market.terms(is_buy=True)
    opened_s = market.commit(terms)
    slot = web3.keccak(bytes(12) + bytes.fromhex(market.pair.address[2:]) + BALANCES_SLOT)
    ask_node("anvil_setStorageAt", market.base.address, "0x" + bytes(slot).hex(), "0x" + "00" * 32)
    assert market.base.balanceOf(market.pair) == 0
    market.pair.sync({"from": market.stranger})
    next_at(opened_s + WINDOW_S)
    with reverts(f"EmptyPair: {market.pair.address.lower()}"):
        market.book.close(market.owner, market.seal(terms), {"from": market.stranger})
    next_at(opened_s + WINDOW_S + CLOSE_S + 1)
    ask_node("evm_mine")
    assert market.stage(terms) is Stage.LAPSED
