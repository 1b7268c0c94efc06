"""Laws of the paper venue for drawn markets, decimals, contracts, sizes and purses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.instruments import payoff_atoms
from bot.core.listing import contract_code, is_listed, price_tick_atoms
from bot.core.margin import payoff_per_base, worst_payoff_atoms
from bot.core.market import Market
from bot.core.orders import Contract, ContractKind, Fill, FillStatus, Intent, Leg, Order
from bot.core.quotes import PoolTerms, quote
from bot.core.sleeves import Sleeve
from bot.core.surface import CORRELATED, MAJOR, VOL_TOKEN
from bot.core.venue import PaperVenue, VenueTerms
from tests.oracles.options import exact_payoff

POOL = "BASE-QUOTE"
CALL, PUT, FORWARD = ContractKind.CALL, ContractKind.PUT, ContractKind.FORWARD
DAY_S = 86_400
NOW_S = 1_770_120_000


@dataclass(frozen=True)
class Case:
    """A venue and a market for it."""

    venue: PaperVenue
    market: Market

    @property
    def terms(self) -> PoolTerms:
        return self.venue.terms.pools[POOL]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    surface = draw(st.sampled_from([MAJOR, CORRELATED, VOL_TOKEN]))
    quote_decimals = draw(st.integers(0, 36))
    spot = draw(st.integers(1, 10**6)) * 10**quote_decimals // draw(st.sampled_from([1, 997]))
    realised = draw(st.none() | st.integers(0, 4_000_000).map(lambda ppm: ppm / 1_000_000))
    market = Market(
        pool=POOL, time_s=NOW_S + draw(st.integers(0, 30 * DAY_S)), base_symbol="BASE",
        base_decimals=draw(st.integers(0, 36)), quote_symbol="QUOTE",
        quote_decimals=quote_decimals, spot_atoms=max(1, spot), twap_atoms=None,
        realised_vol=realised,
    )  # fmt: skip
    return Case(PaperVenue(VenueTerms(pools={POOL: PoolTerms(surface=surface)})), market)


offsets = st.integers(-9_000, 30_000)
tenors = st.integers(60, 300 * DAY_S)


def contract_at(market: Market, kind: ContractKind, offset_bps: int, tenor_s: int) -> Contract:
    """Any contract, on the grid or off it, as one listed long ago may be."""
    strike = max(1, market.spot_atoms * (10_000 + offset_bps) // 10_000)
    expiry_s = market.time_s + tenor_s
    code = contract_code(market, kind=kind, strike_atoms=strike, expiry_s=expiry_s)
    return Contract(code=code, kind=kind, pool=POOL, strike_atoms=strike, expiry_s=expiry_s)


@given(case=cases(), kind=st.sampled_from([CALL, PUT]), offset=offsets, tenor_s=tenors)
def test_the_mark_stands_between_bid_and_ask_which_are_apart(
    case: Case, kind: ContractKind, offset: int, tenor_s: int
) -> None:
    contract = contract_at(case.market, kind, offset, tenor_s)
    bid, ask = case.venue.bid_ask(contract, case.market)
    assert 0 <= bid <= case.venue.mark(contract, case.market) < ask
    tick = price_tick_atoms(case.market.spot_atoms, case.terms.listing)
    assert bid % tick == ask % tick == 0


@given(case=cases(), offset=offsets, tenor_s=tenors)
def test_put_call_parity_holds_on_marks_exactly_and_on_quotes_within_the_spread(
    case: Case, offset: int, tenor_s: int
) -> None:
    call, put = (contract_at(case.market, kind, offset, tenor_s) for kind in (CALL, PUT))
    forward = case.market.spot_atoms - call.strike_atoms
    mark_call, mark_put = (case.venue.mark(each, case.market) for each in (call, put))
    assert mark_call - mark_put == forward
    (bid_call, ask_call), (bid_put, ask_put) = (
        case.venue.bid_ask(each, case.market) for each in (call, put)
    )
    assert bid_call - ask_put < forward < ask_call - bid_put
    dated = contract_at(case.market, FORWARD, offset, tenor_s)
    bid, ask = case.venue.bid_ask(dated, case.market)
    assert bid < case.venue.mark(dated, case.market) == forward < ask
    # Neither a conversion nor a reversal at the quotes brings anything.
    assert bid < ask_call - bid_put
    assert bid_call - ask_put < ask


@given(
    case=cases(), kind=st.sampled_from([CALL, PUT]), first=offsets, second=offsets, tenor_s=tenors
)
def test_prices_are_monotone_in_strike_and_a_spread_costs_no_more_than_its_width(
    case: Case, kind: ContractKind, first: int, second: int, tenor_s: int
) -> None:
    near, far = sorted((first, second), reverse=kind is PUT)
    near_quote, far_quote = (
        quote(contract_at(case.market, kind, offset, tenor_s), case.market, case.terms)
        for offset in (near, far)
    )
    assert near_quote.bid_atoms >= far_quote.bid_atoms
    assert near_quote.mark_atoms >= far_quote.mark_atoms
    assert near_quote.ask_atoms >= far_quote.ask_atoms
    width = abs(
        contract_at(case.market, kind, near, tenor_s).strike_atoms
        - contract_at(case.market, kind, far, tenor_s).strike_atoms
    )
    assert 0 <= near_quote.mark_atoms - far_quote.mark_atoms <= width + 1


@given(case=cases(), kind=st.sampled_from([CALL, PUT]), offset=offsets, tenor_s=tenors)
def test_prices_stay_within_what_the_payoff_allows(
    case: Case, kind: ContractKind, offset: int, tenor_s: int
) -> None:
    contract = contract_at(case.market, kind, offset, tenor_s)
    highest = case.market.spot_atoms if kind is CALL else contract.strike_atoms
    intrinsic = payoff_per_base(contract, case.market.spot_atoms)
    assert intrinsic <= case.venue.mark(contract, case.market) <= highest


@given(case=cases(), offset=offsets, tenor_s=tenors, more=st.integers(1, 12))
def test_more_decimals_of_the_quote_token_only_refine_prices(
    case: Case, offset: int, tenor_s: int, more: int
) -> None:
    market = case.market
    assume(market.spot_atoms >= 10**6 and market.quote_decimals + more <= 36)
    contract = contract_at(market, PUT, offset, tenor_s)
    scale = 10**more
    finer = replace(
        market, quote_decimals=market.quote_decimals + more, spot_atoms=market.spot_atoms * scale
    )
    scaled = replace(contract, strike_atoms=contract.strike_atoms * scale)
    mark, finer_mark = case.venue.mark(contract, market), case.venue.mark(scaled, finer)
    assert mark <= Fraction(finer_mark, scale) < mark + 1
    assert case.venue.bid_ask(scaled, finer)[1] <= case.venue.bid_ask(contract, market)[1] * scale


def drawn_legs(
    case: Case, rows: list[tuple[ContractKind, int, int]], tenor_s: int
) -> tuple[Leg, ...]:
    """Legs on the grid; quantities in lots."""
    expiry_s = case.venue.expiry_near(case.market, tenor_s=tenor_s)
    lot = max(1, 10**case.market.base_decimals // 100)
    return tuple(
        Leg(
            contract=case.venue.contract(
                case.market, kind=kind.value,
                target_atoms=case.market.spot_atoms * (10_000 + offset) // 10_000,
                expiry_s=expiry_s,
            ),
            quantity_atoms=lots * lot,
        )
        for kind, offset, lots in rows
    )  # fmt: skip


leg_rows = st.lists(
    st.tuples(
        st.sampled_from([CALL, PUT]),
        offsets,
        st.integers(-10_000, 10_000).filter(lambda lots: lots != 0),
    ),
    min_size=1,
    max_size=4,
)


any_rows = st.lists(
    st.tuples(
        st.sampled_from([CALL, PUT, FORWARD]),
        offsets,
        st.integers(-1_000_000, 1_000_000).filter(lambda lots: lots != 0),
    ),
    min_size=1,
    max_size=4,
)
"""Forwards too, and sizes far beyond what the book shows."""


@given(case=cases(), rows=leg_rows, tenor_s=tenors)
def test_what_the_venue_names_it_lists(
    case: Case, rows: list[tuple[ContractKind, int, int]], tenor_s: int
) -> None:
    for leg in drawn_legs(case, rows, tenor_s):
        assert is_listed(leg.contract, case.market, case.terms.listing)


@given(case=cases(), rows=leg_rows, tenor_s=tenors, moves=st.lists(st.fractions(0, 5), max_size=5))
def test_no_settlement_price_pays_less_than_the_worst_payoff(
    case: Case, rows: list[tuple[ContractKind, int, int]], tenor_s: int, moves: list[Fraction]
) -> None:
    legs, decimals = drawn_legs(case, rows, tenor_s), case.market.base_decimals
    worst = worst_payoff_atoms(legs, base_decimals=decimals)
    plain = [
        (leg.contract.kind is CALL, leg.contract.strike_atoms, leg.quantity_atoms) for leg in legs
    ]
    strikes = [leg.contract.strike_atoms for leg in legs]
    prices = [0, *strikes, *(int(case.market.spot_atoms * move) for move in moves)]
    for price in prices:
        exact = exact_payoff(plain, settlement_atoms=price, base_decimals=decimals)
        paid = payoff_atoms(legs, settlement_atoms=price, base_decimals=decimals)
        assert exact - len(legs) < paid <= exact
        if worst is not None:
            assert paid > worst - len(legs)
    if worst is None:
        far, farther = 10 * max(strikes), 20 * max(strikes)
        assert exact_payoff(plain, settlement_atoms=farther, base_decimals=decimals) < exact_payoff(
            plain, settlement_atoms=far, base_decimals=decimals
        )


@given(
    case=cases(),
    kind=st.sampled_from([CALL, PUT]),
    strikes=st.tuples(offsets, offsets),
    lots=st.integers(1, 10_000),
    price=st.fractions(0, 5),
)
def test_margin_pays_for_any_settlement_of_a_spread_unless_the_uncovered_rule_asks_less(
    case: Case, kind: ContractKind, strikes: tuple[int, int], lots: int, price: Fraction
) -> None:
    rows = [(kind, strikes[0], lots), (kind, strikes[1], -lots)]
    legs = drawn_legs(case, rows, 14 * DAY_S)
    margin = case.venue.margin_atoms(legs, case.market)
    alone = case.venue.margin_atoms(legs[1:], case.market)
    paid = payoff_atoms(
        legs,
        settlement_atoms=int(case.market.spot_atoms * price),
        base_decimals=case.market.base_decimals,
    )
    assert 0 <= margin <= alone
    assert paid + margin > -len(legs) or margin == alone


def opening(name: str, legs: tuple[Leg, ...]) -> Order:
    return Order(
        id=name, hedge_id=name, pool=POOL, layer="guard", intent=Intent.OPEN, legs=legs,
        cash_limit_atoms=-(10**90), settlement_atoms=None, reason="ARM",
        good_until_s=10**12,
    )  # fmt: skip


@given(
    case=cases(), tickets=st.lists(any_rows, min_size=1, max_size=4), tenor_s=tenors,
    tokens=st.integers(0, 10**9),
)  # fmt: skip
def test_fills_repeat_never_beat_the_quotes_and_never_exceed_cash(
    case: Case, tickets: list[list[tuple[ContractKind, int, int]]], tenor_s: int, tokens: int
) -> None:
    market, free = case.market, tokens * 10**case.market.quote_decimals
    cash = {Sleeve.CORE: {"QUOTE": free}}
    orders = [
        opening(f"order {number}", drawn_legs(case, rows, tenor_s))
        for number, rows in enumerate(tickets)
    ]
    fills = case.venue.execute(orders, {POOL: market}, cash)
    assert fills == case.venue.execute(orders, {POOL: market}, cash)
    for order, fill in zip(orders, fills, strict=True):
        assert fill.order_id == order.id
        assert Fill.from_json(fill.to_json()) == fill  # type: ignore[arg-type]
        if fill.status is FillStatus.REFUSED:
            assert fill.cash_atoms == fill.fee_atoms == fill.margin_atoms == 0
            continue
        free += fill.cash_atoms - fill.fee_atoms - fill.margin_atoms
        assert free >= 0
        assert fill.spread_atoms >= 0
        assert fill.fee_atoms >= 0
        for leg_fill in fill.legs:
            bid, ask = case.venue.bid_ask(leg_fill.leg.contract, market)
            quantity = leg_fill.leg.quantity_atoms
            exact = Fraction(-quantity * (ask if quantity > 0 else bid), 10**market.base_decimals)
            assert exact - 1 < leg_fill.cash_atoms <= exact
        wanted = [leg.quantity_atoms for leg in order.legs]
        got = dict.fromkeys((leg.contract for leg in order.legs), 0)
        for leg_fill in fill.legs:
            got[leg_fill.leg.contract] += leg_fill.leg.quantity_atoms
        if fill.status is FillStatus.FILLED:
            assert [leg_fill.leg.quantity_atoms for leg_fill in fill.legs] == wanted
        else:
            assert 0 < sum(map(abs, got.values())) < sum(map(abs, wanted))


@given(case=cases(), rows=any_rows, tenor_s=tenors, settled=st.fractions(0, 5))
def test_margin_and_cash_of_a_settled_hedge_are_exact_whatever_it_holds(
    case: Case, rows: list[tuple[ContractKind, int, int]], tenor_s: int, settled: Fraction
) -> None:
    """Oracle: payoffs written out in fractions."""
    legs, market = drawn_legs(case, rows, tenor_s), case.market
    price = int(market.spot_atoms * settled)
    order = replace(
        opening("settling", legs), intent=Intent.SETTLE, settlement_atoms=price
    )  # fmt: skip
    (fill,) = case.venue.execute([order], {POOL: market}, {})
    exact = Fraction(0)
    for leg in legs:
        gain = price - leg.contract.strike_atoms
        pays = {CALL: max(gain, 0), PUT: max(-gain, 0), FORWARD: gain}[leg.contract.kind]
        exact += Fraction(leg.quantity_atoms * pays, 10**market.base_decimals)
    assert exact - len(legs) < fill.cash_atoms <= exact
    assert fill.fee_atoms >= 0
    assert case.venue.margin_atoms(legs, market) >= 0


@given(case=cases(), rows=any_rows, tenor_s=tenors)
def test_buying_and_selling_back_at_once_always_loses(
    case: Case, rows: list[tuple[ContractKind, int, int]], tenor_s: int
) -> None:
    legs = drawn_legs(case, rows, tenor_s)
    cash, fee = case.venue.quote_cash(legs, case.market)
    assert cash - fee + case.venue.liquidation_atoms(legs, case.market) < 0
