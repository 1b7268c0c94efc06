"""The control: a basket of all watched pools, against 50-digit arithmetic and small worlds."""

from __future__ import annotations

from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction

import pytest

from bot.config.scenario_file import load_scenario
from bot.core.basket import GRAIN_DIGITS, STAKE, currency_of
from bot.core.model_stage import model_world
from bot.core.record import decode_snapshot, read_body
from bot.core.snapshot import PoolSpec, PoolState, Snapshot, Token
from bot.report.basket import Basket, basket_sentence
from bot.report.reading import Story, read_story
from bot.report.summary import summarise
from tests.unit.report.story_book import played

FINE = Context(prec=60)
USDC = Token(address="0x01", symbol="USDC", decimals=6)
WETH = Token(address="0x02", symbol="WETH", decimals=18)
STETH = Token(address="0x03", symbol="STETH", decimals=18)


def spec(base: Token, quote: Token, *, hedged: bool = True) -> PoolSpec:
    return PoolSpec(
        name=f"{base.symbol}-{quote.symbol}", address=f"0x{base.symbol}{quote.symbol}",
        factory="0xf", base=base, quote=quote, base_is_token0=True, hedged=hedged,
    )  # fmt: skip


def pool(base: int, quote: int, supply: int, *, k_last: int = 0) -> PoolState:
    return PoolState(
        reserve0=base, reserve1=quote, reserves_time_s=0, price0_cumulative=0,
        price1_cumulative=0, total_supply=supply, lp_balance=0, k_last=k_last, fee_on=k_last > 0,
    )  # fmt: skip


def snapshots(store: object) -> list[Snapshot]:
    found: list[Snapshot] = []
    specs: tuple[PoolSpec, ...] = ()
    for row in store.rows():  # type: ignore[attr-defined]
        body = read_body(row.body)
        if row.kind == "open":
            specs = tuple(spec_of for spec_of in read_story([row]).head.specs)  # type: ignore[union-attr]
        elif row.kind == "record":
            before = found[-1] if found else None
            found.append(decode_snapshot(body["snapshot"], specs, before))
    return found


@pytest.fixture(scope="module")
def story() -> Story:
    found = read_story(played("crash").rows())
    assert found is not None
    return found


def test_the_basket_is_what_liquidity_per_token_and_price_say(story: Story) -> None:
    """Oracle: value per LP token is 2 sqrt(k P) over the supply, a root that the code never takes;
    staked ether comes to dollars at the ether pool's price. 60 digits."""
    walk = snapshots(played("crash"))
    assert not any(each.fee_on for each in walk[-1].pools)

    def worth(at: Snapshot) -> tuple[Decimal, Decimal]:
        found = []
        for one, state in zip(at.specs, at.pools, strict=True):
            base, quote = (Decimal(side) for side in state.reserves(one))
            root = FINE.sqrt(FINE.multiply(FINE.multiply(base, quote), FINE.divide(quote, base)))
            found.append(FINE.divide(FINE.multiply(Decimal(2), root), Decimal(state.total_supply)))
        base, quote = (Decimal(side) for side in at.pools[0].reserves(at.specs[0]))
        return found[0], FINE.multiply(found[1], FINE.divide(quote, base))

    first, last = worth(walk[0]), worth(walk[-1])
    grown = [FINE.divide(now, then) for then, now in zip(first, last, strict=True)]
    expected = FINE.multiply(FINE.add(*grown), Decimal(STAKE // 2))
    assert story.last is not None
    seen = story.last.basket
    assert seen.value_grains == pytest.approx(int(expected), abs=1)
    assert (seen.currency, seen.pools, seen.waiting) == ("USDC", 2, 0)


def test_without_fees_the_basket_loses_what_impermanent_loss_says() -> None:
    """Price times four on k unchanged: 2 against 2.5 held, the known loss of a fifth."""
    one = spec(WETH, USDC)
    basket = Basket((one,))
    basket.after([(0, pool(1_000, 1_000, 1_000))], block_number=1)
    seen = basket.after([(0, pool(500, 2_000, 1_000))], block_number=2)
    assert (seen.value_grains, seen.hold_grains) == (2 * STAKE, 5 * STAKE // 2)
    assert seen.vs_hold_bps == -2_000


def test_a_pool_that_is_seen_later_joins_then_with_as_much() -> None:
    pair = (spec(WETH, USDC), spec(STETH, USDC))
    basket = Basket(pair)
    first = basket.after([(0, pool(1_000, 1_000, 1_000)), (1, pool(0, 0, 0))], block_number=1)
    assert (first.pools, first.waiting, first.value_grains) == (1, 1, STAKE)
    grown = basket.after([(0, pool(2_000, 2_000, 1_000))], block_number=2)
    assert grown.value_grains == 2 * STAKE
    joined = basket.after([(1, pool(70, 700, 9))], block_number=3)
    assert (joined.pools, joined.waiting) == (2, 0)
    assert joined.value_grains == 3 * STAKE // 2
    assert "1 more not priced" in basket_sentence(first)


def test_a_pool_that_loses_its_price_makes_the_basket_unknown_until_it_is_back() -> None:
    basket = Basket((spec(WETH, USDC),))
    basket.after([(0, pool(1_000, 1_000, 1_000))], block_number=1)
    gone = basket.after([(0, pool(0, 0, 1_000))], block_number=2)
    assert (gone.value_grains, gone.hold_grains, gone.vs_hold_bps) == (None, None, None)
    assert "not known while a pool has no price" in basket_sentence(gone)
    back = basket.after([(0, pool(1_000, 4_000, 2_000))], block_number=3)
    assert back.value_grains == 2 * STAKE


def test_another_quote_token_counts_at_the_price_of_a_watched_pool_either_way_round() -> None:
    """Staked ether stands still against ether while ether doubles in dollars: so does its pool."""
    for turned in (spec(WETH, USDC), spec(USDC, WETH)):
        pair = (spec(STETH, USDC), turned, spec(STETH, WETH))
        assert currency_of(pair) == "USDC"
        basket = Basket(pair)
        still = pool(1_000, 1_000, 1_000)
        basket.after([(0, still), (1, still), (2, still)], block_number=1)
        moved = pool(1_000, 2_000, 1_414) if turned.base is WETH else pool(2_000, 1_000, 1_414)
        seen = basket.after([(1, moved)], block_number=2)
        ether = Fraction(2 * moved.reserve1, 1_414) / 2
        if turned.quote is WETH:
            ether *= 2
        expected = (1 + ether + 2) / 3
        assert seen.value_grains is not None
        assert abs(Fraction(seen.value_grains, STAKE) - expected) < Fraction(4, STAKE)


def test_a_pool_without_a_price_in_the_currency_waits_outside() -> None:
    basket = Basket(
        (spec(WETH, USDC), spec(STETH, Token(address="0x9", symbol="DAI", decimals=18)))
    )
    seen = basket.after([(0, pool(9, 9, 9)), (1, pool(9, 9, 9))], block_number=1)
    assert (seen.pools, seen.waiting) == (1, 1)


def test_what_the_protocol_is_owed_is_not_the_baskets() -> None:
    """Fee on: k grew fourfold since the last mint, so root k doubled; a sixth of the growth over
    what it is 5/6 of: (2 - 1) / (5 * 2 + 1) of the supply, rounded down, is the protocol's."""
    basket = Basket((spec(WETH, USDC),))
    supply = 11_000
    basket.after([(0, pool(10_000, 10_000, supply, k_last=10_000**2))], block_number=1)
    seen = basket.after([(0, pool(20_000, 20_000, supply, k_last=10_000**2))], block_number=2)
    assert seen.value_grains == int(Fraction(2 * supply, supply + 1_000) * STAKE)


def test_a_reorg_takes_the_basket_back_with_the_ticks() -> None:
    """A basket that saw nothing but the first tick and the last one is where the book's is."""
    through = read_story(played("crash", steps_max=40, undo_at=30).rows())
    assert through is not None
    assert through.undone
    assert through.last is not None
    walk = snapshots(played("crash", steps_max=41))
    (last,) = [at for at in walk if at.block.number == through.last.block_number]
    fresh = Basket(through.head.specs)
    fresh.after(enumerate(walk[0].pools), block_number=walk[0].block.number)
    seen = fresh.after(enumerate(last.pools), block_number=last.block.number)
    assert through.last.basket == seen


def test_the_basket_undone_to_nothing_begins_anew() -> None:
    basket = Basket((spec(WETH, USDC),))
    first = basket.after([(0, pool(1_000, 1_000, 1_000))], block_number=7)
    basket.after([(0, pool(1_000, 9_000, 1_000))], block_number=8)
    basket.undo(ancestor_number=6)
    assert basket.after([(0, pool(1_000, 9_000, 1_000))], block_number=7).value_grains == STAKE
    assert first.value_grains == STAKE


def test_the_summary_tells_the_basket_in_exact_text(story: Story) -> None:
    row = summarise(story).to_json()["basket"]
    assert isinstance(row, dict)
    assert story.last is not None
    value, hold = row["value"], row["hold"]
    assert isinstance(value, str)
    assert isinstance(hold, str)
    assert Fraction(value) * 10**GRAIN_DIGITS == story.last.basket.value_grains
    assert Fraction(hold) * 10**GRAIN_DIGITS == story.last.basket.hold_grains


def test_pools_that_are_only_watched_are_in_the_basket() -> None:
    """The journal has their states although no layer looks at them."""
    scenario = load_scenario("crash")
    watched = tuple(replace(one, hedged=one.name == "WETH-USDC") for one in scenario.pools)
    world = model_world(replace(scenario, pools=watched))
    assert [one.hedged for one in world.specs] == [True, False]
    basket = Basket(world.specs)
    at = world.source.read()
    seen = basket.after(enumerate(at.pools), block_number=at.block.number)
    assert (seen.pools, seen.value_grains) == (2, STAKE)
