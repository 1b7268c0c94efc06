"""Laws of whole runs: drawn worlds under drawn rules, checked after every tick."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core.accounts import hedge_account, pool_account
from bot.core.conditions import Comparison, holds
from bot.core.engine import recover
from bot.core.errors import ConfigError
from bot.core.exposure import claim_down
from bot.core.guard import NO_GUARD, Guard
from bot.core.ledger import residual_by_currency
from bot.core.model_stage import model_world
from bot.core.orders import Intent, Order
from bot.core.ports import Row
from bot.core.record import read_body
from bot.core.rules import Layer, Roll, Rules, SizeBy, Take
from bot.core.scenario import Scenario
from bot.core.sight import look
from bot.core.sleeves import Sleeve
from bot.core.state import BookState
from bot.core.terms import sealed
from bot.core.units import BPS, YEAR_S
from bot.edges.memory_store import MemoryStore
from bot.runs.runner import Runner
from tests.builders.runs import DAY_S, HOUR_S, POOL, layer, rules_of, runner_for, storm, storm_rules
from tests.builders.scripts import scenario_of

STEPS = 24
EXAMPLES = settings(max_examples=40)

HEAD = """
name = "drawn"
title = "A drawn world"
description = "Drawn."
seed = {seed}
start = 2026-03-02T08:00:00Z
step_minutes = {minutes}
days = {days}

[tokens]
WETH = 18
USDC = {decimals}

[[pool]]
name = "WETH-USDC"
reserve_base = 1000
path = [{path}]
vol = 0.8
turnover_bps_per_day = 4000
owner_share_bps = {share}
"""


@st.composite
def scenarios(draw: st.DrawFn, *, reorgs: bool = True) -> Scenario:
    """Eighteen hours or three days: a wild path, and what the owner does."""
    minutes = draw(st.sampled_from([45, 180]))
    days = STEPS * minutes / 1440
    moves = draw(st.lists(st.sampled_from([0.6, 0.8, 0.95, 1.0, 1.1, 1.4]), min_size=4, max_size=4))
    price, knots = 2_000.0, [f"[0, {2_000}]"]
    for quarter, move in enumerate(moves, 1):
        price *= move
        knots.append(f"[{days * quarter / 4}, {price:.2f}]")
    text = HEAD.format(
        seed=draw(st.integers(1, 10**6)), minutes=minutes, days=days, path=", ".join(knots),
        share=draw(st.sampled_from([100, 3_000, 9_000])),
        decimals=draw(st.sampled_from([2, 6, 18])),
    )  # fmt: skip
    kinds = ["deposit", "receive", "protocol_fee"] + ["reorg"] * reorgs
    holds_some = True
    for number in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(kinds + ["withdraw", "send"] * holds_some))
        # Four steps apart, so that no reorg reaches into another.
        day = (4 * number + draw(st.integers(2, 4))) * minutes / 1440
        text += f'\n[[event]]\nkind = "{kind}"\nday = {day!r}\n'
        if kind == "reorg":
            text += f"depth = {draw(st.integers(1, 2))}\n"
        elif kind == "protocol_fee":
            text += f"on = {draw(st.sampled_from(['true', 'false']))}\n"
        else:
            most = {"receive": 100, "deposit": 5_000}.get(kind, 10_000)
            share = draw(st.sampled_from([1, 100, most // 2, most]))
            holds_some = most != 10_000 or share < most
            text += f'pool = "{POOL}"\nshare_bps = {share}\n'
    try:
        return scenario_of(text)
    except ConfigError:
        assume(False)
        raise


@st.composite
def layers(draw: st.DrawFn, name: str) -> Layer:
    """A layer that arms early, of any instrument."""
    metric, arm = draw(
        st.sampled_from(
            [("move_sigma_abs", 0.1), ("il_bps", 5.0), ("realised_vol", 0.2), ("net_loss_bps", 2.0)]
        )
    )
    instrument, offsets = draw(
        st.sampled_from(
            [
                ("protective_put", (-500,)), ("put_spread", (-300, -2_500)),
                ("call_spread", (300, 2_500)), ("strangle", (-1_000, 1_000)),
                ("collar", (-800,)), ("forward", (0,)), ("delta_hedge", (0,)),
                ("iron_condor", (-2_500, -1_000, 1_000, 2_500)),
                ("il_strip", (-3_000, -2_000, -1_000, 1_000, 2_000, 3_000)),
            ]
        )
    )  # fmt: skip
    by_il = draw(st.booleans())
    return layer(
        name,
        instrument=instrument,
        offsets_bps=offsets,
        arm=Comparison(metric=metric, above=arm),
        disarm=Comparison(metric=metric, below=arm * draw(st.sampled_from([0.2, 0.9]))),
        size_by=SizeBy.IL if by_il else SizeBy.BASE,
        stress_bps=(-3_000, 3_000) if by_il else (),
        hedge_ratio_bps=draw(st.sampled_from([1_000, 10_000])),
        tenor_s=draw(st.sampled_from([6 * HOUR_S, DAY_S, 3 * DAY_S])),
        premium_budget_bps_per_year=draw(st.sampled_from([0, 5, 100, 5_000])),
        cooldown_s=draw(st.sampled_from([0, 3 * HOUR_S])),
        hold_s_min=draw(st.sampled_from([0, 4 * HOUR_S])),
        roll=Roll(
            before_expiry_s=draw(st.sampled_from([0, 2 * HOUR_S])),
            delta_drift_ppb=draw(st.sampled_from([None, 200_000_000])),
            target_drift_bps=draw(st.sampled_from([None, 3_000])),
        ),
        take=Take(
            multiple_bps=draw(st.sampled_from([None, 12_000])),
            credit_share_bps=draw(st.sampled_from([None, 5_000])),
            stop_bps=draw(st.sampled_from([None, 8_000])),
        ),
        freeze=draw(st.sampled_from([None, Comparison(metric="twap_gap_bps", above=400.0)])),
        funds_budget=draw(st.booleans()),
        slippage_bps_max=draw(st.sampled_from([None, 300])),
        order_good_s=draw(st.sampled_from([0, 4 * HOUR_S])),
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> Rules:
    names = ("first", "second", "third")[: draw(st.integers(1, 3))]
    return rules_of(
        *(draw(layers(name)) for name in names),
        total_budget_bps_per_year=draw(st.sampled_from([None, 50, 600])),
        income_share_bps=draw(st.sampled_from([0, 5_000])),
        exposure_cap_bps=draw(st.sampled_from([None, 300])),
        guard=draw(st.sampled_from([NO_GUARD, Guard(), Guard(confirmations=2, median_blocks=3)])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One step of a run: the state before and after, and the rows that it wrote."""

    before: BookState | None
    after: BookState
    rows: Sequence[Row]
    record: Mapping[str, Any] | None


def ticks_of(runner: Runner, scenario: Scenario) -> Iterator[Tick]:
    """Play a scenario and stop after every step to look."""
    world = model_world(scenario)
    runner.source = world.source
    for step in range(world.steps_count + 1):
        if step:
            world.step(step)
        before = None if runner.book is None else runner.book.state
        seen = sum(1 for _ in runner.journal.rows())
        runner.tick()
        assert runner.counters.skips == 0, runner.counters.last_error
        assert runner.book is not None
        rows = list(runner.journal.rows())[seen:]
        records = [read_body(row.body) for row in rows if row.kind == "record"]
        yield Tick(
            before=before,
            after=runner.book.state,
            rows=rows,
            record=records[0] if records else None,
        )


def store_of(runner: Runner) -> MemoryStore:
    assert isinstance(runner.journal, MemoryStore)
    return runner.journal


@EXAMPLES
@given(scenario=scenarios(), rules=rule_sets())
def test_folding_the_journal_is_the_live_book_after_every_tick(
    scenario: Scenario, rules: Rules
) -> None:
    """Dataclass equality of the whole trail, undone ticks included."""
    runner = runner_for(scenario, rules)
    for _ in ticks_of(runner, scenario):
        assert recover(runner.journal, rules, venue=runner.venue) == runner.book


@EXAMPLES
@given(scenario=scenarios(), rules=rule_sets())
def test_money_is_never_owed_and_the_ledger_agrees_with_the_state_and_the_chain(
    scenario: Scenario, rules: Rules
) -> None:
    """Cash, margin, LP claim and contracts held: state, ledger and pool say the same, exactly."""
    runner = runner_for(scenario, rules)
    store = store_of(runner)
    for tick in ticks_of(runner, scenario):
        state, balances = tick.after, store.balances()
        core = state.money[Sleeve.CORE]
        for account, kept in (("Assets:Cash", core.cash), ("Assets:Margin", core.margin)):
            for symbol, atoms in kept.items():
                assert atoms >= 0
                assert balances.get((account, symbol), 0) == atoms
        assert core.margin.get("USDC", 0) == sum(hedge.margin_atoms for hedge in state.hedges)
        assert state.snapshot is not None
        for spec, pool in zip(state.snapshot.specs, state.snapshot.pools, strict=True):
            base, quote = claim_down(spec, pool)
            account = pool_account(spec.name)
            assert balances.get((account, spec.base.symbol), 0) == base
            assert balances.get((account, spec.quote.symbol), 0) == quote
            held: dict[str, int] = {}
            for hedge in state.hedges:
                for leg in hedge.legs:
                    code = leg.contract.code
                    held[code] = held.get(code, 0) + leg.quantity_atoms
            booked = {
                currency: atoms
                for (name, currency), atoms in balances.items()
                if name == hedge_account(spec.name) and atoms
            }
            assert booked == {code: atoms for code, atoms in held.items() if atoms}
    store.check()


@EXAMPLES
@given(scenario=scenarios(), rules=rule_sets())
def test_every_layer_decides_once_a_tick_with_a_reason_and_holds_one_hedge_at_the_most(
    scenario: Scenario, rules: Rules
) -> None:
    runner = runner_for(scenario, rules)
    order_ids: set[str] = set()
    for tick in ticks_of(runner, scenario):
        places = [(hedge.pool, hedge.layer) for hedge in tick.after.hedges]
        assert len(places) == len(set(places))
        if tick.record is None:
            continue
        decided = [(each["pool"], each["layer"]) for each in tick.record["decisions"]]
        assert decided == [(POOL, each.name) for each in rules.layers]
        reasons = {
            (each["pool"], each["layer"]): each["reason"] for each in tick.record["decisions"]
        }
        for order in tick.record["orders"]:
            assert order["reason"] == reasons[order["pool"], order["layer"]]
            assert order["id"] not in order_ids
            order_ids.add(order["id"])
        ordering = {"ARM", "RETRY", "MONETISE", "ROLL", "SETTLE"}
        for key, reason in reasons.items():
            if reason in ordering:
                assert key in [(order["pool"], order["layer"]) for order in tick.record["orders"]]
    causes = [(entry.kind, entry.cause) for entry in store_of(runner).entries()]
    assert len(causes) == len(set(causes))


@EXAMPLES
@given(scenario=scenarios(), rules=rule_sets())
def test_nothing_fires_on_an_unknown_metric_and_nothing_flaps_inside_the_band(
    scenario: Scenario, rules: Rules
) -> None:
    """Opened by ARM only where arm is true; sold by DISARM only where disarm is."""
    runner = runner_for(scenario, rules)
    by_name = {each.name: each for each in rules.layers}
    for tick in ticks_of(runner, scenario):
        if tick.record is None:
            continue
        metrics = tick.record["views"][POOL]["metrics"]
        for decision in tick.record["decisions"]:
            one = by_name[decision["layer"]]
            if decision["reason"] == "ARM":
                assert holds(one.arm, metrics) is True
                assert decision["status"] == "idle"
            elif decision["reason"] == "DISARM":
                assert holds(one.disarm, metrics) is True
            elif decision["reason"] == "UNKNOWN_METRIC":
                assert holds(one.arm, metrics) is None
            elif decision["reason"] == "RETRY":
                assert decision["status"] == "armed"
                assert holds(one.disarm, metrics) is not True


@EXAMPLES
@given(scenario=scenarios(), rules=rule_sets())
def test_no_layer_and_no_pool_spends_more_than_its_budget_of_a_year(
    scenario: Scenario, rules: Rules
) -> None:
    """Oracle: the ledger's own opens, summed anew, against the entry value at each purchase.

    Without income, which raises budgets: tests/property/test_ladder_laws.py has that.
    """
    layers = tuple(replace(layer, funds_budget=False) for layer in rules.layers)
    rules = sealed(replace(rules, layers=layers))
    runner = runner_for(scenario, rules)
    by_name = {each.name: each for each in rules.layers}
    spends: dict[str, list[tuple[int, int, int]]] = {name: [] for name in by_name}
    for tick in ticks_of(runner, scenario):
        if any(row.kind == "undo" for row in tick.rows):
            kept = int(
                read_body(next(r for r in tick.rows if r.kind == "undo").body)["ancestor"]["number"]
            )
            spends = {n: [x for x in each if x[0] <= kept] for n, each in spends.items()}
        if tick.record is None:
            continue
        block = tick.record["snapshot"]["block"]
        for order, fill in zip(tick.record["orders"], tick.record["fills"], strict=True):
            if order["intent"] == "open" and fill["status"] == "filled":
                paid = int(fill["fee"]) - int(fill["cash"])
                spends[order["layer"]].append((block["number"], block["time_s"], max(0, paid)))
                entry = int(tick.record["views"][POOL]["exposure"]["entry_value_atoms"])
                own = by_name[order["layer"]].premium_budget_bps_per_year
                since = block["time_s"] - YEAR_S
                spent = {
                    name: sum(paid for _, time_s, paid in each if time_s > since)
                    for name, each in spends.items()
                }
                assert paid <= 0 or spent[order["layer"]] <= entry * own // BPS
                if rules.total_budget_bps_per_year is not None and paid > 0:
                    assert sum(spent.values()) <= entry * rules.total_budget_bps_per_year // BPS


@EXAMPLES
@given(scenario=scenarios(), rules=rule_sets())
def test_the_attribution_of_the_position_adds_up_to_its_profit_exactly(
    scenario: Scenario, rules: Rules
) -> None:
    runner = runner_for(scenario, rules)
    for tick in ticks_of(runner, scenario):
        exposure = tick.record and tick.record["views"][POOL]["exposure"]
        if not exposure:
            continue
        funded, price, il, fees, value, entry = (
            int(exposure[name])
            for name in (
                "funded_pnl_atoms", "price_exposure_atoms", "il_atoms", "fees_atoms",
                "lp_value_atoms", "entry_value_atoms",
            )
        )  # fmt: skip
        assert funded == price + il + fees == value - entry
        assert il <= 0


@EXAMPLES
@given(scenario=scenarios(), rules=rule_sets())
def test_a_venue_asked_twice_answers_twice_the_same(scenario: Scenario, rules: Rules) -> None:
    runner = runner_for(scenario, rules)
    for tick in ticks_of(runner, scenario):
        if tick.record is None or not tick.record["orders"]:
            continue
        assert runner.book is not None
        orders = [Order.from_json(order) for order in tick.record["orders"]]
        before = runner.book.steps[-2].state
        assert tick.after.snapshot is not None
        sight = look(before, tick.after.snapshot, rules, runner.venue)
        markets = {pool: view.market for pool, view in sight.views.items()}
        free = {sleeve: money.cash for sleeve, money in before.money.items()}
        once = runner.venue.execute(orders, markets, free)
        assert runner.venue.execute(orders, markets, free) == once
        assert [fill.to_json() for fill in once] == tick.record["fills"]


@EXAMPLES
@given(scenario=scenarios(), rules=rule_sets())
def test_every_entry_sums_to_zero_and_closed_hedges_leave_no_margin(
    scenario: Scenario, rules: Rules
) -> None:
    runner = runner_for(scenario, rules)
    for tick in ticks_of(runner, scenario):
        if not tick.after.hedges:
            assert not any(tick.after.money[Sleeve.CORE].margin.values())
    for entry in store_of(runner).entries():
        assert residual_by_currency(entry.postings) == {}
        assert entry.postings


@EXAMPLES
@given(scenario=scenarios(reorgs=False), rules=rule_sets())
def test_tick_numbers_and_blocks_only_rise_without_reorgs(scenario: Scenario, rules: Rules) -> None:
    runner = runner_for(scenario, rules)
    seen = [tick.after for tick in ticks_of(runner, scenario)]
    for older, newer in pairwise(seen):
        assert newer.tick == older.tick + 1
        assert older.snapshot is not None
        assert newer.snapshot is not None
        assert newer.snapshot.block.number == older.snapshot.block.number + 1


@EXAMPLES
@given(scenario=scenarios(), rules=rule_sets())
def test_a_layer_armed_and_disarmed_by_the_same_metric_only_trades_when_a_threshold_is_crossed(
    scenario: Scenario, rules: Rules
) -> None:
    """Between two trades of a layer by its thresholds the metric has been on the other side."""
    runner = runner_for(scenario, rules)
    by_name = {each.name: each for each in rules.layers}
    last: dict[str, str] = {}
    for tick in ticks_of(runner, scenario):
        if any(row.kind == "undo" for row in tick.rows):
            return  # what was crossed on a lost branch is another story
        for order in tick.record["orders"] if tick.record else ():
            assert tick.record is not None
            name, intent = order["layer"], order["intent"]
            metric = by_name[name].arm
            assert isinstance(metric, Comparison)
            value = tick.record["views"][POOL]["metrics"][metric.metric]
            if intent == Intent.OPEN.value and order["reason"] == "ARM":
                assert metric.above is not None
                assert value > metric.above
            if intent == Intent.CLOSE.value and order["reason"] == "DISARM":
                disarm = by_name[name].disarm
                assert isinstance(disarm, Comparison)
                assert disarm.below is not None
                assert value < disarm.below
                assert last.get(name) != "DISARM"
            last[name] = order["reason"]


def test_the_same_layers_without_a_budget_order_nothing() -> None:
    """A budget of zero is a law too: the layer says BUDGET, tick after tick."""
    rules = storm_rules()
    poor = rules_of(*(replace(each, premium_budget_bps_per_year=0) for each in rules.layers))
    runner = runner_for(storm(), poor)
    reasons = {
        decision["reason"]
        for tick in ticks_of(runner, storm())
        if tick.record
        for decision in tick.record["decisions"]
    }
    assert "BUDGET" in reasons
    assert {entry.kind for entry in store_of(runner).entries()} & {"hedge_open"} == set()
