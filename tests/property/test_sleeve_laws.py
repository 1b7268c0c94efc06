"""Laws of a book with two sleeves over drawn prices, layers and gates: the purses never mix."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core.conditions import Comparison
from bot.core.contracts import contract_unit
from bot.core.engine import recover
from bot.core.ledger import check_chain, residual_by_currency
from bot.core.margin import payoff_atoms, worst_payoff_atoms
from bot.core.orders import Contract, ContractKind, Leg
from bot.core.rules import Engine, Layer, SizeBy
from bot.core.sleeves import ACCOUNTS, Sleeve
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_journal
from tests.builders.ladders import Ladder
from tests.builders.runs import DAY_S, layer
from tests.builders.vols import engine_layer

EXAMPLES = settings(max_examples=40, deadline=None)
ON_INDEX = [("vol_future", (0,)), ("vol_call_spread", (-500, 2_000)), ("vol_token", (0,))]
ON_PRICE = [("protective_put", (-500,)), ("put_spread", (-300, -2_500)), ("forward", (0,))]
OTHER = {Sleeve.CORE: Sleeve.ENGINE, Sleeve.ENGINE: Sleeve.CORE}


@st.composite
def layers(draw: st.DrawFn, name: str) -> Layer:
    """A layer of either sleeve, on the price or on the index."""
    sleeve = draw(st.sampled_from(list(Sleeve)))
    instrument, offsets = draw(st.sampled_from(ON_INDEX + ON_PRICE))
    on_index = instrument.startswith("vol")
    sizes = [SizeBy.VEGA, SizeBy.CAPITAL] if on_index else [SizeBy.BASE, SizeBy.CAPITAL]
    arm = draw(st.sampled_from([-100.0, -300.0]))
    common: dict[str, Any] = {
        "instrument": instrument,
        "offsets_bps": offsets,
        "size_by": draw(st.sampled_from(sizes)),
        "hedge_ratio_bps": draw(st.sampled_from([500, 10_000, 20_000])),
        "arm": Comparison(metric="move_bps", below=arm),
        "disarm": Comparison(metric="move_bps", above=arm + 50.0),
        "tenor_s": draw(st.sampled_from([DAY_S, 7 * DAY_S])),
        "premium_budget_bps_per_year": draw(st.sampled_from([50, 10_000])),
        "cooldown_s": 0,
    }
    return engine_layer(name, sleeve=sleeve, **common) if on_index else layer(
        name, sleeve=sleeve, **common
    )  # fmt: skip


prices = st.lists(
    st.tuples(
        st.sampled_from([1.0, 6.0, 30.0]), st.sampled_from([1_500, 1_900, 1_960, 2_100, 3_000])
    ),
    min_size=2, max_size=7,
)  # fmt: skip


@EXAMPLES
@given(
    several=st.tuples(layers("one"), layers("two"), layers("three")),
    path=prices,
    cash=st.sampled_from([10**9, 10**11, 10**12]),
    capital_bps=st.sampled_from([1, 2_000, 9_999]),
    cap_bps=st.sampled_from([500, 10_000]),
)
def test_what_a_sleeve_does_moves_its_own_money_and_no_other(
    several: tuple[Layer, ...], path: list[tuple[float, int]], cash: int, capital_bps: int,
    cap_bps: int,
) -> None:  # fmt: skip
    """Oracle: the entries themselves. After the funding no entry touches both sleeves; what an
    order's sleeve paid is what its fill says; state, ledger, fold and replay agree."""
    engine = Engine(capital_bps=capital_bps, cap_bps=cap_bps)
    ladder = Ladder(*several, cash=cash, engine=engine)
    for hours, price in path:
        ladder.step(hours, price)
    assert ladder.runner.book is not None
    state, entries = ladder.runner.book.state, list(ladder.journal.entries())
    balances = dict(check_chain(entries).balances)
    names = {sleeve: {each.cash, each.margin, each.debt} for sleeve, each in ACCOUNTS.items()}
    for entry in entries:
        assert residual_by_currency(entry.postings) == {}
        touched = {
            sleeve
            for sleeve, mine in names.items()
            if any(posting.account in mine for posting in entry.postings)
        }
        assert len(touched) <= 1 or entry.kind == "fund"
    given_atoms = cash * capital_bps // 10_000
    assert sum(entry.kind == "fund" for entry in entries) == (given_atoms > 0)
    assert state.money[Sleeve.ENGINE].given.get("USDC", 0) == given_atoms
    for sleeve, accounts in ACCOUNTS.items():
        money = state.money[sleeve]
        assert balances.get((accounts.cash, "USDC"), 0) == money.cash.get("USDC", 0) >= 0
        assert balances.get((accounts.margin, "USDC"), 0) == money.margin.get("USDC", 0) >= 0
        assert -balances.get((accounts.debt, "USDC"), 0) == money.debt.get("USDC", 0) >= 0
        assert money.margin.get("USDC", 0) == sum(
            hedge.margin_atoms for hedge in state.hedges if hedge.sleeve is sleeve
        )
    assert recover(ladder.journal, ladder.rules, venue=ladder.runner.venue) == ladder.runner.book
    replay_journal(
        ladder.journal.rows(), ladder.rules, venue=ladder.runner.venue, journal=MemoryStore()
    )


@EXAMPLES
@given(
    one=layers("one"), two=layers("two"), path=prices, cash=st.sampled_from([10**11, 10**12]),
)  # fmt: skip
def test_a_sleeve_does_the_same_whatever_the_other_holds(
    one: Layer, two: Layer, path: list[tuple[float, int]], cash: int
) -> None:
    """The core's layer beside a busy engine, and beside one whose gate is closed: the same orders,
    the same fills, the same cash. The book's depth is the only thing they share, so they trade
    different contracts."""
    core, other = replace(one, sleeve=Sleeve.CORE), replace(two, sleeve=Sleeve.ENGINE)
    assume(core.instrument != other.instrument)
    assume({core.instrument, other.instrument} != {"protective_put", "put_spread"})
    engine = Engine(capital_bps=3_000)
    told = []
    for enabled in (True, False):
        ladder = Ladder(core, other, cash=cash, engine=replace(engine, enabled=enabled))
        seen = []
        for hours, price in path:
            ladder.step(hours, price)
            mine = [
                {**fill, "order_id": ""}
                for order, fill in zip(ladder.last["orders"], ladder.last["fills"], strict=True)
                if order["sleeve"] == "core"
            ]
            seen.append((mine, ladder.last["book"]["cash"], ladder.last["book"]["margin"]))
        told.append(seen)
    assert told[0] == told[1]


moments = st.lists(
    st.one_of(st.none(), st.sampled_from([-7_200, -1, 0, 1, 7_200, 7 * DAY_S])),
    min_size=7, max_size=7,
)  # fmt: skip
"""What the gate says on each tick, seconds after its block's time; None: nothing is fed."""


CANNOT_WAIT = {"SETTLE", "MARGIN_CALL", "NO_SETTLEMENT_PRICE"}


@EXAMPLES
@given(one=layers("one"), two=layers("two"), path=prices, gate=moments)
def test_a_gate_on_the_chain_opens_nothing_while_it_is_shut_and_never_touches_the_core(
    one: Layer, two: Layer, path: list[tuple[float, int]], gate: list[int | None]
) -> None:
    """Oracle: the moments themselves. The core deals as it does beside an engine that never acts;
    layers trade different contracts, as a book's depth is the only thing that sleeves share."""
    core, other = replace(one, sleeve=Sleeve.CORE), replace(two, sleeve=Sleeve.ENGINE)
    assume(core.instrument != other.instrument)
    assume({core.instrument, other.instrument} != {"protective_put", "put_spread"})
    asked, off = (
        Ladder(core, other, cash=10**11, engine=Engine(capital_bps=3_000, **terms))
        for terms in ({"multisig": True}, {"enabled": False})
    )
    for (hours, price), ahead_s in zip(path, gate, strict=False):
        until_s = None if ahead_s is None else asked.chain.time_s + int(hours * 3_600) + ahead_s
        asked.chain.feeds = {} if until_s is None else {"engine_gate_s": until_s}
        for ladder in (asked, off):
            ladder.step(hours, price)
        mine = [order for order in asked.last["orders"] if order["sleeve"] == "engine"]
        if ahead_s is None or ahead_s <= 0:
            assert all(order["intent"] != "open" for order in mine)
            assert asked.last["decisions"][1]["reason"] in CANNOT_WAIT | {"GATE"}
        assert asked.last["decisions"][0] == off.last["decisions"][0]
        assert asked.last["book"]["cash"] == off.last["book"]["cash"]
        assert asked.last["book"]["margin"] == off.last["book"]["margin"]
    assert recover(asked.journal, asked.rules, venue=asked.runner.venue) == asked.runner.book
    replay_journal(
        asked.journal.rows(), asked.rules, venue=asked.runner.venue, journal=MemoryStore()
    )


KINDS = st.sampled_from([ContractKind.VOL_FUTURE, ContractKind.VOL_CALL])


@given(
    legs=st.lists(
        st.tuples(KINDS, st.integers(1, 300 * 10**6), st.integers(-(10**12), 10**12)), min_size=1,
        max_size=5,
    ),
    index=st.integers(0, 500 * 10**6),
)  # fmt: skip
def test_payoffs_on_the_index_are_exact_and_never_below_the_worst(
    legs: list[tuple[ContractKind, int, int]], index: int
) -> None:
    """Oracle: payoffs written out in fractions, each leg rounded against us."""
    held = [
        Leg(
            contract=Contract(code=str(n), kind=kind, pool="P", strike_atoms=strike, expiry_s=1),
            quantity_atoms=quantity,
        )
        for n, (kind, strike, quantity) in enumerate(legs)
    ]
    exact = Fraction(0)
    for kind, strike, quantity in legs:
        gain = index - strike if kind is ContractKind.VOL_FUTURE else max(0, index - strike)
        exact += Fraction(quantity * gain, 10**6)
    assert contract_unit(held[0].contract, base_decimals=18) == 10**6
    paid = payoff_atoms(held, settlement_atoms=index, base_decimals=18)
    assert exact - len(held) < paid <= exact
    worst = worst_payoff_atoms(held, base_decimals=18)
    assert worst is None or exact >= worst
