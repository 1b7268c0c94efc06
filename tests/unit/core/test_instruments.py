"""Instruments turn offsets into legs, and say why when they cannot."""

from __future__ import annotations

import pytest

from bot.core.errors import NotListedError
from bot.core.instruments import (
    INSTRUMENTS,
    instrument_legs,
    payoff_atoms,
    quantity_for_loss_up,
)
from bot.core.market import Market
from bot.core.orders import Contract, ContractKind, Leg
from bot.core.quotes import PoolTerms
from bot.core.venue import PaperVenue, VenueTerms

CALL, PUT = ContractKind.CALL, ContractKind.PUT
ETHER = 10**18
VENUE = PaperVenue(VenueTerms(pools={"WETH-USDC": PoolTerms()}))
MARKET = Market(
    pool="WETH-USDC", time_s=1_770_120_000, base_symbol="WETH", base_decimals=18,
    quote_symbol="USDC", quote_decimals=6, spot_atoms=2_000_000_000, twap_atoms=None,
    realised_vol=None,
)  # fmt: skip
EXPIRY_S = VENUE.expiry_near(MARKET, tenor_s=14 * 86_400)


def legs(name: str, *offsets: int) -> tuple[Leg, ...]:
    return instrument_legs(
        name, VENUE, MARKET, quantity_atoms=3 * ETHER, offsets_bps=offsets, expiry_s=EXPIRY_S
    )


@pytest.mark.parametrize(
    ("name", "offsets", "expected"),
    [
        ("protective_put", (-1000,), [(PUT, 1800, 3)]),
        ("put_spread", (-800, -2000), [(PUT, 1850, 3), (PUT, 1600, -3)]),
        ("call_spread", (500, 2000), [(CALL, 2100, 3), (CALL, 2400, -3)]),
        ("strangle", (-1000, 1000), [(PUT, 1800, 3), (CALL, 2200, 3)]),
        ("collar", (-1000, 1500), [(PUT, 1800, 3), (CALL, 2300, -3)]),
        ("forward", (0,), [(ContractKind.FORWARD, 2000, -3)]),
    ],
)
def test_an_instrument_has_these_legs(
    name: str, offsets: tuple[int, ...], expected: list[tuple[ContractKind, int, int]]
) -> None:
    found = [
        (leg.contract.kind, leg.contract.strike_atoms // 10**6, leg.quantity_atoms // ETHER)
        for leg in legs(name, *offsets)
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("name", "offsets"),
    [
        ("put_spread", (-800, -810)),  # the same strike on the grid
        ("put_spread", (-2000, -800)),  # upside down
        ("strangle", (1000, -1000)),
        ("strangle", (-1000,)),
        ("protective_put", ()),
        ("collar", (1000, -1000)),
        ("collar", (0,)),
        ("collar", (-4,)),  # a put at the money asks more than any call at or above spot bids
        ("protective_put", (-10_000,)),
        ("butterfly_of_brazil", (1,)),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(name: str, offsets: tuple[int, ...]) -> None:
    with pytest.raises(NotListedError, match=r"WETH-USDC: .+"):
        legs(name, *offsets)


@pytest.mark.parametrize("offset_bps", [-500, -1000, -2000])
def test_a_collar_at_one_offset_sells_the_farthest_call_that_pays_for_its_put(
    offset_bps: int,
) -> None:
    """Oracle: every listed strike above spot, one by one."""
    put, call = legs("collar", offset_bps)
    cash, _ = VENUE.quote_cash((put, call), MARKET)
    assert cash >= 0
    ask = VENUE.bid_ask(put.contract, MARKET)[1]
    bids = {
        strike: VENUE.bid_ask(
            VENUE.contract(
                MARKET, kind="call", target_atoms=strike * 10**6, expiry_s=EXPIRY_S
            ),
            MARKET,
        )[0]
        for strike in range(2_000, 6_001, 50)
    }  # fmt: skip
    assert call.contract.strike_atoms // 10**6 == max(k for k, bid in bids.items() if bid >= ask)


def test_offsets_can_be_judged_before_there_is_a_market() -> None:
    spread = INSTRUMENTS["put_spread"]
    assert spread.problem((-800, -2000)) is None
    assert "2 offsets" in str(spread.problem((-800,)))
    assert "fall" in str(spread.problem((-2000, -800)))


@pytest.mark.parametrize(
    ("kind", "strike", "stress", "loss", "quantity"),
    [
        (PUT, 1600, 1000, 42_893.2188, 71.48869802),
        (CALL, 2400, 3000, 25_255.1286, 42.09188101),
    ],
)
def test_a_strangle_is_sized_by_its_end_points(
    kind: ContractKind, strike: int, stress: int, loss: float, quantity: float
) -> None:
    """Source: full-range position of 1,000,000 entered at 2,000, interval 1,000 to 3,000; the
    loss over entry value at its ends, V0 ((1 + r) / 2 - sqrt(r)), to 10 digits."""
    unit = Leg(
        contract=Contract(
            code="unit", kind=kind, pool="WETH-USDC", strike_atoms=strike * 10**6, expiry_s=1
        ),
        quantity_atoms=ETHER,
    )
    found = quantity_for_loss_up(
        [unit],
        legs_atoms=ETHER,
        loss_atoms=round(loss * 10**6),
        stress_atoms=stress * 10**6,
        base_decimals=18,
    )
    assert found / ETHER == pytest.approx(quantity, abs=2e-7)
    sized = Leg(contract=unit.contract, quantity_atoms=found)
    paid = payoff_atoms([sized], settlement_atoms=stress * 10**6, base_decimals=18)
    assert paid == round(loss * 10**6)


def test_a_structure_that_pays_nothing_under_stress_cannot_be_sized_by_it() -> None:
    unit = legs("protective_put", -1000)
    assert (
        quantity_for_loss_up(
            unit,
            legs_atoms=3 * ETHER,
            loss_atoms=1,
            stress_atoms=1_900_000_000,
            base_decimals=18,
        )
        is None
    )
    nothing = quantity_for_loss_up(
        [], legs_atoms=ETHER, loss_atoms=1, stress_atoms=1, base_decimals=18
    )
    assert nothing is None


@pytest.mark.parametrize(
    ("name", "offsets_bps", "move_bps"),
    [
        ("protective_put", (-1000,), -1001),
        ("put_spread", (-300, -2000), -9000),
        ("strangle", (-1000, 1000), 1001),
        ("collar", (-1000,), -1001),
        ("collar", (-1000, 500), -1001),
        ("forward", (0,), -1),
    ],
)
def test_an_instrument_says_where_it_pays(
    name: str, offsets_bps: tuple[int, ...], move_bps: int
) -> None:
    instrument = INSTRUMENTS[name]
    assert instrument.pays(offsets_bps, move_bps=move_bps)
    assert not instrument.pays(offsets_bps, move_bps=0)
