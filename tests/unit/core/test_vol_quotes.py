"""Vol futures, vol calls and the vol token: worked figures, parity, fees, margin, settlement."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import pytest

from bot.core.contracts import NEVER_S, contract_unit
from bot.core.errors import NotListedError, VenueTermsError
from bot.core.margin import payoff_atoms, worst_payoff_atoms
from bot.core.orders import Contract, ContractKind, Fill, FillStatus, Intent, Leg, Order
from bot.core.sleeves import Sleeve
from bot.core.surface import MAJOR
from bot.core.units import DAY_S, YEAR_S
from bot.core.vol_index import index_micro
from bot.core.vol_quotes import future_micro, vega_points
from bot.core.vol_terms import VolTerms
from bot.core.vol_token import TokenSeen, carried_on, value_micro
from tests.builders.runs import POOL
from tests.builders.vols import (
    CONTRACT,
    EXPIRY_S,
    FLAT,
    MARKET,
    START_S,
    USD,
    bought,
    contract,
    points_of,
    venue_of,
)

VOL_FUTURE, VOL_CALL, VOL_TOKEN = (
    ContractKind.VOL_FUTURE, ContractKind.VOL_CALL, ContractKind.VOL_TOKEN,
)  # fmt: skip
VENUE = venue_of()
TERMS = VolTerms()
RICH = {Sleeve.ENGINE: {"USDC": 10**15}}


def order(*legs: Leg, intent: Intent = Intent.OPEN, settlement: int | None = None) -> Order:
    return Order(
        id="one", hedge_id="one", pool=POOL, layer="vol", intent=intent, legs=legs,
        cash_limit_atoms=-(10**15), settlement_atoms=settlement, reason="ARM",
        good_until_s=MARKET.time_s, sleeve=Sleeve.ENGINE,
    )  # fmt: skip


def filled(one: Order) -> Fill:
    (fill,) = VENUE.execute([one], {POOL: MARKET}, RICH)
    return fill


def stdev(ahead_s: int, vol_of_vol: float = 0.9) -> float:
    """Oracle: the variance integral of a decaying shock, written out."""
    decay = 39 / 365
    total = decay / 2 * (1 - math.exp(-2 * (ahead_s / YEAR_S) / decay))
    return vol_of_vol * math.sqrt(total)


def test_a_contract_is_counted_in_millionths_and_an_option_in_atoms_of_its_base_token() -> None:
    future = contract(VENUE, VOL_FUTURE)
    put = VENUE.contract(MARKET, kind="put", target_atoms=1_800 * USD, expiry_s=EXPIRY_S)
    assert contract_unit(future, base_decimals=18) == 10**6
    assert contract_unit(put, base_decimals=18) == 10**18


def test_codes_name_the_pool_the_day_the_points_and_the_kind() -> None:
    assert contract(VENUE, VOL_FUTURE).code == "WETH-USDC-20260327-65-VF"
    assert contract(VENUE, VOL_CALL, 66.6).code == "WETH-USDC-20260327-67.5-VC"
    token = contract(VENUE, VOL_TOKEN)
    assert (token.code, token.expiry_s, token.strike_atoms) == ("WETH-USDC-VT", NEVER_S, 0)
    assert Contract.from_json(token.to_json()) == token  # type: ignore[arg-type]


def test_a_future_is_the_forward_index_less_half_its_own_variance() -> None:
    """Flat at 65: 25 days at 0.9 vol of vol are s = 0.17682, so 65 exp(-s^2/2) = 63.9917; over the
    storm the model's mean reversion shows in the forward index."""
    ahead_s = EXPIRY_S - START_S
    found = future_micro(ahead_s, surface=FLAT, realised_vol=None, terms=TERMS)
    assert found == pytest.approx(65e6 * math.exp(-0.5 * stdev(ahead_s) ** 2), abs=1)
    assert round(found / 1e6, 4) == 63.9917
    assert future_micro(0, surface=MAJOR, realised_vol=1.3, terms=TERMS) == index_micro(MAJOR, 1.3)
    ahead = [
        future_micro(days * DAY_S, surface=MAJOR, realised_vol=1.3, terms=TERMS)
        for days in (0, 7, 30)
    ]
    assert ahead[0] > ahead[1] > ahead[2]


def test_the_worked_stdev_of_the_index_over_thirty_days() -> None:
    assert TERMS.index_stdev(30 * DAY_S, vol_of_vol=0.9) == pytest.approx(0.184344, abs=5e-7)
    assert TERMS.index_stdev(0, vol_of_vol=0.9) == 0.0


def test_a_future_costs_its_price_less_the_strike_and_half_a_per_cent_to_each_side() -> None:
    """Struck at 65 when it stands at 63.9917: -1.0083 at the mark; 0.31996 to each side."""
    future = contract(VENUE, VOL_FUTURE)
    bid, ask = VENUE.bid_ask(future, MARKET)
    mark = VENUE.mark(future, MARKET)
    assert round(mark / USD, 4) == -1.0083
    assert (bid, ask) == (-1_330_000, -680_000)  # -1.3283 and -0.6883, out to ticks of 0.01


def test_a_call_is_blacks_on_the_forward_index() -> None:
    """Oracle: Black's formula through the error function, from the definition of d1 and d2."""
    call, ahead_s = contract(VENUE, VOL_CALL, 75.0), EXPIRY_S - START_S
    forward = future_micro(ahead_s, surface=FLAT, realised_vol=None, terms=TERMS) / 1e6
    s = stdev(ahead_s)
    d1 = math.log(forward / 75.0) / s + s / 2

    def normal(x: float) -> float:
        return 0.5 * (1 + math.erf(x / math.sqrt(2)))

    exact = forward * normal(d1) - 75.0 * normal(d1 - s)
    assert VENUE.mark(call, MARKET) / USD == pytest.approx(exact, abs=2e-6)
    assert vega_points(call, MARKET, surface=FLAT, terms=TERMS) == pytest.approx(normal(d1))


@pytest.mark.parametrize("realised", [None, 0.9, 1.6])
def test_calls_keep_the_bounds_that_futures_set(realised: float | None) -> None:
    """max(F - K, 0) <= call <= F; call spreads cost between 0 and their width, and convexly."""
    venue, market = venue_of(MAJOR), replace(MARKET, realised_vol=realised)
    future = contract(venue, VOL_FUTURE, market=market)
    forward = venue.mark(future, market) + future.strike_atoms
    strikes = [contract(venue, VOL_CALL, points, market=market) for points in range(40, 200, 5)]
    prices = [venue.mark(each, market) for each in strikes]
    for call, price in zip(strikes, prices, strict=True):
        assert max(0, forward - call.strike_atoms) <= price + 1
        assert price <= forward
    for low, high in itertools.pairwise(prices):
        assert 0 <= low - high <= 5 * USD + 1
    for left, middle, right in zip(prices, prices[1:], prices[2:], strict=False):
        assert left + right >= 2 * middle - 2


def test_the_mark_stands_between_bid_and_ask_and_stress_widens_them() -> None:
    venue = venue_of(MAJOR)
    widths = []
    for realised in (None, 1.95):
        market = replace(MARKET, realised_vol=realised)
        for kind in (VOL_FUTURE, VOL_CALL, VOL_TOKEN):
            which = contract(venue, kind, market=market)
            bid, ask = venue.bid_ask(which, market)
            assert bid < venue.mark(which, market) < ask
            assert bid % 10_000 == ask % 10_000 == 0
        token = contract(venue, VOL_TOKEN)
        bid, ask = venue.bid_ask(token, market)
        widths.append(ask - bid)
    # 60 a token: 0.5 % to each side; three times the calm level is a stress of 2, so twice that.
    assert widths == [600_000, 1_200_000]


def test_a_purchase_moves_cash_fee_and_margin_by_the_contracts_unit() -> None:
    """Two futures at -0.68: 1.36 received; fee 2 * 65 * 0.05 % = 0.065; margin 2 * (40 % of 65 +
    what the mark has lost, 1.0083)."""
    fill = filled(order(bought(contract(VENUE, VOL_FUTURE), 2)))
    assert (fill.status, fill.cash_atoms, fill.fee_atoms) == (FillStatus.FILLED, 1_360_000, 65_000)
    mark = VENUE.mark(contract(VENUE, VOL_FUTURE), MARKET)
    assert fill.margin_atoms == 2 * (26_000_000 - mark)
    assert fill.spread_atoms == -2 * mark - 1_360_000


def test_a_call_spreads_margin_is_nothing_when_bought_and_its_width_at_the_most_when_sold() -> None:
    low, high = contract(VENUE, VOL_CALL, 65.0), contract(VENUE, VOL_CALL, 80.0)
    spread = (bought(low), bought(high, -1))
    assert VENUE.margin_atoms(spread, MARKET) == 0
    sold = tuple(replace(leg, quantity_atoms=-leg.quantity_atoms) for leg in spread)
    assert VENUE.margin_atoms(sold, MARKET) == 15 * USD
    assert worst_payoff_atoms(sold, base_decimals=18) == -15 * USD


def test_a_short_token_needs_its_value_and_forty_per_cent_of_it() -> None:
    token = contract(VENUE, VOL_TOKEN)
    assert VENUE.margin_atoms((bought(token, -1),), MARKET) == 84 * USD


def test_calls_and_the_token_have_the_fee_cap_and_futures_have_not() -> None:
    """A call at 110 is worth next to nothing: an eighth of its premium, not 0.0325."""
    far = contract(VENUE, VOL_CALL, 110.0)
    fill = filled(order(bought(far, 1_000)))
    assert fill.fee_atoms == -(fill.cash_atoms * 1_250 // 10_000)
    token = filled(order(bought(contract(VENUE, VOL_TOKEN), 1)))
    assert token.fee_atoms == 30_000  # 0.05 % of 60


@pytest.mark.parametrize("points", [20, 65, 100])
def test_settlement_pays_by_the_index_less_the_delivery_fee(points: int) -> None:
    """Oracle: payoffs in fractions."""
    future, call = contract(VENUE, VOL_FUTURE, 60.0), contract(VENUE, VOL_CALL, 70.0)
    legs = (bought(future, 3), bought(call, -2))
    fill = filled(order(*legs, intent=Intent.SETTLE, settlement=points * USD))
    owed = 3 * (Fraction(points) - 60) - 2 * max(Fraction(0), Fraction(points) - 70)
    assert Fraction(fill.cash_atoms, USD) == owed
    assert payoff_atoms(legs, settlement_atoms=points * USD, base_decimals=18) == fill.cash_atoms
    of_future = Fraction(3 * points * 250, 10**6)
    of_call = min(
        Fraction(2 * points * 250, 10**6), max(Fraction(0), Fraction(points) - 70) * 2 / 8
    )
    assert Fraction(fill.fee_atoms, USD) == of_future + of_call


def test_depth_lots_and_sizes_are_counted_in_contracts() -> None:
    future = contract(VENUE, VOL_FUTURE)
    part = filled(order(bought(future, 12_000)))
    assert (part.status, part.legs[0].leg.quantity_atoms) == (
        FillStatus.PARTIAL, 10_000 * CONTRACT,
    )  # fmt: skip
    assert filled(order(Leg(contract=future, quantity_atoms=999))).reason == "LOT"
    assert filled(order(bought(future, 100_001))).reason == "SIZE"
    off_grid = replace(future, strike_atoms=66 * USD)
    assert filled(order(bought(off_grid))).reason == "NOT_LISTED"
    off_calendar = contract(VENUE, VOL_FUTURE, expiry_s=EXPIRY_S + DAY_S)
    assert filled(order(bought(off_calendar))).reason == "NOT_LISTED"
    assert VENUE.quantity_down(MARKET, quantity_atoms=12_345, on_index=True) == 12_000


@pytest.mark.parametrize("decimals", [2, 6, 18])
def test_prices_scale_with_the_decimals_of_the_quote_token(decimals: int) -> None:
    market = replace(MARKET, quote_decimals=decimals, spot_atoms=2_000 * 10**decimals)
    future = contract(VENUE, VOL_FUTURE, market=market)
    assert points_of(future, market) == 65.0
    mark = VENUE.mark(future, market) / 10**decimals
    assert mark == pytest.approx(-1.008_3, abs=10**-decimals + 1e-4)
    assert VENUE.index_atoms(market) == pytest.approx(65 * 10**decimals, rel=1e-6)


def test_a_quote_token_too_coarse_for_half_points_lists_nothing() -> None:
    whole = replace(MARKET, quote_decimals=0, spot_atoms=2_000)
    with pytest.raises(NotListedError, match="0 decimals cannot write strikes"):
        contract(VENUE, VOL_FUTURE, market=whole)


def test_a_market_without_a_token_quotes_none() -> None:
    bare = replace(MARKET, vol_token_micro=None)
    with pytest.raises(NotListedError, match="its vol token has not begun"):
        VENUE.mark(contract(VENUE, VOL_TOKEN), bare)


@pytest.mark.parametrize(
    "knobs",
    [
        {"vol_of_vol": -0.1}, {"half_vol_of_vol": math.inf}, {"vol_of_vol_days": 0.0},
        {"future_half_ppm": 10**6}, {"token_roll_ppm": -1}, {"lot_micro": 0},
        {"strike_step_milli": 0}, {"contracts_max": 0},
    ],
)  # fmt: skip
def test_knobs_beyond_their_range_are_refused(knobs: dict[str, float]) -> None:
    with pytest.raises(VenueTermsError):
        replace(TERMS, **knobs)  # type: ignore[arg-type]


# -- the token -------------------------------------------------------------------------------


def token_at(seen: TokenSeen | None, days: float, realised: float | None) -> TokenSeen:
    market = replace(MARKET, time_s=START_S + round(days * DAY_S), realised_vol=realised)
    return carried_on(seen, market, surface=MAJOR, terms=TERMS)


def worth(seen: TokenSeen, days: float, realised: float | None) -> int:
    market = replace(MARKET, time_s=START_S + round(days * DAY_S), realised_vol=realised)
    return value_micro(seen, market, surface=MAJOR, terms=TERMS)


def future(days: float, realised: float | None) -> int:
    return future_micro(round(days * DAY_S), surface=MAJOR, realised_vol=realised, terms=TERMS)


def test_the_worked_day_of_the_token() -> None:
    """60.00 at a future of 66.00, which stands at 65.45 the next day: 59.50, less 333 ppm."""
    kept = 60_000_000 * 65_450_000 // 66_000_000
    assert kept == 59_500_000
    assert kept * (10**6 - 333) // 10**6 == 59_480_186


def test_the_token_begins_at_its_future_and_follows_it_within_the_day() -> None:
    seen = token_at(None, 0.0, None)
    assert seen.value_micro == seen.future_micro == future(30, None)
    assert worth(seen, 0.25, 1.3) == future(29.75, 1.3)
    assert token_at(seen, 0.99, 1.3) is seen


def test_a_roll_keeps_the_value_but_for_its_cost_and_buys_the_next_thirty_days() -> None:
    seen = token_at(token_at(None, 0.0, None), 1.0, 1.3)
    before = future(29, 1.3)
    assert seen.value_micro == before * (10**6 - 333) // 10**6
    assert (seen.future_micro, seen.rolled_s) == (future(30, 1.3), START_S + DAY_S)
    assert worth(seen, 1.0, 1.3) == seen.value_micro


def test_the_token_loses_the_slope_of_a_calm_market_and_gains_that_of_a_storm() -> None:
    """Thirty days of rolls; oracle: the product of the futures' ratios and of what rolls leave."""
    for realised, loses in ((None, True), (1.3, False)):
        seen, exact = token_at(None, 0.0, realised), float(future(30, realised))
        for day in range(1, 31):
            seen = token_at(seen, float(day), realised)
            exact *= future(29, realised) / future(30, realised) * (1 - 333e-6)
        assert seen.value_micro == pytest.approx(exact, abs=60)
        assert (seen.value_micro < future(30, realised)) is loses


def test_a_future_that_ran_out_unseen_is_worth_the_index() -> None:
    seen = token_at(None, 0.0, None)
    assert worth(seen, 45.0, 1.3) == seen.value_micro * index_micro(MAJOR, 1.3) // seen.future_micro
