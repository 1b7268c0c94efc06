"""Orders against the venue's book: parts of them, shared depth, time, forwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.depth import DepthTerms, depth_atoms
from bot.core.errors import VenueTermsError
from bot.core.instruments import instrument_legs
from bot.core.legs import reversed_legs
from bot.core.listing import ListingTerms
from bot.core.market import Market
from bot.core.orders import Fill, FillStatus, Intent, Leg, Order
from bot.core.quotes import PoolTerms
from bot.core.sleeves import Sleeve
from bot.core.surface import MAJOR
from bot.core.units import DAY_S, YEAR_S
from bot.core.venue import PaperVenue, VenueTerms

ETHER = 10**18
MARKET = Market(
    pool="WETH-USDC", time_s=1_770_120_000, base_symbol="WETH", base_decimals=18,
    quote_symbol="USDC", quote_decimals=6, spot_atoms=2_000_000_000, twap_atoms=None,
    realised_vol=None,
)  # fmt: skip
RICH = {Sleeve.CORE: {"USDC": 10**15}}


def venue_of(**depth: float) -> PaperVenue:
    terms = PoolTerms(depth=replace(DepthTerms(), **depth))  # type: ignore[arg-type]
    return PaperVenue(VenueTerms(pools={"WETH-USDC": terms}))


SHALLOW = venue_of(size_base=10, distance_thinning=0.0)
EXPIRY_S = SHALLOW.expiry_near(MARKET, tenor_s=14 * DAY_S)


def legs(name: str, *offsets: int, ether: int = 12) -> tuple[Leg, ...]:
    return instrument_legs(
        name, SHALLOW, MARKET, quantity_atoms=ether * ETHER, offsets_bps=offsets,
        expiry_s=EXPIRY_S,
    )  # fmt: skip


def order(wanted: tuple[Leg, ...], name: str = "first", **changes: object) -> Order:
    plain = Order(
        id=name, hedge_id=name, pool="WETH-USDC", layer="guard", intent=Intent.OPEN, legs=wanted,
        cash_limit_atoms=-(10**15), settlement_atoms=None, reason="ARM",
        good_until_s=MARKET.time_s,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def dealt(*orders: Order, venue: PaperVenue = SHALLOW, cash: int = 10**15) -> list[Fill]:
    return list(venue.execute(orders, {"WETH-USDC": MARKET}, {Sleeve.CORE: {"USDC": cash}}))


def quantities(fill: Fill) -> list[int]:
    return [leg_fill.leg.quantity_atoms for leg_fill in fill.legs]


def test_an_order_larger_than_the_book_is_filled_in_part_every_leg_alike() -> None:
    """12 wanted, 10 shown: ten of each leg, at the same prices as one would be."""
    whole = legs("put_spread", -800, -2000)
    (fill,) = dealt(order(whole))
    assert (fill.status, fill.reason) == (FillStatus.PARTIAL, "DEPTH")
    assert quantities(fill) == [10 * ETHER, -10 * ETHER]
    (ten,) = dealt(order(legs("put_spread", -800, -2000, ether=10)))
    assert (ten.status, ten.reason) == (FillStatus.FILLED, "FILLED")
    assert (fill.cash_atoms, fill.fee_atoms, fill.legs) == (ten.cash_atoms, ten.fee_atoms, ten.legs)


def test_orders_of_one_tick_share_what_the_book_shows_and_each_side_has_its_own() -> None:
    put = legs("protective_put", -800, ether=7)
    fills = dealt(
        order(put), order(put, "second"), order(put, "third"),
        order(reversed_legs(put), "sale"), order(legs("protective_put", -1000, ether=7), "other"),
    )  # fmt: skip
    assert [(fill.status.value, fill.reason) for fill in fills] == [
        ("filled", "FILLED"), ("partial", "DEPTH"), ("refused", "DEPTH"),
        ("filled", "FILLED"), ("filled", "FILLED"),
    ]  # fmt: skip
    assert quantities(fills[1]) == [3 * ETHER]
    assert (fills[2].cash_atoms, fills[2].fee_atoms, fills[2].legs) == (0, 0, ())


def test_an_order_is_not_filled_after_its_time() -> None:
    put = legs("protective_put", -800, ether=1)
    assert dealt(order(put, good_until_s=MARKET.time_s - 1))[0].reason == "LAPSED"
    assert dealt(order(put, good_until_s=MARKET.time_s))[0].reason == "FILLED"


def test_a_price_limit_holds_for_a_part_as_for_the_whole() -> None:
    whole = legs("strangle", -1000, 1000)
    cash, _ = SHALLOW.quote_cash(whole, MARKET)
    assert dealt(order(whole, cash_limit_atoms=cash))[0].status is FillStatus.PARTIAL
    assert dealt(order(whole, cash_limit_atoms=cash + 1))[0].reason == "LIMIT"


def test_a_forced_sale_is_filled_beyond_the_book_and_beyond_cash() -> None:
    """Twelve short calls are bought back where the book shows ten and there is no cash."""
    (call,) = legs("strangle", -1000, 1000)[1:]
    forced = order(
        (call,), intent=Intent.CLOSE, is_forced=True, cash_limit_atoms=None, good_until_s=None
    )
    (fill,) = dealt(forced, cash=0)
    assert (fill.status, quantities(fill)) == (FillStatus.FILLED, [12 * ETHER])
    assert fill.cash_atoms < 0


def test_margin_that_a_close_sets_free_pays_for_it() -> None:
    (call,) = legs("strangle", -1000, 1000, ether=1)[1:]
    cash, fee = SHALLOW.quote_cash([call], MARKET)
    back = order((call,), intent=Intent.CLOSE, margin_atoms=fee - cash)
    assert dealt(back, cash=0)[0].reason == "FILLED"
    assert dealt(replace(back, margin_atoms=fee - cash - 1), cash=0)[0].reason == "CASH"


def test_a_book_thins_with_distance_and_stress() -> None:
    """Worked: 2,000 at x = 2 and stress 3 are 2,000 / ((1 + 0.5 * 2) * (1 + 3)) = 250."""
    years = (EXPIRY_S - MARKET.time_s) / YEAR_S
    (put,) = legs("protective_put", 0)
    exact = {"listing": ListingTerms(), "terms": DepthTerms()}
    assert depth_atoms(put.contract, MARKET, stress=0.0, **exact) == 2_000 * ETHER  # type: ignore[arg-type]
    far = replace(
        put.contract, strike_atoms=round(2_000_000_000 * 2.718281828459045 ** (-2 * years**0.5))
    )
    shown = depth_atoms(far, MARKET, stress=3.0, **exact) / ETHER  # type: ignore[arg-type]
    assert shown == pytest.approx(250, abs=0.01)
    forward = replace(far, kind=legs("forward", 0)[0].contract.kind)
    assert depth_atoms(forward, MARKET, stress=0.0, **exact) == 2_000 * ETHER  # type: ignore[arg-type]


def test_a_stressed_market_fills_less() -> None:
    """Realised volatility at three times the calm level: stress 2, a third of the depth."""
    storm = replace(MARKET, realised_vol=3 * MAJOR.atm_vol)
    (fill,) = SHALLOW.execute([order(legs("protective_put", -800))], {"WETH-USDC": storm}, RICH)
    assert quantities(fill) == [3_330_000_000_000_000_000]


def test_a_forward_costs_spot_less_strike_and_half_a_spread() -> None:
    """Short one forward struck at 2,000 with spot at 2,000: the bid is half a spread below 0."""
    (short,) = legs("forward", 0, ether=1)
    assert short.contract.code.endswith("-2000-F")
    assert SHALLOW.mark(short.contract, MARKET) == 0
    assert SHALLOW.bid_ask(short.contract, MARKET) == (-600_000, 600_000)  # 2.5 bps, whole ticks
    (fill,) = dealt(order((short,)))
    assert (fill.cash_atoms, fill.fee_atoms, fill.spread_atoms) == (-600_000, 1_000_000, 600_000)
    assert fill.margin_atoms == 300_000_000  # 15 % of spot
    lower = replace(MARKET, spot_atoms=1_800_000_000)
    assert SHALLOW.margin_atoms((short,), lower) == 270_000_000
    assert SHALLOW.margin_atoms((replace(short, quantity_atoms=ETHER),), lower) == 470_000_000


@pytest.mark.parametrize(("price", "paid", "fee"), [(1_500, 500, 375_000), (2_300, -300, 575_000)])
def test_a_forward_settles_either_way(price: int, paid: int, fee: int) -> None:
    """Source: S - K for one short forward at 2,000; 0.025 % of the settlement price."""
    (short,) = legs("forward", 0, ether=1)
    settling = order((short,), intent=Intent.SETTLE, settlement_atoms=price * 10**6)
    (fill,) = dealt(settling)
    assert (fill.cash_atoms, fill.fee_atoms) == (paid * 10**6, fee)


def test_a_conversion_is_worth_nothing_at_the_mark_and_costs_the_spreads() -> None:
    """Forward long, put long, call short at one strike: flat at every settlement price."""
    forward, put = legs("forward", 0, ether=1)[0], legs("protective_put", 0, ether=1)[0]
    call = legs("strangle", -1000, 0, ether=1)[1]
    flat = (
        replace(forward, quantity_atoms=ETHER), put, replace(call, quantity_atoms=-ETHER)
    )  # fmt: skip
    assert SHALLOW.mark_cash(flat, MARKET) == 0
    assert SHALLOW.quote_cash(flat, MARKET)[0] < 0
    assert SHALLOW.quote_cash(reversed_legs(flat), MARKET)[0] < 0
    assert SHALLOW.margin_atoms(flat, MARKET) == 0
    for price in (0, 1_000_000_000, 5_000_000_000):
        settling = order(flat, intent=Intent.SETTLE, settlement_atoms=price)
        assert dealt(settling)[0].cash_atoms == 0


@pytest.mark.parametrize(
    "build",
    [
        lambda: DepthTerms(size_base=0),
        lambda: DepthTerms(distance_thinning=-0.1),
        lambda: DepthTerms(stress_thinning=float("inf")),
    ],
)
def test_depth_that_makes_no_sense_cannot_be_built(build: object) -> None:
    with pytest.raises(VenueTermsError):
        build()  # type: ignore[operator]
