"""The keys of a rule file, each with its kind, its bounds and its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.config.guard_keys import GUARD_KEYS
from bot.config.keys import Amount, Key, ListOf, Number, Scaled, TableOf, Text, Whole
from bot.config.places import INVALID, Place
from bot.core.bar_terms import PLAIN_BARS
from bot.core.conditions import AllOf, AnyOf, Comparison, NotOf, comparisons
from bot.core.instruments import INSTRUMENTS
from bot.core.metrics import METRICS
from bot.core.rules import SizeBy
from bot.core.units import BPS, DAY_S, MILLION

DEPTH_MAX = 8
COMPARISONS_MAX = 16
"""Larger conditions cannot be checked for flapping in reasonable time, nor read by people."""

NAME = Text(pattern="[a-z][a-z0-9_]*", wanted="a name of small letters, digits and _")
FORMS = ("all", "any", "not")


@dataclass(frozen=True, slots=True)
class ConditionOf:
    """A comparison {metric, above, below}, or {all = [...]}, {any = [...]}, {not = {...}}."""

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        read = _condition(value, place, depth=1)
        if read is not INVALID and sum(1 for _ in comparisons(read)) > COMPARISONS_MAX:
            place.report("is too long", f"use at most {COMPARISONS_MAX} comparisons")
            return INVALID
        return read

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`; rule_schema defines what it points to."""
        return {"$ref": "#/$defs/condition"}


def condition_schema() -> dict[str, Any]:
    """What `#/$defs/condition` stands for."""
    this = {"$ref": "#/$defs/condition"}
    many = {"type": "array", "items": this, "minItems": 1}
    comparison = {
        "type": "object",
        "properties": {name: key.kind.schema() for name, key in COMPARISON_KEYS.items()},
        "required": ["metric"],
        "anyOf": [{"required": ["above"]}, {"required": ["below"]}],
        "additionalProperties": False,
    }
    forms = {"all": many, "any": many, "not": this}
    composed = [
        {
            "type": "object",
            "properties": {word: form},
            "required": [word],
            "additionalProperties": False,
        }
        for word, form in forms.items()
    ]
    return {"oneOf": [comparison, *composed]}


def _condition(value: Any, place: Place, *, depth: int) -> Any:
    if depth > DEPTH_MAX:
        place.report("is nested too deep", f"nest at most {DEPTH_MAX} conditions")
        return INVALID
    forms = [word for word in FORMS if isinstance(value, dict) and word in value]
    if not forms:
        return _comparison(value, place)
    if len(value) > 1:
        place.report(f"mixes {', '.join(value)}", "write one of all, any, not a table")
        return INVALID
    word = forms[0]
    if word == "not":
        part = _condition(value[word], place.child(word), depth=depth + 1)
        return INVALID if part is INVALID else NotOf(part=part)
    return _composed(word, value[word], place.child(word), depth=depth)


def _composed(word: str, value: Any, place: Place, *, depth: int) -> Any:
    if not isinstance(value, list) or not value:
        return place.misfit(value, "holds no conditions", "write [ {metric = ...}, ... ]")
    parts = tuple(
        _condition(part, place.item(number), depth=depth + 1)
        for number, part in enumerate(value, start=1)
    )
    if INVALID in parts:
        return INVALID
    return AllOf(parts=parts) if word == "all" else AnyOf(parts=parts)


def _comparison(value: Any, place: Place) -> Any:
    if not isinstance(value, dict):
        return place.misfit(value, "is no condition", "write {metric = NAME, above = NUMBER}")
    before = len(place.problems)
    found = TableOf(COMPARISON_KEYS).read(value, place)
    if len(place.problems) > before:
        return INVALID
    above, below = found["above"], found["below"]
    if above is None and below is None:
        place.report("has no threshold", "add above = NUMBER or below = NUMBER")
        return INVALID
    if above is not None and below is not None and above >= below:
        place.report(f"is never true: above {above} and below {below}", "raise below")
        return INVALID
    return Comparison(
        metric=found["metric"],
        above=None if above is None else float(above),
        below=None if below is None else float(below),
    )


def _days(lowest: str, *, above: bool = False) -> Scaled:
    number = Number(lowest=lowest, highest="3660", above=above)
    return Scaled(number=number, factor=DAY_S, grain="seconds")


def _minutes(lowest: str, *, above: bool = False) -> Scaled:
    number = Number(lowest=lowest, highest="5270400", above=above)
    return Scaled(number=number, factor=60, grain="seconds")


def _bars(lowest: int, highest: int = 10_000) -> Whole:
    return Whole(lowest=lowest, highest=highest)


THRESHOLD = Number(lowest="-1000000000", highest="1000000000")
BUDGET = Whole(lowest=1, highest=BPS)

SIGMAS = Scaled(
    number=Number(lowest="-10", highest="10"), factor=1_000, grain="thousandths of a sigma"
)

COMPARISON_KEYS = {
    "metric": Key(Text(choices=tuple(METRICS)), "what to look at"),
    "above": Key(THRESHOLD, "true only above this", None),
    "below": Key(THRESHOLD, "true only below this", None),
}

STRATEGY_KEYS = {
    "name": Key(NAME, "name of the strategy; `unhedged` may have no layers"),
    "horizon_days": Key(_days("1"), "horizon of one sigma in `move_sigma`", 30 * DAY_S),
    "vol_half_life_hours": Key(
        Scaled(number=Number(lowest="1", highest="87840"), factor=3_600, grain="seconds"),
        "half-life of the moving average of realised variance",
        48 * 3_600,
    ),
    "vol_sample_minutes": Key(
        _minutes("1"), "time between two samples of the price for realised volatility", 3_600
    ),
    "vol_samples_min": Key(
        Whole(lowest=2, highest=100_000), "returns seen before realised volatility is known", 24
    ),
    "twap_minutes": Key(
        # The nearest expiry of the shortest tenor is half a day away: its window is always seen.
        Scaled(number=Number(lowest="1", highest="720"), factor=60, grain="seconds"),
        "averaging window of the settlement price and of `twap_gap_bps`",
        1_800,
    ),
    "dust_quote": Key(
        Amount(
            Scaled(
                number=Number(lowest="0", highest="1000000000000"),
                factor=MILLION,
                grain="millionths of a token",
            )
        ),
        "pools with less on their quote side, in whole quote tokens, are not hedged",
        0,
    ),
    "bar_minutes": Key(
        Scaled(number=Number(lowest="1", highest="1440"), factor=60, grain="seconds"),
        "length of a price bar on the UTC grid, a divisor of the day; what follows counts in bars",
        PLAIN_BARS.bar_s,
    ),
    "rsi_bars": Key(_bars(2), "moves that `rsi` averages", PLAIN_BARS.rsi_bars),
    "macd_fast_bars": Key(_bars(2), "the MACD's fast average of closes", PLAIN_BARS.macd_fast_bars),
    "macd_slow_bars": Key(_bars(3), "its slow average, longer", PLAIN_BARS.macd_slow_bars),
    "macd_signal_bars": Key(
        _bars(1), "average of its line: the signal", PLAIN_BARS.macd_signal_bars
    ),
    "pivot_bars": Key(
        _bars(1, 100), "bars on each side that a pivot stands out from", PLAIN_BARS.pivot_bars
    ),
    "divergence_bars": Key(
        _bars(3), "how far back both pivots of `divergence` may lie", PLAIN_BARS.divergence_bars
    ),
    "vol_window_bars": Key(
        _bars(2), "returns in `bar_vol`, ranges in `range_vol`", PLAIN_BARS.vol_window_bars
    ),
    "cone_bars": Key(
        _bars(2),
        "values of `bar_vol` that `vol_cone_percentile` looks back on",
        PLAIN_BARS.cone_bars,
    ),
    "cone_bars_min": Key(_bars(1), "so many of them until it is known", PLAIN_BARS.cone_bars_min),
    "vol_of_vol_bars": Key(
        _bars(2), "changes of `bar_vol` in `vol_of_vol`", PLAIN_BARS.vol_of_vol_bars
    ),
    "total_budget_bps_per_year": Key(
        BUDGET, "cap on what all layers of a pool spend in any 365 days, bps of entry value", None
    ),
}

ROLL_KEYS = {
    "days_to_expiry": Key(_days("0", above=True), "sell and buy anew when less than this is left"),
}
MONETISE_KEYS = {
    "multiple_of_premium": Key(
        Scaled(
            number=Number(lowest="1", highest="1000", above=True), factor=BPS, grain="basis points"
        ),
        "sell when the hedge brings this many times what it cost",
    ),
}

LAYER_KEYS = {
    "name": Key(NAME, "name of the layer, in orders, ledger and reports"),
    "instrument": Key(Text(choices=tuple(INSTRUMENTS)), "what the layer buys"),
    "offsets_bps": Key(
        ListOf(kind=Whole(lowest=1 - BPS, highest=10 * BPS)),
        "distance of each strike from spot, bps, below spot negative",
        (),
    ),
    "offsets_sigma": Key(
        ListOf(kind=SIGMAS),
        "the same in sigmas over the tenor, which fits pairs of any volatility; one of the two",
        (),
    ),
    "arm": Key(ConditionOf(), "the condition under which the layer buys its hedge"),
    "disarm": Key(ConditionOf(), "the condition under which it sells it"),
    "hedge_ratio_bps": Key(
        Whole(lowest=1, highest=2 * BPS), "how much of the exposure is covered, bps"
    ),
    "size_by": Key(
        Text(choices=tuple(size.value for size in SizeBy)),
        "`il`: cover further IL at the stress prices; `delta`: cover the base tokens in the pool",
        SizeBy.IL.value,
    ),
    "stress_bps": Key(
        ListOf(kind=Whole(lowest=1 - BPS, highest=10 * BPS)),
        "price moves from spot at which `il` sizes the hedge, bps",
        (),
    ),
    "stress_sigma": Key(
        ListOf(kind=SIGMAS), "the same in sigmas over the tenor; one of the two", ()
    ),
    "tenor_days": Key(_days("1"), "wanted time to expiry; the nearest listed expiry is taken"),
    "premium_budget_bps_per_year": Key(
        BUDGET, "what the layer may spend in any 365 days, bps of entry value"
    ),
    "cooldown_minutes": Key(_minutes("0"), "wait after a sale before arming again", 0),
    "hold_minutes_min": Key(_minutes("0"), "no sale by `disarm` sooner than this", 0),
    "slippage_bps_max": Key(
        Whole(lowest=0, highest=10 * BPS),
        "the most that a purchase pays above the model price, bps of it; left out, what is asked",
        None,
    ),
    "order_minutes": Key(
        _minutes("0"), "how long what was not filled at once is asked for; 0: on this tick only", 0
    ),
    "roll": Key(TableOf(ROLL_KEYS), "when to roll; left out, the hedge is held to expiry", None),
    "monetise": Key(TableOf(MONETISE_KEYS), "when to take profit; left out, never", None),
}

RULE_FILE = TableOf(
    {
        "strategy": Key(TableOf(STRATEGY_KEYS), "the strategy as a whole"),
        "guard": Key(TableOf(GUARD_KEYS), "what a price must stand before a layer acts on it"),
        "layer": Key(
            ListOf(kind=TableOf(LAYER_KEYS), what="[[layer]]"), "the ladder, mildest first", ()
        ),
    }
)
