"""Laws of the ladder: drawn rule files under drawn histories, judged from the journal's rows alone.

tests/builders/told.py reads the rows and keeps its own books; that precedence is total is walked
through in tests/unit/core/test_ladder_walk.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import ceil, log, sqrt
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.accounts import CASH, DEBT, MARGIN
from bot.core.engine import recover
from bot.core.ledger import check_chain
from bot.core.market import Market
from bot.core.orders import Leg
from bot.core.reasons import Reason
from bot.core.terms import rules_from_json
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_journal
from tests.builders.drawing import diagram
from tests.builders.ladders import Ladder
from tests.builders.runs import POOL
from tests.builders.stories import (
    Story,
    called_stories,
    funded_stories,
    loaded,
    rule_files,
    stories,
    wary_stories,
)
from tests.builders.told import (
    Body,
    Tick,
    legs_of,
    rules_told,
    ticks_told,
    verdict,
    within_year,
)

BPS = 10_000
EXAMPLES = settings(max_examples=40)
ROLLS = ("ROLL", "ROLL_EARLY", "RESTRIKE", "STALE")
SALES = ("DISARM", "NO_POSITION", "MONETISE", "STOP_LOSS", "MARGIN_CALL", *ROLLS)
BUYS = ("ARM", "RETRY", "WORKING")
NO_CONDITIONS = (
    "SETTLE", "MARGIN_CALL", "NO_POSITION", "MONETISE", "STOP_LOSS", "FREEZE", "THAW", "COOLED",
    "RETRY", "WORKING", "LAPSED", *ROLLS,
)  # fmt: skip
"""Reasons to change status that are neither `arm` nor `disarm`."""
UNFROZEN = (
    "FREEZE", "FROZEN", "SETTLE", "NO_SETTLEMENT_PRICE", "MARGIN_CALL", "NO_POSITION",
    "UNTRUSTED_PRICE", "UNCONFIRMED",
)  # fmt: skip
"""What a layer may say while it is frozen, or is being frozen."""


class Told:
    """A played story as its journal tells it."""

    def __init__(self, story: Story) -> None:
        self.ladder: Ladder = story.play()
        rows = list(self.ladder.journal.rows())
        self.rules = rules_told(rows)
        self.layers: Mapping[str, Body] = {each["name"]: each for each in self.rules["layers"]}
        self.ticks = ticks_told(rows, POOL)

    def held_legs(self, tick: Tick, layer: str) -> list[Leg]:
        """The legs of the hedge that a layer held before a tick."""
        before = self.ticks[self.ticks.index(tick) - 1].body["book"]["hedges"]
        return [Leg.from_json(leg) for h in before if h["layer"] == layer for leg in h["legs"]]

    def decisions(self) -> Iterator[tuple[Tick, Body, Body]]:
        """Each with its tick and the rules of its layer."""
        for tick in self.ticks:
            for name, decision in tick.decisions.items():
                yield tick, self.layers[name], decision

    def says(self, tick: Tick, layer: Body, condition: str) -> float:
        """1 for true, 0 for false, a half for unknown; what is not there is false."""
        if layer[condition] is None:
            return 0.0
        return verdict(layer[condition], {**self.metrics(tick, layer)})

    def metrics(self, tick: Tick, layer: Body) -> dict[str, float | None]:
        """The pool's, and how far the layer's last strike is away, in the venue's calm sigmas."""
        assert tick.view is not None
        metrics: dict[str, float | None] = dict(tick.view["metrics"])
        struck, moved = tick.before[layer["name"]].struck, metrics["move_sigma"]
        if struck:
            horizon_s = self.rules["horizon_s"]
            book = self.ladder.runner
            market: Any = type("Yardstick", (), {"pool": POOL})()
            sigma = book.venue.calm_vol(market, tenor_s=horizon_s) * sqrt(horizon_s / 31_536_000)
            moved = round(log(int(tick.view["market"]["spot"]) / struck) / sigma, 6)
        metrics["move_sigma_restrike"] = moved
        metrics["move_sigma_restrike_abs"] = None if moved is None else abs(moved)
        return metrics


def own_order(tick: Tick, layer: Body) -> tuple[Body, Body] | None:
    """A layer's order of a tick and its fill; None without one."""
    return next((pair for pair in tick.orders if pair[0]["layer"] == layer["name"]), None)


@EXAMPLES
@given(story=stories())
def test_inside_the_band_a_layer_changes_for_no_reason_that_is_a_condition(story: Story) -> None:
    """Neither `arm` nor `disarm` is true: only what is no condition moves it."""
    told = Told(story)
    for tick, layer, decision in told.decisions():
        if 1.0 in (told.says(tick, layer, "arm"), told.says(tick, layer, "disarm")):
            continue
        name = layer["name"]
        if tick.after[name].status != tick.before[name].status:
            assert decision["reason"] in NO_CONDITIONS
        assert decision["reason"] not in ("ARM", "DISARM", "MIN_HOLD")


@EXAMPLES
@given(story=stories())
def test_a_layer_has_one_hedge_and_one_order_and_arms_once_between_two_disarms(
    story: Story,
) -> None:
    told = Told(story)
    for tick in told.ticks:
        for many in (tick.body["book"]["hedges"], tick.body["orders"], tick.body["decisions"]):
            assert max(Counter(each["layer"] for each in many).values(), default=0) <= 1
    for name in told.layers:
        is_armed = False
        for tick in told.ticks:
            reason = tick.decisions.get(name, {}).get("reason")
            if reason == "ARM":
                assert not is_armed
                is_armed = True
            if tick.after[name].status == "idle":
                assert reason in (None, "DISARM", "COOLED", "NO_POSITION") or not is_armed
                is_armed = False


@EXAMPLES
@given(story=stories() | funded_stories())
def test_no_purchase_breaks_a_budget_or_the_cap(story: Story) -> None:
    """Premium and fees of 365 days against the entry value, income on top; premium and margin
    of all that is open against the cap."""
    told = Told(story)
    for tick in told.ticks:
        for order, fill in tick.orders:
            paid = int(fill["fee"]) - int(fill["cash"])
            if order["intent"] != "open" or fill["status"] == "refused":
                continue
            assert_within_budget(told, tick, told.layers[order["layer"]], paid=paid)
            cap_bps = told.rules["exposure_cap_bps"]
            if cap_bps is not None and paid + int(fill["margin"]) > 0:
                held = [layer.held for layer in tick.after.values() if layer.held is not None]
                tied = sum(max(Fraction(0), each.cost) + each.margin for each in held)
                assert tied <= Fraction(tick.entry_value * cap_bps, BPS)


def assert_within_budget(told: Told, tick: Tick, layer: Body, *, paid: int) -> None:
    if paid <= 0:
        return
    value = Fraction(tick.entry_value, BPS)
    spent = {name: within_year(each.spent, tick.time_s) for name, each in tick.after.items()}
    earned = sum(
        within_year(tick.before[name].earned, tick.time_s)
        for name, each in told.layers.items()
        if each["funds_budget"]
    )
    income = Fraction(max(0, earned) * told.rules["income_share_bps"], BPS)
    beyond = {
        name: spent[name] - value * each["premium_budget_bps_per_year"]
        for name, each in told.layers.items()
        if not each["funds_budget"]
    }
    own = spent[layer["name"]] <= value * layer["premium_budget_bps_per_year"]
    if layer["funds_budget"]:
        assert own
    # Each budget is a whole number of atoms: one atom a layer may be lost to rounding.
    assert own or sum(max(Fraction(0), each) for each in beyond.values()) <= income + len(beyond)
    total_bps = told.rules["total_budget_bps_per_year"]
    if total_bps is not None:
        extra = Fraction(0) if layer["funds_budget"] else income
        assert sum(spent.values()) <= value * total_bps + extra


@EXAMPLES
@given(story=stories())
def test_cash_is_never_below_zero_and_the_books_of_the_hedges_are_their_fills(
    story: Story,
) -> None:
    """Legs, cost and margin of each hedge, folded anew from fills and margin changes."""
    told = Told(story)
    for tick in told.ticks:
        book = tick.body["book"]
        assert all(
            int(atoms) >= 0 for part in ("cash", "debt", "margin") for atoms in book[part].values()
        )
        shown = {hedge["layer"]: hedge for hedge in book["hedges"]}
        held = {name: each.held for name, each in tick.after.items() if each.held is not None}
        assert shown.keys() == held.keys()
        for name, hedge in held.items():
            row = shown[name]
            assert (hedge.id, hedge.opened_s, hedge.expiry_s) == (
                row["id"],
                row["opened_s"],
                row["expiry_s"],
            )
            assert hedge.legs == legs_of(row["legs"])
            assert (hedge.cost, hedge.margin) == (int(row["cost"]), int(row["margin"]))
        assert int(book["margin"].get("USDC", 0)) == sum(hedge.margin for hedge in held.values())
    last, balances = (
        told.ticks[-1].body["book"],
        check_chain(told.ladder.journal.entries()).balances,
    )
    for account, part, sign in ((CASH, "cash", 1), (MARGIN, "margin", 1), (DEBT, "debt", -1)):
        assert balances.get((account, "USDC"), 0) == sign * int(last[part].get("USDC", 0))


@settings(max_examples=100)
@given(story=called_stories())
def test_no_purchase_takes_cash_below_zero_and_debts_come_of_calls_and_settlements(
    story: Story,
) -> None:
    """Each sleeve's cash, tick by tick from the rows: margin that has risen is set aside, then what
    is sold, called and settled is booked, with the margin that becomes free; what is bought comes
    last, and has never to be refused for want of cash."""
    told, before = Told(story), dict.fromkeys(("core", "engine"), (0, 0))
    for number, tick in enumerate(told.ticks):
        book = tick.body["book"]
        after = {"core": money(book), "engine": money(book["engine"])}
        for sleeve in after if number else ():
            free = before[sleeve][0] - released(told, tick, sleeve)
            kinds = set()
            for order, fill in sorted(tick.orders, key=lambda pair: pair[0]["intent"] == "open"):
                if order["sleeve"] != sleeve:
                    continue
                net = int(fill["cash"]) - int(fill["fee"])
                if order["intent"] == "open":
                    assert fill["reason"] != "CASH"
                    taken = int(fill["margin"]) - net
                    assert taken <= 0 or free >= taken
                    free -= taken
                else:
                    free += net + freed(tick, order, fill)
                    kinds.add("settle" if order["intent"] == "settle" else order["is_forced"])
            assert free == after[sleeve][0] - (after[sleeve][1] - before[sleeve][1])
            assert after[sleeve][1] <= before[sleeve][1] or kinds & {"settle", True}
        before = after


@EXAMPLES
@given(story=called_stories())
def test_the_engine_never_spends_beyond_its_budgets_nor_ties_up_more_than_its_cap(
    story: Story,
) -> None:
    """Shares of what it was given. What it ties up or has lost is what it has no longer in cash."""
    told = Told(story)
    engine, given_atoms = told.rules["engine"], story.cash * 4_000 // BPS
    for tick in told.ticks:
        for order, fill in tick.orders:
            paid = int(fill["fee"]) - int(fill["cash"])
            if (order["sleeve"], order["intent"]) != ("engine", "open"):
                continue
            spent = within_year(tick.after[order["layer"]].spent, tick.time_s)
            budget_bps = told.layers[order["layer"]]["premium_budget_bps_per_year"]
            if fill["status"] != "refused" and paid > 0:
                assert spent <= Fraction(given_atoms * budget_bps, BPS)
            if fill["status"] != "refused" and paid + int(fill["margin"]) > 0:
                free, _ = money(tick.body["book"]["engine"])
                assert given_atoms - free <= Fraction(given_atoms * engine["cap_bps"], BPS)


def money(part: Body) -> tuple[int, int]:
    """(cash, debt)."""
    return int(part["cash"].get("USDC", 0)), int(part["debt"].get("USDC", 0))


def released(told: Told, tick: Tick, sleeve: str) -> int:
    """By how much margin of open hedges has risen on the tick, signed."""
    return sum(
        int(tick.body["margins"].get(layer.held.id, layer.held.margin)) - int(layer.held.margin)
        for name, layer in tick.before.items()
        if layer.held is not None and told.layers[name]["sleeve"] == sleeve
    )


def freed(tick: Tick, order: Body, fill: Body) -> int:
    """Margin that closing or settling sets free: what is kept rounds up."""
    held = tick.before[order["layer"]].held
    assert held is not None
    margin = int(tick.body["margins"].get(held.id, held.margin))
    dealt = sum(abs(int(leg["leg"]["quantity"])) for leg in fill["legs"])
    return margin - ceil(Fraction(margin * (held.size - dealt), held.size))


@EXAMPLES
@given(story=stories())
def test_every_order_has_its_reason_and_every_change_is_on_the_page(story: Story) -> None:
    told, page = Told(story), diagram()
    known = {reason.value for reason in Reason}
    for tick, layer, decision in told.decisions():
        reason, name = decision["reason"], layer["name"]
        assert reason in known
        assert decision["status"] == tick.before[name].status
        assert (decision["status"], tick.after[name].status, reason) in page
        order = own_order(tick, layer)
        intent = "settle" if reason == "SETTLE" else "open" if reason in BUYS else "close"
        if order is not None:
            assert (order[0]["reason"], order[0]["intent"]) == (reason, intent)
        has_hedge = tick.before[name].held is not None
        orders = reason in ("SETTLE", *BUYS) or (has_hedge and reason in SALES)
        assert orders is (order is not None)
    ordering = {(order["layer"], tick.time_s) for tick in told.ticks for order, _ in tick.orders}
    deciding = {(layer["name"], tick.time_s) for tick, layer, _ in told.decisions()}
    assert ordering <= deciding


@EXAMPLES
@given(story=stories())
def test_every_reason_is_true_by_the_numbers_of_its_tick(story: Story) -> None:
    told = Told(story)
    for tick, layer, decision in told.decisions():
        check = REASONS.get(decision["reason"])
        if check is not None:
            assert check(told, tick, layer, decision["numbers"]), decision


@EXAMPLES
@given(story=wary_stories() | stories())
def test_no_reason_to_keep_a_hedge_hides_a_profit_or_a_stop(story: Story) -> None:
    """Where a layer keeps its hedge at a trusted price there is nothing to take: the venue's offer
    against the hedge's own cost."""
    told = Told(story)
    keeps = ("IN_BAND", "MIN_HOLD", "UNCONFIRMED", "WORKING", "LAPSED", *ROLLS)
    for tick, layer, decision in told.decisions():
        held, is_frozen = tick.before[layer["name"]].held, decision["status"] == "frozen"
        freezes = told.says(tick, layer, "freeze") == 1.0
        if held is None or is_frozen or freezes or decision["reason"] not in keeps:
            continue
        legs = told.held_legs(tick, layer["name"])
        value = told.ladder.runner.venue.liquidation_atoms(legs, market_of(tick))
        numbers, take = {"value": str(value)}, layer["take"]
        assert not (held.cost and takes_profit(told, tick, layer, numbers))
        assert not (take["stop_bps"] and held.cost and takes_loss(told, tick, layer, numbers))


@EXAMPLES
@given(story=wary_stories() | stories())
def test_what_disarm_gives_up_is_neither_rolled_nor_added_to(story: Story) -> None:
    """From the first block on which it is true, confirmed or not, the minimum hold over or not."""
    told = Told(story)
    for tick, layer, decision in told.decisions():
        if told.says(tick, layer, "disarm") == 1.0:
            assert decision["reason"] not in (*ROLLS, *BUYS) or decision["status"] == "idle"


def left_s(tick: Tick, layer: Body) -> int:
    held = tick.before[layer["name"]].held
    assert held is not None
    return held.expiry_s - tick.time_s


def takes_profit(_told: Told, tick: Tick, layer: Body, numbers: Body) -> bool:
    """By the hedge's own cost, and what was offered for it."""
    held, take = tick.before[layer["name"]].held, layer["take"]
    assert held is not None
    value, cost = int(numbers["value"]), held.cost
    if cost > 0:
        return take["multiple_bps"] is not None and BPS * value >= cost * take["multiple_bps"]
    share_bps = take["credit_share_bps"]
    return share_bps is not None and BPS * (value - cost) >= -cost * share_bps


def takes_loss(_told: Told, tick: Tick, layer: Body, numbers: Body) -> bool:
    held = tick.before[layer["name"]].held
    assert held is not None
    lost = held.cost - int(numbers["value"])
    return bool(BPS * lost >= abs(held.cost) * layer["take"]["stop_bps"])


def is_called(told: Told, tick: Tick, layer: Body, _numbers: Body) -> bool:
    """More margin than the cash that older hedges' margin has left."""
    book = told.ladder.runner
    held, (order, _) = tick.before[layer["name"]].held, own_order(tick, layer) or ({}, {})
    assert held is not None
    assert tick.view is not None
    assert order["is_forced"]
    market: Any = market_of(tick)
    legs = [Leg.from_json({**leg, "quantity": str(-int(leg["quantity"]))}) for leg in order["legs"]]
    more = book.venue.margin_atoms(legs, market) - held.margin
    return bool(more > tick.cash_before - risen(tick))


def risen(tick: Tick) -> int:
    """All the margin that other hedges needed more on the tick: the most that came first."""
    before = {each.held.id: each.held.margin for each in tick.before.values() if each.held}
    margins = tick.body["margins"].items()
    return int(sum(max(Fraction(0), int(atoms) - before[hedge]) for hedge, atoms in margins))


def market_of(tick: Tick) -> Any:
    """The market of a record, with the decimals of the pool."""
    assert tick.view is not None
    row = tick.view["market"]
    return Market(
        pool=row["pool"], time_s=row["time_s"], base_symbol="WETH", base_decimals=18,
        quote_symbol="USDC", quote_decimals=6, spot_atoms=int(row["spot"]),
        twap_atoms=None if row["twap"] is None else int(row["twap"]),
        realised_vol=row["realised_vol"],
    )  # fmt: skip


def is_confirmed(tick: Tick, layer: Body) -> bool:
    assert tick.view is not None
    return not layer["roll"]["needs_macd_cross"] or tick.view["metrics"]["macd_cross"] in (-1, 1)


def is_over(told: Told, tick: Tick, layer: Body, _numbers: Body) -> bool:
    if layer["thaw"] is not None:
        return told.says(tick, layer, "thaw") == 1.0 > told.says(tick, layer, "freeze")
    return told.says(tick, layer, "freeze") == 0.0


def is_dusty(told: Told, tick: Tick, _layer: Body, _numbers: Body) -> bool:
    assert tick.view is not None
    reserve = min(int(side) for side in tick.body["snapshot"]["pools"][0][1:3])  # quote: 6 decimals
    return reserve < told.rules["dust_quote_micro"]


REASONS: Mapping[str, Any] = {
    "ARM": lambda told, tick, layer, _: told.says(tick, layer, "arm") == 1.0,
    "BELOW_ARM": lambda told, tick, layer, _: told.says(tick, layer, "arm") == 0.0,
    "UNKNOWN_METRIC": lambda told, tick, layer, _: told.says(tick, layer, "arm") == 0.5,
    "RETRY": lambda told, tick, layer, _: told.says(tick, layer, "disarm") != 1.0,
    "WORKING": lambda told, tick, layer, _: told.says(tick, layer, "disarm") != 1.0,
    "DISARM": lambda told, tick, layer, _: told.says(tick, layer, "disarm") == 1.0,
    "MIN_HOLD": lambda told, tick, layer, _: told.says(tick, layer, "disarm") == 1.0,
    "IN_BAND": lambda told, tick, layer, _: told.says(tick, layer, "disarm") != 1.0,
    "MONETISE": takes_profit,
    "STOP_LOSS": takes_loss,
    "ROLL": lambda _, tick, layer, __: left_s(tick, layer) <= layer["roll"]["before_expiry_s"],
    "ROLL_EARLY": lambda _, tick, layer, numbers: is_confirmed(tick, layer)
    and left_s(tick, layer) <= layer["roll"]["early_s"]
    and int(numbers["forward_vol_bps"]) >= layer["roll"]["forward_vol_bps"],
    "RESTRIKE": lambda _, tick, layer, numbers: is_confirmed(tick, layer)
    and numbers["delta_drift"] * 1e9 >= layer["roll"]["delta_drift_ppb"],
    "STALE": lambda _, tick, layer, numbers: is_confirmed(tick, layer)
    and int(numbers["target_drift_bps"]) > layer["roll"]["target_drift_bps"],
    "FREEZE": lambda told, tick, layer, _: told.says(tick, layer, "freeze") == 1.0,
    "FROZEN": lambda told, tick, layer, numbers: not is_over(told, tick, layer, numbers),
    "THAW": is_over,
    "SETTLE": lambda _, tick, layer, __: left_s(tick, layer) <= 0,
    "NO_SETTLEMENT_PRICE": lambda _, tick, layer, __: left_s(tick, layer) <= 0,
    "MARGIN_CALL": is_called,
    "COOLDOWN": lambda _, tick, layer, __: tick.time_s
    < tick.before[layer["name"]].cooling_since_s + layer["cooldown_s"],
    "COOLED": lambda _, tick, layer, __: tick.time_s
    >= tick.before[layer["name"]].cooling_since_s + layer["cooldown_s"],
    "CASH": lambda _, tick, __, numbers: 0 <= int(numbers["cash"]) <= tick.cash_before,
    "NO_POSITION": lambda _, tick, __, ___: tick.view["exposure"] is None,
    "DUST": is_dusty,
    "LAPSED": lambda _, tick, layer, __: tick.time_s > tick.before[layer["name"]].wish.good_until_s,
}  # fmt: skip
"""What makes each reason true, from the rules, the record's figures and the hedge's own books."""


@EXAMPLES
@given(story=stories())
def test_a_condition_with_an_unknown_metric_never_fires(story: Story) -> None:
    """While `arm` is unknown nothing new is wanted; while `disarm` is, nothing is sold for it."""
    told = Told(story)
    fires = {
        "arm": ("ARM",),
        "disarm": ("DISARM", "MIN_HOLD"),
        "freeze": ("FREEZE",),
        "thaw": ("THAW",),
    }
    for tick, layer, decision in told.decisions():
        for condition, reasons in fires.items():
            if told.says(tick, layer, condition) == 0.5:
                assert decision["reason"] not in reasons


@EXAMPLES
@given(story=stories())
def test_minimum_hold_and_cooldown_are_never_undercut(story: Story) -> None:
    told = Told(story)
    cooling: dict[str, int] = {}
    for tick, layer, decision in told.decisions():
        name, held = layer["name"], tick.before[layer["name"]].held
        if decision["reason"] == "DISARM" and held is not None:
            assert tick.time_s - held.opened_s >= layer["hold_s_min"]
        if decision["reason"] == "NO_POSITION":
            cooling.pop(name, None)  # an exit ends the wait: there is nothing to flap
        order = own_order(tick, layer)
        if order is not None and order[0]["intent"] == "open" and name in cooling:
            assert tick.time_s >= cooling.pop(name) + layer["cooldown_s"]
        if tick.after[name].status == "cooling" != tick.before[name].status:
            cooling[name] = tick.time_s


@EXAMPLES
@given(story=stories())
def test_a_frozen_layer_orders_nothing_but_settlements_and_margin_calls(story: Story) -> None:
    """From the tick on which `freeze` comes true to the one after the thaw."""
    told = Told(story)
    for tick, layer, decision in told.decisions():
        is_frozen = tick.before[layer["name"]].status == "frozen"
        if is_frozen or told.says(tick, layer, "freeze") == 1.0:
            order = own_order(tick, layer)
            assert order is None or order[0]["intent"] == "settle" or order[0]["is_forced"]
            assert decision["reason"] in UNFROZEN or (is_frozen and decision["reason"] == "THAW")
        if is_frozen and tick.after[layer["name"]].status != "frozen":
            assert decision["reason"] in ("THAW", "NO_POSITION")


@EXAMPLES
@given(story=stories())
def test_what_rests_is_never_more_than_was_left_nor_dearer_nor_older_than_its_time(
    story: Story,
) -> None:
    told = Told(story)
    for tick, layer, decision in told.decisions():
        order, wish = own_order(tick, layer), tick.before[layer["name"]].wish
        if decision["reason"] != "WORKING":
            continue
        assert order is not None
        assert wish is not None
        assert (order[0]["hedge_id"], order[0]["good_until_s"]) == (
            wish.hedge_id,
            wish.good_until_s,
        )
        assert tick.time_s <= wish.good_until_s
        asked = legs_of(order[0]["legs"])
        assert asked.keys() <= wish.left.keys()
        for code, size in asked.items():
            assert 0 < size * (1 if wish.left[code] > 0 else -1) <= abs(wish.left[code])
        share = Fraction(sum(map(abs, asked.values())), sum(map(abs, wish.left.values())))
        assert abs(int(order[0]["cash_limit"]) - wish.limit * share) <= 1


@EXAMPLES
@given(story=stories())
def test_recovery_and_replay_give_the_same_book_byte_for_byte(story: Story) -> None:
    told = Told(story)
    runner, rows = told.ladder.runner, list(told.ladder.journal.rows())
    rules = rules_from_json(told.rules)
    assert rules == told.ladder.rules
    assert recover(told.ladder.journal, rules, venue=runner.venue) == runner.book
    again = MemoryStore()
    replay_journal(rows, rules, venue=runner.venue, journal=again)
    assert list(again.rows()) == rows
    assert list(again.entries()) == list(told.ladder.journal.entries())


@settings(max_examples=60)
@given(text=rule_files(), wrong=st.sampled_from(("", "below", "above", "0.5", "true", "[", "days")))
def test_a_rule_file_loads_or_says_what_is_wrong_with_it(text: str, wrong: str) -> None:
    """Also with a word of it missing, which makes thresholds and whole tables go astray."""
    rules, problems = loaded(text.replace(wrong, "", 1) if wrong else text)
    assert (rules is None) is bool(problems)
    for problem in problems:
        assert problem.line


def test_the_drawn_stories_meet_what_the_laws_speak_of() -> None:
    """Laws over runs in which nothing happens would hold for nothing. A missing settlement price
    is out of reach of any file that loads: the nearest expiry is half a day away."""
    reasons: Counter[str] = Counter()
    answers: Counter[tuple[str, str]] = Counter()

    def note(story: Story) -> None:
        told = Told(story)
        reasons.update(decision["reason"] for _, _, decision in told.decisions())
        for tick in told.ticks:
            answers.update((order["intent"], fill["reason"]) for order, fill in tick.orders)

    for drawn, many in ((stories(), 200), (wary_stories() | called_stories(), 40)):
        draws = settings(max_examples=many, derandomize=True, database=None)
        draws(given(story=drawn)(note))()
    rare = {"NO_SETTLEMENT_PRICE", "ROLL", "ROLL_EARLY", "RESTRIKE", "NOT_LISTED", "GATE"}
    assert {reason.value for reason in Reason} - rare - reasons.keys() == set()
    assert {("open", "LIMIT"), ("open", "DEPTH"), ("close", "DEPTH")} <= answers.keys()
    assert sum(count for (_, answer), count in answers.items() if answer == "FILLED") > 200
