"""The keys of a rule file, each with its kind, its bounds and its meaning."""

from __future__ import annotations

from bot.config.advice_keys import ADVICE_KEYS
from bot.config.condition_keys import ConditionOf
from bot.config.guard_keys import GUARD_KEYS
from bot.config.keys import Amount, Flag, Key, ListOf, Number, Scaled, TableOf, Text, Whole
from bot.config.market_keys import MARKET_KEYS
from bot.core.bar_terms import PLAIN_BARS
from bot.core.instruments import INSTRUMENTS
from bot.core.rules import SizeBy
from bot.core.sleeves import Sleeve
from bot.core.units import BPS, DAY_S, MILLION

NAME = Text(pattern="[a-z][a-z0-9_]*", wanted="a name of small letters, digits and _")


def _days(lowest: str, *, above: bool = False) -> Scaled:
    number = Number(lowest=lowest, highest="3660", above=above)
    return Scaled(number=number, factor=DAY_S, grain="seconds")


def _minutes(lowest: str, *, above: bool = False) -> Scaled:
    number = Number(lowest=lowest, highest="5270400", above=above)
    return Scaled(number=number, factor=60, grain="seconds")


def _bars(lowest: int, highest: int = 10_000) -> Whole:
    return Whole(lowest=lowest, highest=highest)


BUDGET = Whole(lowest=1, highest=BPS)

SIGMAS = Scaled(
    number=Number(lowest="-10", highest="10"), factor=1_000, grain="thousandths of a sigma"
)

STRATEGY_KEYS = {
    "name": Key(NAME, "name of the strategy; `unhedged` may have no layers, `basket` has none"),
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
    **MARKET_KEYS,
    "total_budget_bps_per_year": Key(
        BUDGET, "cap on what all layers of a pool spend in any 365 days, bps of entry value", None
    ),
    "income_share_bps": Key(
        Whole(lowest=0, highest=BPS),
        "how much of what `funds_budget` layers earned in 365 days the others may spend too",
        BPS,
    ),
    "exposure_cap_bps": Key(
        Whole(lowest=1, highest=10 * BPS),
        "cap on what open hedges of a pool tie up, premium and margin, bps of entry value",
        None,
    ),
}


def _multiple(lowest: str, highest: str = "1000") -> Scaled:
    number = Number(lowest=lowest, highest=highest, above=True)
    return Scaled(number=number, factor=BPS, grain="basis points")


ROLL_KEYS = {
    "days_to_expiry": Key(
        _days("0", above=True), "sell and buy anew when less than this is left", 0
    ),
    "early_days": Key(
        _days("0", above=True),
        "already when less is left, if `forward_vol_ratio` says so",
        0,
    ),
    "forward_vol_ratio": Key(
        _multiple("0", "10"),
        "roll early if forward volatility over the tenor after expiry is this many times the "
        "implied volatility until it",
        None,
    ),
    "delta_drift": Key(
        Scaled(
            number=Number(lowest="0", highest="2", above=True), factor=10**9, grain="billionths"
        ),
        "strike anew when the delta of a unit has moved by more than this since it was struck",
        None,
    ),
    "on_macd_cross": Key(
        Flag(),
        "early rolls, re-strikes and stale hedges wait for a bar with a MACD crossover",
        False,
    ),
}
STALE_KEYS = {
    "drift_bps": Key(
        Whole(lowest=1, highest=100 * BPS),
        "strike anew when the size called for has moved by more than this since, bps of it",
    ),
}
MONETISE_KEYS = {
    "multiple_of_premium": Key(
        _multiple("1"), "sell when the hedge brings this many times what it cost", None
    ),
    "share_of_credit": Key(
        _multiple("0", "1"), "buy back when this share of the credit would stay", None
    ),
}
STOP_KEYS = {
    "multiple_of_premium": Key(
        _multiple("0"), "sell when the hedge has lost this many times what it cost or brought"
    ),
}

LAYER_KEYS = {
    "name": Key(NAME, "name of the layer, in orders, ledger and reports"),
    "instrument": Key(Text(choices=tuple(INSTRUMENTS)), "what the layer buys"),
    "offsets_bps": Key(
        ListOf(kind=Whole(lowest=1 - BPS, highest=10 * BPS)),
        "distance of each strike from spot (or from the index), bps, below it negative",
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
        "what `hedge_ratio_bps` is a share of; see below",
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
    "tenor_days": Key(
        _days("1"), "wanted time to expiry; the nearest listed expiry is taken", None
    ),
    "tenors_days": Key(
        ListOf(kind=_days("1")),
        "several instead: staggered expiries, as so many layers with an equal share each",
        (),
    ),
    "premium_budget_bps_per_year": Key(
        BUDGET,
        "what the layer may spend in any 365 days, bps of entry value, or of the engine's capital",
    ),
    "cooldown_minutes": Key(_minutes("0"), "wait after a sale before arming again", 0),
    "hold_minutes_min": Key(_minutes("0"), "no sale by `disarm` sooner than this", 0),
    "slippage_bps_max": Key(
        Whole(lowest=0, highest=10 * BPS),
        "the most that a purchase pays above the model price, bps of it; left out, what is asked",
        None,
    ),
    "slippage_by_breadth": Key(
        Flag(),
        "scale that bound by 2 (1 - `breadth`): doubled when all pools fall, 0 when all rise",
        False,
    ),
    "order_minutes": Key(
        _minutes("0"), "how long what was not filled at once is asked for; 0: on this tick only", 0
    ),
    "roll": Key(TableOf(ROLL_KEYS), "when to roll; left out, the hedge is held to expiry", None),
    "stale": Key(TableOf(STALE_KEYS), "when its size is out of date; left out, never", None),
    "monetise": Key(TableOf(MONETISE_KEYS), "when to take profit; left out, never", None),
    "stop": Key(TableOf(STOP_KEYS), "when to take a loss; left out, never", None),
    "freeze": Key(ConditionOf(), "while it holds, the layer neither buys nor sells", None),
    "thaw": Key(ConditionOf(), "what ends a freeze; left out, that `freeze` is false", None),
    "funds_budget": Key(
        Flag(), "what its hedges earn pays for the premium of its sleeve's other layers", False
    ),
    "sleeve": Key(
        Text(choices=tuple(sleeve.value for sleeve in Sleeve)),
        "whose money it spends: the core's, or the second engine's",
        Sleeve.CORE.value,
    ),
}

ENGINE_KEYS = {
    "capital_bps": Key(
        Whole(lowest=1, highest=BPS - 1), "its share of the paper cash that a book opens with, bps"
    ),
    "cap_bps": Key(
        Whole(lowest=1, highest=BPS),
        "how much of that may be tied up or lost together, bps",
        BPS,
    ),
    "enabled": Key(
        Flag(), "its gate; while it is closed nothing is bought and what is held is sold", True
    ),
    "multisig": Key(
        Flag(),
        "a second gate behind it, on the chain: only until the moment that a multisig has named",
        False,
    ),
}

RULE_FILE = TableOf(
    {
        "strategy": Key(TableOf(STRATEGY_KEYS), "the strategy as a whole"),
        "guard": Key(TableOf(GUARD_KEYS), "what a price must stand before a layer acts on it"),
        "engine": Key(TableOf(ENGINE_KEYS), "the second engine; left out, there is none", None),
        "advice": Key(
            TableOf(ADVICE_KEYS), "advice on the core position; left out, there is none", None
        ),
        "layer": Key(
            ListOf(kind=TableOf(LAYER_KEYS), what="[[layer]]"), "the ladder, mildest first", ()
        ),
    }
)
