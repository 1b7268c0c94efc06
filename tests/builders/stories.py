"""Drawn rule files and drawn histories, and the runs that come of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import assume
from hypothesis import strategies as st

from bot.config.rule_file import read_rules
from bot.core.depth import DepthTerms
from bot.core.errors import ConfigError
from bot.core.quotes import PoolTerms
from bot.core.rules import Rules
from bot.core.surface import SurfaceTerms
from tests.builders.ladders import LP, Ladder

TERMS = {
    "plain": PoolTerms(),
    "shallow": PoolTerms(depth=DepthTerms(size_base=60, distance_thinning=0.1)),
    "contango": PoolTerms(
        surface=SurfaceTerms(atm_vol=0.5, atm_vol_long=1.0, decay_days=5.0),
        depth=DepthTerms(size_base=120, distance_thinning=0.0),
    ),
}
PRICES = (2_000, 1_990, 1_950, 1_900, 1_850, 1_790, 1_700, 1_500, 1_390, 1_000, 2_050, 2_300, 2_900)
HOURS = (1.0, 1.0, 6.0, 0.25, 1.0, 3.0, 1.0, 12.0, 24.0, 1.0, 72.0, 24.0 * 30, 24.0 * 200)

PROTECTION = (
    ("protective_put", [-500]), ("put_spread", [-300, -2_500]), ("strangle", [-1_000, 1_000]),
    ("il_strip", [-3_000, -2_000, -1_000, 1_000, 2_000, 3_000]), ("call_spread", [300, 2_500]),
)  # fmt: skip
OWING = (
    ("forward", [0]), ("delta_hedge", [0]), ("collar", [-800]), ("collar", [-800, 1_200]),
    ("iron_condor", [-2_500, -1_000, 1_000, 2_500]),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens before a tick: time passes, then the price, the position or the chain changes.

    price: 0 for a pool that cannot be valued. lp: the owner's LP tokens. reorg: blocks lost first.
    """

    hours: float
    price: int
    lp: int | None = None
    shallower: int = 1
    reorg: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A rule file, a history, and what there is to spend."""

    rules: str
    steps: tuple[Step, ...]
    cash: int
    terms: str

    def play(self) -> Ladder:
        """The whole run; an undrawable file is another draw's business."""
        rules, problems = loaded(self.rules)
        assume(rules is not None)
        assert not problems
        ladder = Ladder(rules=rules, cash=self.cash, terms=TERMS[self.terms])
        for step in self.steps:
            chain = ladder.chain
            if step.reorg and chain.past:
                chain.reorganise(step.reorg)
            chain.pass_hours(step.hours, price=step.price)
            chain.shallower = step.shallower
            if step.lp is not None and step.price:
                chain.lp = step.lp
            ladder.tick()
        return ladder


def loaded(text: str) -> tuple[Rules | None, tuple[ConfigError, ...]]:
    """The rules of a file with this text, or what is wrong with it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.toml"
        path.write_text(text, encoding="utf-8")
        return read_rules(path)


@st.composite
def thresholds(draw: st.DrawFn, number: int) -> tuple[str, str]:
    """(arm, disarm) of the layer of this number: further from layer to layer, with a gap."""
    metric, side, first = draw(
        st.sampled_from(
            (
                ("move_bps", "below", -300.0), ("move_bps", "below", -300.0),
                ("move_bps", "above", 100.0), ("move_sigma_abs", "above", 0.2),
                ("il_bps", "above", 5.0), ("realised_vol", "above", 0.3),
                ("move_sigma_restrike", "below", -0.2), ("rsi", "below", 60.0),
            )
        )
    )  # fmt: skip
    step = -8.0 if metric == "rsi" else first
    arm = first + step * number
    gap = draw(st.sampled_from((0.1, 0.5, 0.9)))
    disarm = 100.0 - gap * (100.0 - arm) if metric == "rsi" else arm * gap
    back = "above" if side == "below" else "below"
    plain = (
        f'{{ metric = "{metric}", {side} = {arm} }}',
        f'{{ metric = "{metric}", {back} = {disarm} }}',
    )
    if metric == "move_sigma_restrike":  # which is 0 at each strike
        near = '{ metric = "move_bps", above = -250 }'
        return plain[0], f"{{ all = [ {plain[1]}, {near} ] }}"
    form = draw(st.sampled_from(("plain", "plain", "any", "all", "not")))
    wide, calm = 500 + 100 * number, 400 - 100 * number
    other = (
        f'{{ metric = "twap_gap_bps", above = {wide} }}',
        f'{{ metric = "twap_gap_bps", below = {calm} }}',
    )
    if form == "any":
        return (
            f"{{ any = [ {plain[0]}, {other[0]} ] }}",
            f"{{ all = [ {plain[1]}, {other[1]} ] }}",
        )
    if form == "all":
        return f"{{ all = [ {plain[0]}, {other[1]} ] }}", plain[1]
    if form == "not":
        return plain[0], f'{{ not = {{ metric = "{metric}", {side} = {disarm} }} }}'
    return plain


@st.composite
def tables(draw: st.DrawFn, number: int, ratio: int) -> str:
    """One [[layer]]."""

    def one(*choices: str) -> str:
        return draw(st.sampled_from(choices))

    owes = draw(st.booleans())
    instrument, offsets = draw(st.sampled_from(OWING if owes else PROTECTION))
    size_by = one("base", "base", *(("risk",) if owes else ("il", "gamma", "vega")))
    arm, disarm = draw(thresholds(number))
    days = draw(st.sampled_from((1, 2, 7, 14, 0)))
    late, early = (days or 2) * 0.45, (days or 2) * 0.5
    lines = [
        "[[layer]]", f'name = "layer_{number}"', f'instrument = "{instrument}"',
        f"offsets_bps = {offsets}", f"arm = {arm}", f"disarm = {disarm}",
        f"hedge_ratio_bps = {ratio}", f'size_by = "{size_by}"',
        *(["stress_bps = [-4000, 4000]"] if size_by == "il" else []),
        f"tenor_days = {days}" if days else "tenors_days = [2, 7]",
        f"premium_budget_bps_per_year = {one('200', '2000', '10000', '2', '20')}",
        f"cooldown_minutes = {one('0', '90', '300')}",
        f"hold_minutes_min = {one('0', '90', '2000')}",
        f"order_minutes = {one('0', '180', '3000')}",
        one("", "", "", "", "slippage_bps_max = 0", "slippage_bps_max = 900"),
        one("", "", "stale = { drift_bps = 500 }", "stale = { drift_bps = 3000 }"),
        one("", "", "monetise = { multiple_of_premium = 1.3, share_of_credit = 0.3 }"),
        one("", "", "stop = { multiple_of_premium = 0.4 }"),
        one("", "", "", "", "", "", 'freeze = { metric = "twap_gap_bps", above = 900 }',
            'freeze = { metric = "move_bps", below = -3000 }\n'
            'thaw = { metric = "move_bps", above = -2500 }',
            'freeze = { metric = "move_sigma_abs", above = 0.9 }\n'
            'thaw = { metric = "realised_vol", below = 5.0 }'),
        f"funds_budget = {one('false', 'false', 'true')}",
        one("", f"roll = {{ days_to_expiry = {late} }}", "roll = { delta_drift = 0.15 }",
            f"roll = {{ days_to_expiry = {late}, early_days = {early}, forward_vol_ratio = 0.9 }}",
            f"roll = {{ early_days = {early}, forward_vol_ratio = 0.9, delta_drift = 0.1, "
            "on_macd_cross = true }"),
    ]  # fmt: skip
    return "\n".join(line for line in lines if line)


@st.composite
def rule_files(draw: st.DrawFn) -> str:
    """The text of a rule file that mostly loads."""

    def one(*choices: str) -> str:
        return draw(st.sampled_from(choices))

    head = [
        "[strategy]", 'name = "drawn"', f"vol_samples_min = {one('2', '2', '6', '100000')}",
        "rsi_bars = 2", "macd_fast_bars = 2", "macd_slow_bars = 3", "macd_signal_bars = 1",
        f'dust_quote = "{one("0", "0", "1000000")}"',
        f"income_share_bps = {one('0', '5000', '10000')}",
        one("", "", "exposure_cap_bps = 20", "exposure_cap_bps = 800"),
    ]  # fmt: skip
    wide = "median_gap_bps_max = 10000\ntwap_gap_bps_max = 10000\nblock_age_s_max = 31622400"
    head += ["[guard]", one("on = false", "on = false", f"confirmations = 2\n{wide}", "")]
    ratios = sorted(draw(st.lists(st.sampled_from((500, 4_000, 10_000)), min_size=1, max_size=3)))
    layers = [draw(tables(number, ratio)) for number, ratio in enumerate(ratios)]
    # A total below a layer's own budget does not load; one at it binds as soon as two layers spend.
    own = max(int(found) for found in re.findall(r"budget_bps_per_year = (\d+)", "".join(layers)))
    total = one("", "", str(own), str(own + 30))
    head[2:2] = [f"total_budget_bps_per_year = {total}"] if total else []
    return "\n".join([*(line for line in head if line), *layers])


@st.composite
def steps(draw: st.DrawFn, prices: list[int], hours: list[float]) -> Step:
    """Mostly one of few prices; at times a hole, a drained pool, a deposit, an exit or a reorg."""
    event = draw(st.integers(0, 49))
    price = draw(st.sampled_from(prices))
    return Step(
        hours=draw(st.sampled_from(hours)),
        price=0 if event == 0 else price,
        shallower=10 if event == 1 else 1,
        lp={2: 0, 3: LP, 4: LP // 2, 5: 2 * LP, 6: LP, 9: LP}.get(event),
        reorg=draw(st.integers(1, 3)) if event in (7, 8) else 0,
    )


FUNDED = """
[strategy]
name = "funded"
income_share_bps = {share}

[guard]
on = false

[[layer]]
name = "puts"
instrument = "protective_put"
offsets_bps = [-500]
arm = {{ metric = "move_bps", below = {arm} }}
disarm = {{ metric = "move_bps", above = 0 }}
hedge_ratio_bps = 9000
size_by = "base"
tenor_days = 7
premium_budget_bps_per_year = {own}

[[layer]]
name = "more_puts"
instrument = "put_spread"
offsets_bps = [-300, -2000]
arm = {{ metric = "move_bps", below = -800 }}
disarm = {{ metric = "move_bps", above = -100 }}
hedge_ratio_bps = 9000
size_by = "base"
tenor_days = 2
premium_budget_bps_per_year = 1

[[layer]]
name = "condor"
instrument = "iron_condor"
offsets_bps = [-3000, -1500, 1500, 3000]
arm = {{ metric = "move_bps", above = -500, below = 500 }}
disarm = {{ not = {{ metric = "move_bps", above = -6000, below = 6000 }} }}
hedge_ratio_bps = 300
size_by = "risk"
tenor_days = 14
premium_budget_bps_per_year = 100
monetise = {{ share_of_credit = 0.3 }}
funds_budget = true
"""


@st.composite
def funded_stories(draw: st.DrawFn) -> Story:
    """A condor earns on quiet days and pays for puts on others, beyond a year."""
    own, share = draw(st.sampled_from((1, 3))), draw(st.sampled_from((10_000, 4_000)))
    quiet = st.builds(Step, hours=st.sampled_from((24.0, 72.0)), price=st.just(1_980))
    wild = st.builds(
        Step,
        hours=st.sampled_from((1.0, 24.0, 24.0 * 150)),
        price=st.sampled_from((1_790, 1_900, 1_980, 2_010)),
    )
    days = draw(st.lists(quiet, min_size=8, max_size=8)) + draw(st.lists(wild, min_size=8))
    return Story(
        rules=FUNDED.format(share=share, own=own, arm=draw(st.sampled_from((-300.0, -700.0)))),
        steps=tuple(days[:30]), cash=10**11, terms="plain",
    )  # fmt: skip


CALLED = """
[strategy]
name = "called"

[engine]
capital_bps = 4000
cap_bps = {cap}

[guard]
on = false

[[layer]]
name = "calls"
sleeve = "{sleeve}"
instrument = "call_spread"
offsets_bps = [300, 2500]
arm = {{ metric = "move_bps", above = 300 }}
disarm = {{ metric = "move_bps", below = -300 }}
hedge_ratio_bps = 9000
size_by = "base"
tenor_days = 30
premium_budget_bps_per_year = {own}
order_minutes = 3000

[[layer]]
name = "short"
instrument = "{instrument}"
offsets_bps = {offsets}
arm = {{ metric = "move_bps", below = -400 }}
disarm = {{ metric = "move_bps", above = {disarm} }}
hedge_ratio_bps = {ratio}
size_by = "base"
tenor_days = {days}
premium_budget_bps_per_year = 10000
stop = {{ multiple_of_premium = 0.9 }}
order_minutes = 3000

[[layer]]
name = "engine"
sleeve = "engine"
instrument = "forward"
offsets_bps = [0]
arm = {{ metric = "move_bps", below = -600 }}
disarm = {{ metric = "move_bps", above = 9000 }}
hedge_ratio_bps = 20000
size_by = "base"
tenor_days = 2
premium_budget_bps_per_year = 10000

[[layer]]
name = "more"
instrument = "protective_put"
offsets_bps = [-500]
arm = {{ metric = "move_bps", below = -500 }}
disarm = {{ metric = "move_bps", above = 800 }}
hedge_ratio_bps = 20000
size_by = "base"
tenor_days = 7
premium_budget_bps_per_year = 10000
"""


@st.composite
def called_stories(draw: st.DrawFn) -> Story:
    """Shorts with little beside their margin, leaps that call them or settle them at a loss, and
    others that would buy with the same cash."""
    step = st.builds(
        Step,
        hours=st.sampled_from((1.0, 24.0, 24.0 * 7)),
        price=st.sampled_from((1_500, 1_850, 1_900, 1_930, 2_010, 2_100, 2_400, 2_900)),
    )
    instrument, offsets = draw(st.sampled_from((*OWING, ("forward", [0]))))
    return Story(
        rules=CALLED.format(
            instrument=instrument, offsets=offsets, days=draw(st.sampled_from((2, 7))),
            sleeve=draw(st.sampled_from(("core", "core", "engine"))),
            ratio=draw(st.sampled_from((3_000, 9_000))),
            disarm=draw(st.sampled_from((-200, 500, 9_000))),
            cap=draw(st.sampled_from((500, 4_000, 10_000, 10_000))),
            own=draw(st.sampled_from((30, 10_000))),
        ),
        steps=tuple(draw(st.lists(step, min_size=8, max_size=16))),
        cash=draw(st.sampled_from((10**12, 2 * 10**11, 10**11, 10**10))),
        terms=draw(st.sampled_from(("plain", "plain", "shallow"))),
    )  # fmt: skip


WARY = """
[strategy]
name = "wary"

[guard]
confirmations = {blocks}
median_gap_bps_max = 10000
twap_gap_bps_max = 10000
block_age_s_max = 31622400

[[layer]]
name = "put"
instrument = "protective_put"
offsets_bps = [-500]
arm = {{ metric = "move_bps", below = -300 }}
disarm = {{ metric = "move_bps", above = -150 }}
hedge_ratio_bps = 9000
size_by = "base"
tenor_days = 7
hold_minutes_min = {hold}
premium_budget_bps_per_year = 10000
stop = {{ multiple_of_premium = {stop} }}
monetise = {{ multiple_of_premium = {profit} }}
roll = {{ days_to_expiry = 3 }}
{freeze}
"""


@st.composite
def wary_stories(draw: st.DrawFn) -> Story:
    """A guarded layer whose profit, stop and roll often fall due while it has to be confirmed that
    it should let go, or freeze."""
    step = st.builds(
        Step,
        hours=st.sampled_from((1.0, 1.0, 24.0)),
        price=st.sampled_from((1_850, 1_900, 1_930, 1_960, 1_980, 2_020)),
    )
    freeze = draw(st.sampled_from(("", 'freeze = { metric = "move_bps", above = 50 }')))
    return Story(
        rules=WARY.format(
            blocks=draw(st.sampled_from((2, 3))), hold=draw(st.sampled_from((0, 0, 300))),
            stop=draw(st.sampled_from((0.2, 0.5))), profit=draw(st.sampled_from((1.1, 1.6))),
            freeze=freeze,
        ),
        steps=tuple(draw(st.lists(step, min_size=16, max_size=24))), cash=10**11, terms="plain",
    )  # fmt: skip


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A run of up to two dozen ticks, around few prices: chop, calm or crash."""
    prices = draw(st.lists(st.sampled_from(PRICES), min_size=1, max_size=5))
    hours = draw(st.lists(st.sampled_from(HOURS), min_size=1, max_size=4))
    return Story(
        rules=draw(rule_files()),
        steps=tuple(draw(st.lists(steps(prices, hours), min_size=10, max_size=24))),
        cash=draw(st.sampled_from((10**12, 10**11, 5 * 10**9, 10**8))),
        terms=draw(st.sampled_from(tuple(TERMS))),
    )
