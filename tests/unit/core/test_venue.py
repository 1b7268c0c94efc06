"""The paper venue's quotes, fills, refusals, settlements and fees."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.errors import NotQuotedError, OrderMalformedError, VenueTermsError
from bot.core.fees import FeeTerms
from bot.core.instruments import instrument_legs
from bot.core.listing import ListingTerms
from bot.core.market import Market
from bot.core.orders import ContractKind, Fill, FillStatus, Intent, Leg, Order
from bot.core.ports import Venue
from bot.core.quotes import PoolTerms, SpreadTerms
from bot.core.sleeves import Sleeve
from bot.core.surface import CORRELATED
from bot.core.units import YEAR_S
from bot.core.venue import PaperVenue, VenueTerms
from tests.oracles.options import exact_greeks

ETHER = 10**18
DAY_S = 86_400
PAPER = PaperVenue(
    VenueTerms(pools={"WETH-USDC": PoolTerms(), "STETH-WETH": PoolTerms(surface=CORRELATED)})
)
VENUE: Venue = PAPER  # what follows uses the socket only
MARKET = Market(
    pool="WETH-USDC", time_s=1_770_120_000, base_symbol="WETH", base_decimals=18,
    quote_symbol="USDC", quote_decimals=6, spot_atoms=2_000_000_000, twap_atoms=None,
    realised_vol=None,
)  # fmt: skip
EXPIRY_S = VENUE.expiry_near(MARKET, tenor_s=14 * DAY_S)
RICH = 10**15


def purse(atoms: int) -> dict[Sleeve, dict[str, int]]:
    """Free cash of the core."""
    return {Sleeve.CORE: {"USDC": atoms}}


def legs(name: str, *offsets: int, ether: float = 3) -> tuple[Leg, ...]:
    return instrument_legs(
        name, VENUE, MARKET, quantity_atoms=int(ether * 100) * ETHER // 100,
        offsets_bps=offsets, expiry_s=EXPIRY_S,
    )  # fmt: skip


def opening(wanted: tuple[Leg, ...], limit: int = -(10**15)) -> Order:
    return Order(
        id="first", hedge_id="first", pool="WETH-USDC", layer="guard", intent=Intent.OPEN,
        legs=wanted, cash_limit_atoms=limit, settlement_atoms=None, reason="ARM",
        good_until_s=MARKET.time_s,
    )  # fmt: skip


def closing(held: tuple[Leg, ...], limit: int = 0) -> Order:
    sold = tuple(Leg(contract=x.contract, quantity_atoms=-x.quantity_atoms) for x in held)
    return replace(opening(sold, limit), id="second", intent=Intent.CLOSE)


def settling(held: tuple[Leg, ...], price: int) -> Order:
    return replace(
        opening(held), id="third", intent=Intent.SETTLE, cash_limit_atoms=None,
        settlement_atoms=price,
    )  # fmt: skip


def filled(order: Order, market: Market = MARKET, cash: dict[str, int] | None = None) -> Fill:
    (fill,) = VENUE.execute([order], {"WETH-USDC": market}, purse(RICH if cash is None else cash))
    return fill


def test_a_mark_is_the_black_price_at_the_surfaces_volatility() -> None:
    """Oracle: 50-digit Black-Scholes. At the money the surface says 65 %."""
    (put,) = legs("protective_put", 0)
    years = (EXPIRY_S - MARKET.time_s) / YEAR_S
    exact = exact_greeks(is_call=False, spot=2000, strike=2000, vol=0.65, years=years).price
    assert VENUE.mark(put.contract, MARKET) == pytest.approx(float(exact) * 1e6, abs=3)


def test_the_spread_at_the_money_and_thirty_days_is_two_hundredths_of_volatility() -> None:
    """Half a spread of 1 % of volatility on each side, rounded out to ticks of 0.2 USD."""
    expiry_s = MARKET.time_s + 30 * DAY_S
    contract = VENUE.contract(MARKET, kind="call", target_atoms=2_000_000_000, expiry_s=expiry_s)
    bid, ask = VENUE.bid_ask(contract, MARKET)
    vega = exact_greeks(is_call=True, spot=2000, strike=2000, vol=0.65, years=30 / 365).vega
    assert bid % 200_000 == ask % 200_000 == 0
    assert 0 <= (ask - bid) - 2 * 0.01 * 0.65 * float(vega) * 1e6 <= 400_000


@pytest.mark.parametrize("wider", [{"realised_vol": 1.3}, {"time_s": MARKET.time_s + 11 * DAY_S}])
def test_stress_and_short_tenor_widen_the_spread_in_volatility(wider: dict[str, float]) -> None:
    (put,) = legs("protective_put", 0)
    market = replace(MARKET, **wider)  # type: ignore[arg-type]

    def half_spread_vol(now: Market) -> float:
        bid, ask = VENUE.bid_ask(put.contract, now)
        years = (EXPIRY_S - now.time_s) / YEAR_S
        vol = VENUE.atm_vol(now, tenor_s=EXPIRY_S - now.time_s)
        vega = exact_greeks(is_call=False, spot=2000, strike=2000, vol=vol, years=years).vega
        return (ask - bid) / 2e6 / float(vega) / vol

    assert half_spread_vol(market) > 1.3 * half_spread_vol(MARKET)


def test_stress_lifts_the_asked_volatility_but_not_the_calm_one() -> None:
    storm = replace(MARKET, realised_vol=2.0)
    assert VENUE.calm_vol(storm, tenor_s=DAY_S) == VENUE.atm_vol(MARKET, tenor_s=DAY_S) == 0.65
    assert VENUE.atm_vol(storm, tenor_s=DAY_S) > 1.4


def test_a_purchase_pays_the_ask_and_a_sale_gets_the_bid() -> None:
    held = legs("put_spread", -800, -2000)
    prices = [VENUE.bid_ask(leg.contract, MARKET) for leg in held]
    fill = filled(opening(held))
    assert fill.status is FillStatus.FILLED
    assert [leg.price_atoms for leg in fill.legs] == [prices[0][1], prices[1][0]]
    assert fill.cash_atoms == 3 * (prices[1][0] - prices[0][1])
    marks = [VENUE.mark(leg.contract, MARKET) for leg in held]
    assert fill.spread_atoms == 3 * (marks[1] - marks[0]) - fill.cash_atoms > 0
    assert fill.margin_atoms == 0
    assert (fill.cash_atoms, fill.fee_atoms) == VENUE.quote_cash(held, MARKET)
    cash, fee = VENUE.quote_cash(closing(held).legs, MARKET)
    assert VENUE.liquidation_atoms(held, MARKET) == cash - fee


def test_the_fee_is_three_basis_points_of_the_underlying_capped_by_the_premium() -> None:
    """3 ETH at 2,000: 1.80 USD a leg; a put worth 0.2 USD pays an eighth of its 0.60 premium."""
    assert filled(opening(legs("protective_put", 0))).fee_atoms == 1_800_000
    (far,) = legs("protective_put", -8500)
    assert VENUE.bid_ask(far.contract, MARKET)[1] == 200_000
    assert filled(opening((far,))).fee_atoms == 75_000


def test_an_order_fills_at_its_limit_and_is_refused_one_atom_beyond() -> None:
    held = legs("strangle", -1000, 1000)
    cash, _ = VENUE.quote_cash(held, MARKET)
    assert filled(opening(held, cash)).status is FillStatus.FILLED
    refused = filled(opening(held, cash + 1))
    assert (refused.status, refused.reason) == (FillStatus.REFUSED, "LIMIT")
    assert (refused.cash_atoms, refused.fee_atoms, refused.legs) == (0, 0, ())


def test_premium_and_fee_must_be_there_to_the_last_atom() -> None:
    held = legs("protective_put", -1000)
    cash, fee = VENUE.quote_cash(held, MARKET)
    assert filled(opening(held), cash=fee - cash).status is FillStatus.FILLED
    assert filled(opening(held), cash=fee - cash - 1).reason == "CASH"
    assert filled(opening(held), cash=0).reason == "CASH"


def test_cash_spent_on_one_order_is_not_there_for_the_next() -> None:
    held = legs("protective_put", -1000)
    cash, fee = VENUE.quote_cash(held, MARKET)
    orders = [opening(held), replace(opening(held), id="again")]
    fills = VENUE.execute(orders, {"WETH-USDC": MARKET}, purse(2 * (fee - cash) - 1))
    assert [fill.reason for fill in fills] == ["FILLED", "CASH"]
    orders.insert(1, closing(held))
    fills = VENUE.execute(orders, {"WETH-USDC": MARKET}, purse(2 * (fee - cash) - 1))
    assert [fill.reason for fill in fills] == ["FILLED", "FILLED", "FILLED"]


def test_margin_of_a_short_position_must_be_there_too() -> None:
    (bought,) = legs("strangle", -1000, 1000)[1:]
    call = replace(bought, quantity_atoms=-bought.quantity_atoms)
    cash, fee = VENUE.quote_cash([call], MARKET)
    margin = VENUE.margin_atoms([call], MARKET)
    assert margin == 3 * (200_000_000 + VENUE.mark(call.contract, MARKET))
    fill = filled(opening((call,)), cash=margin + fee - cash)
    assert (fill.status, fill.margin_atoms) == (FillStatus.FILLED, margin)
    assert filled(opening((call,)), cash=margin + fee - cash - 1).reason == "CASH"


def test_an_expired_contract_can_only_be_settled() -> None:
    held = legs("protective_put", 0)
    late = replace(MARKET, time_s=EXPIRY_S, spot_atoms=1_900_000_000)
    assert filled(opening(held), late).reason == "EXPIRED"
    assert filled(closing(held), late).reason == "EXPIRED"
    assert VENUE.mark(held[0].contract, late) == 100_000_000
    assert VENUE.bid_ask(held[0].contract, late) == (99_900_000, 100_100_000)  # a tick around
    assert filled(settling(held, 1_900_000_000), late).cash_atoms == 300_000_000


def test_the_grid_decides_what_may_be_opened_but_not_what_may_be_closed() -> None:
    held = legs("protective_put", -750)
    assert held[0].contract.strike_atoms == 1_850_000_000
    higher = replace(MARKET, spot_atoms=4_100_000_000)  # strikes are 100 USD apart here
    assert filled(opening(held), higher).reason == "NOT_LISTED"
    assert filled(closing(held), higher).status is FillStatus.FILLED
    other_day = Leg(
        contract=replace(held[0].contract, expiry_s=EXPIRY_S + 3600), quantity_atoms=ETHER
    )
    assert filled(opening((other_day,))).reason == "NOT_LISTED"


def test_sizes_have_a_lot_and_a_maximum() -> None:
    small = PaperVenue(VenueTerms(pools={"WETH-USDC": PoolTerms(quantity_max_base=3)}))
    markets = {"WETH-USDC": MARKET}
    (exact,) = legs("protective_put", 0)
    (fill,) = small.execute([opening((exact,))], markets, purse(RICH))
    assert fill.status is FillStatus.FILLED
    one_lot_more = replace(exact, quantity_atoms=3 * ETHER + ETHER // 100)
    (fill,) = small.execute([opening((one_lot_more,))], markets, purse(RICH))
    assert fill.reason == "SIZE"
    assert filled(opening((replace(exact, quantity_atoms=ETHER // 100 + 1),))).reason == "LOT"
    assert VENUE.quantity_down(MARKET, quantity_atoms=ETHER // 100 * 7 + 1) == ETHER // 100 * 7
    assert VENUE.quantity_down(MARKET, quantity_atoms=ETHER // 100 - 1) == 0


def test_a_worthless_option_can_be_given_away_but_not_sold_short_for_nothing() -> None:
    held = legs("protective_put", -7000)
    assert VENUE.bid_ask(held[0].contract, MARKET)[0] == 0
    given = filled(closing(held))
    assert (given.status, given.cash_atoms, given.fee_atoms) == (FillStatus.FILLED, 0, 0)
    assert filled(opening(closing(held).legs)).reason == "NO_BID"


def test_a_pool_without_terms_or_price_has_no_market() -> None:
    held = legs("protective_put", 0)
    assert filled(opening(held), replace(MARKET, spot_atoms=0)).reason == "NO_MARKET"
    assert VENUE.execute([opening(held)], {}, purse(RICH))[0].reason == "NO_MARKET"
    bare = PaperVenue(VenueTerms(pools={}))
    assert (
        bare.execute([opening(held)], {"WETH-USDC": MARKET}, purse(RICH))[0].reason == "NO_MARKET"
    )
    with pytest.raises(NotQuotedError, match="no pool"):
        bare.mark(held[0].contract, MARKET)


def test_settlement_pays_by_the_given_price_less_the_delivery_fee() -> None:
    """3 ETH of the 1,850/1,600 put spread at 1,700: 450 USD; 0.015 % of 3 * 1,700 is 0.765 USD.
    At 1,849 the put is worth 3 USD and the cap, an eighth, is 0.375 USD."""
    held = legs("put_spread", -800, -2000)
    fill = filled(settling(held, 1_700_000_000))
    assert (fill.cash_atoms, fill.fee_atoms, fill.spread_atoms) == (450_000_000, 765_000, 0)
    near = filled(settling(held, 1_849_000_000))
    assert (near.cash_atoms, near.fee_atoms) == (3_000_000, 375_000)
    nothing = filled(settling(held, 2_000_000_000))
    assert (nothing.cash_atoms, nothing.fee_atoms) == (0, 0)


def test_settlement_is_never_refused_for_want_of_terms_or_cash() -> None:
    (put,) = legs("protective_put", 0)
    short = (replace(put, quantity_atoms=-3 * ETHER),)
    bare = PaperVenue(VenueTerms(pools={}))
    order = settling(short, 1_000_000_000)
    (fill,) = bare.execute([order], {"WETH-USDC": MARKET}, {})
    assert (fill.status, fill.cash_atoms) == (FillStatus.FILLED, -3_000_000_000)


def test_an_order_that_cannot_be_read_is_a_fault_and_not_a_refusal() -> None:
    (put,) = legs("protective_put", 0)
    for broken in (
        replace(opening((put,)), legs=()),
        replace(opening((put,)), pool="STETH-WETH"),
        opening((replace(put, quantity_atoms=0),)),
        replace(opening((put,)), cash_limit_atoms=None),
        replace(settling((put,), 1), settlement_atoms=None),
    ):
        with pytest.raises(OrderMalformedError):
            VENUE.execute([broken], {"WETH-USDC": MARKET, "STETH-WETH": MARKET}, purse(RICH))


def test_a_correlated_pair_is_quoted_by_its_own_surface() -> None:
    market = replace(MARKET, pool="STETH-WETH", quote_decimals=18, spot_atoms=ETHER)
    assert VENUE.atm_vol(market, tenor_s=7 * DAY_S) == 0.06


@pytest.mark.parametrize(
    "build",
    [
        lambda: FeeTerms(trade_ppm=-1),
        lambda: FeeTerms(cap_bps=-1),
        lambda: SpreadTerms(half_share=-0.01),
        lambda: SpreadTerms(stress_widening=float("nan")),
        lambda: SpreadTerms(widening_max=0.5),
        lambda: PoolTerms(quantity_max_base=0),
        lambda: PoolTerms(listing=ListingTerms(strike_step_bps=0)),
    ],
)
def test_venue_terms_that_make_no_sense_cannot_be_built(build: object) -> None:
    with pytest.raises(VenueTermsError):
        build()  # type: ignore[operator]


def test_kinds_are_spelled_as_rules_and_journals_have_them() -> None:
    assert {kind.value for kind in ContractKind} == {
        "call", "put", "forward", "vol_future", "vol_call", "vol_token",
    }  # fmt: skip
    with pytest.raises(ValueError, match="warrant"):
        VENUE.contract(MARKET, kind="warrant", target_atoms=1, expiry_s=EXPIRY_S)
