"""Every way through the ladder's machine: inputs that are chosen when they are first asked for.

What the machine does not ask for cannot matter, so a way stands for all combinations of the inputs
that it left alone, and all ways together for every combination there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import SimpleNamespace
from typing import Any, TypeVar

from bot.core.case import Case
from bot.core.conditions import Comparison
from bot.core.errors import NotListedError
from bot.core.market import Market
from bot.core.orders import Contract, ContractKind, Leg
from bot.core.reasons import Status
from bot.core.rules import Roll, SizeBy, Take
from bot.core.sleeves import Sleeve
from bot.core.state import Resting
from bot.core.twap import Observation
from bot.core.unit_greeks import UnitGreeks

INPUTS: Mapping[str, tuple[str, ...]] = {
    "position": ("there", "gone"),
    "gate": ("open", "closed"),
    "price": ("trusted", "doubted"),
    "streak": ("enough", "short"),  # of blocks on which a condition has held
    "pool": ("full", "dust"),
    "freeze": ("none", "false", "true", "unknown"),
    "thaw": ("none", "false", "true", "unknown"),
    "arm": ("false", "true", "unknown"),
    "disarm": ("false", "true", "unknown"),
    "held": ("long", "short"),  # against the minimum hold
    "result": ("even", "multiple", "kept", "lost", "owed"),  # the last two of a cost, of a credit
    "expiry": ("far", "near"),  # against roll.days_to_expiry
    "forward": ("cheap", "dear", "falling"),  # forward volatility against roll.forward_vol_ratio
    "delta": ("same", "drifted"),
    "size": ("same", "outgrown"),
    "macd": ("needless", "crossed", "uncrossed", "unknown"),
    "rest": ("none", "alive", "lapsed"),
    "purchase": ("fits", "unlisted", "nothing", "unbid", "budget", "cash", "cap"),
    "window": ("seen", "unseen"),  # of the settlement price
    "wait": ("over", "on"),  # of the cooldown
}
"""Everything that a decision may depend on; the first of each is the one that calls for nothing."""

# Limits are met to the unit: what calls for something is on its limit, what does not, one beside.
NOW_S, TENOR_S, HOLD_S = 10_000_000, 1_000_000, 1_000
DEAR_BPS = 26_457  # sqrt(1.00^2 * 2 - 0.50^2) / 0.50: forward over implied volatility
SIZE, DELTA_PPB = 100, -300_000_000
VERDICTS = {"true": 1.0, "false": -1.0, "unknown": None}
CROSSES = {"crossed": 1.0, "uncrossed": 0.0, "unknown": None}
COSTS = {"even": 100, "multiple": 100, "kept": -100, "lost": 100, "owed": -100}
VALUES = {"even": 100, "multiple": 200, "kept": -30, "lost": 20, "owed": -190}

MARKET = Market(
    pool="WETH-USDC", time_s=NOW_S, base_symbol="WETH", base_decimals=2, quote_symbol="USDC",
    quote_decimals=6, spot_atoms=2_000, twap_atoms=None, realised_vol=None,
)  # fmt: skip
LEGS = tuple(
    Leg(
        contract=Contract(
            code=str(strike), kind=ContractKind.PUT, pool=MARKET.pool, strike_atoms=strike,
            expiry_s=NOW_S + TENOR_S,
        ),
        quantity_atoms=quantity,
    )
    for strike, quantity in ((1_900, SIZE), (1_600, -SIZE))
)  # fmt: skip

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a layer stands before the tick. hedge: "none", "open", "expired" or "called"."""

    status: Status
    hedge: str

    @property
    def holds(self) -> bool:
        return self.hedge != "none"

    @property
    def inputs(self) -> Mapping[str, tuple[str, ...]]:
        """A layer without a freeze is never frozen."""
        if self.status is not Status.FROZEN:
            return INPUTS
        return {**INPUTS, "freeze": INPUTS["freeze"][1:]}


PLACES = (
    *(Place(status, "none") for status in Status if status is not Status.HOLDING),
    *(
        Place(status, hedge)
        for status in (Status.HOLDING, Status.FROZEN)
        for hedge in ("open", "expired", "called")
    ),
)


class Inputs:
    """The inputs of one way: those given, and for others that are asked for the first value."""

    def __init__(self, place: Place, given: Mapping[str, str]) -> None:
        self.place, self.given, self.asked = place, dict(given), dict(given)

    def __getitem__(self, name: str) -> str:
        return self.asked.setdefault(name, self.place.inputs[name][0])

    @property
    def combinations(self) -> int:
        """How many combinations of all inputs this way stands for."""
        left = self.place.inputs.keys() - self.asked.keys()
        return prod(len(self.place.inputs[name]) for name in left)


def ways(place: Place, run: Callable[[Inputs], Result]) -> Iterator[tuple[Inputs, Result]]:
    """Every way through `run` from a place, each once."""
    waiting: list[dict[str, str]] = [{}]
    while waiting:
        given = waiting.pop()
        inputs = Inputs(place, given)
        yield inputs, run(inputs)
        before = dict(given)
        for name, value in inputs.asked.items():
            if name not in given:
                others = place.inputs[name][1:]
                waiting += [{**before, name: other} for other in others]
                before[name] = value


def case_of(inputs: Inputs) -> Case:
    """The case that has these inputs, each asked for only where it is looked at."""
    place = inputs.place
    parts: dict[str, Any] = {
        "rules": _Rules(inputs),
        "layer": _Layer(inputs),
        "view": _View(inputs),
        "book": SimpleNamespace(signals=_Signals(inputs), position=SimpleNamespace(lots=())),
        "held": _Held(inputs),
        "hedge": _Hedge(inputs) if place.holds else None,
        "recent": (_OlderMetrics(inputs), _Metrics(inputs)),
        "is_open": None,
        "worth": None,
        "purse_now": lambda: _Purse(inputs),
        "quoting": _Desk(inputs),
    }
    return _Case(cause="cause", is_called=place.hedge == "called", **parts)


class _Case(Case):
    """A case whose gate and worth are looked at like everything else."""

    __slots__ = ()
    is_open = property(lambda self: self.view.is_open, lambda _self, _value: None)
    worth = property(lambda self: self.quoting.worth, lambda _self, _value: None)


class _Part:
    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs


class _Rules(_Part):
    twap_window_s, guard = 100, SimpleNamespace(blocks_needed=2)

    def is_dust(self, _reserve_atoms: int, _decimals: int) -> bool:
        return self.inputs["pool"] == "dust"


class _Layer(_Part):
    sleeve = Sleeve.CORE
    name, instrument, tenor_s, hold_s_min = "one", "put_spread", TENOR_S, HOLD_S
    hedge_ratio_bps, size_by, slippage_bps_max, order_good_s = 10_000, SizeBy.BASE, None, 0
    slippage_by_breadth = False
    take = Take(multiple_bps=20_000, credit_share_bps=7_000, stop_bps=8_000)
    arm = Comparison(metric="arm", above=0.0)
    disarm = Comparison(metric="disarm", above=0.0)

    @property
    def freeze(self) -> Comparison | None:
        return self._maybe("freeze")

    @property
    def thaw(self) -> Comparison | None:
        return self._maybe("thaw")

    @property
    def roll(self) -> Roll:
        return Roll(
            before_expiry_s=TENOR_S // 10, early_s=TENOR_S, forward_vol_bps=DEAR_BPS,
            delta_drift_ppb=abs(DELTA_PPB) // 2, target_drift_bps=5_000,
            needs_macd_cross=self.inputs["macd"] != "needless",
        )  # fmt: skip

    def offsets(self, _sigma: float) -> tuple[int, ...]:
        return (-500, -2_000)

    def _maybe(self, name: str) -> Comparison | None:
        return None if self.inputs[name] == "none" else Comparison(metric=name, above=0.0)


class _View(_Part):
    market, reserve_quote_atoms = MARKET, 1

    @property
    def is_open(self) -> bool:
        return self.inputs["gate"] == "open"

    @property
    def trust(self) -> Any:
        doubt = None if self.inputs["price"] == "trusted" else SimpleNamespace(value="doubt")
        return SimpleNamespace(doubt=doubt, numbers={})

    @property
    def exposure(self) -> Any:
        is_there = self.inputs["position"] == "there"
        return SimpleNamespace(claim_base_atoms=SIZE) if is_there else None


class _Signals(_Part):
    @property
    def observations(self) -> Sequence[Observation]:
        is_seen = self.inputs["window"] == "seen"
        times = (0, NOW_S) if is_seen else (NOW_S - 50, NOW_S)
        return [Observation(time_s=time_s, cumulative=0) for time_s in times]


class _Held(_Part):
    @property
    def status(self) -> Status:
        return self.inputs.place.status

    @property
    def cooling_until_s(self) -> int:
        return NOW_S + (1 if self.inputs["wait"] == "on" else 0)

    @property
    def resting(self) -> Resting | None:
        rest = self.inputs["rest"]
        good_until_s = NOW_S - (1 if rest == "lapsed" else 0)
        resting = Resting(
            hedge_id="first", legs=LEGS, cash_limit_atoms=-200, good_until_s=good_until_s,
            target_atoms=SIZE,
        )  # fmt: skip
        return None if rest == "none" else resting


class _Hedge(_Part):
    id, pool, layer, legs, margin_atoms = "first", MARKET.pool, "one", LEGS, 50

    @property
    def expiry_s(self) -> int:
        if self.inputs.place.hedge == "expired":
            return NOW_S
        return NOW_S + (TENOR_S // 10 if self.inputs["expiry"] == "near" else TENOR_S)

    @property
    def opened_s(self) -> int:
        return NOW_S - HOLD_S + (1 if self.inputs["held"] == "short" else 0)

    @property
    def cost_atoms(self) -> int:
        return COSTS[self.inputs["result"]]

    @property
    def delta_ppb(self) -> int:
        return DELTA_PPB // 2 if self.inputs["delta"] == "same" else -DELTA_PPB

    @property
    def target_atoms(self) -> int:
        return 2 * SIZE if self.inputs["size"] == "same" else SIZE // 2


class _Metrics(_Part):
    def __getitem__(self, name: str) -> float | None:
        if name == "macd_cross":
            return CROSSES[self.inputs["macd"]]
        return VERDICTS[self.inputs[name]]


class _OlderMetrics(_Metrics):
    """Of the block before: as now, or the other way round when the streak is short."""

    def __getitem__(self, name: str) -> float | None:
        value = super().__getitem__(name)
        if value is None or self.inputs["streak"] == "enough":
            return value
        return -value


class _Purse(_Part):
    given_atoms = 0
    budget_atoms = property(lambda self: self.left("budget"))
    cash_atoms = property(lambda self: self.left("cash"))
    cap_atoms = property(lambda self: self.left("cap"))

    def left(self, limit: str) -> int:
        return 0 if self.inputs["purchase"] == limit else 1_000


class _Desk(_Part):
    """A venue that quotes what the inputs say: a hedge for 110 with its fee, and a margin of 50."""

    def calm_vol(self, _market: Market, *, tenor_s: int) -> float:
        return 0.5

    def atm_vol(self, _market: Market, *, tenor_s: int) -> float:
        far = {"cheap": 0.5, "dear": 1.0, "falling": 0.1}[self.inputs["forward"]]
        return far if tenor_s > TENOR_S else 0.5

    def expiry_near(self, _market: Market, *, tenor_s: int) -> int:
        return NOW_S + tenor_s

    def contract(self, market: Market, *, kind: str, target_atoms: int, expiry_s: int) -> Contract:
        if self.inputs["purchase"] == "unlisted":
            raise NotListedError(pool=market.pool, reason="no strikes")
        return Contract(
            code=str(target_atoms), kind=ContractKind(kind), pool=market.pool,
            strike_atoms=target_atoms, expiry_s=expiry_s,
        )  # fmt: skip

    def quantity_down(self, _market: Market, *, quantity_atoms: int, on_index: bool) -> int:
        return 0 if self.inputs["purchase"] == "nothing" else quantity_atoms

    def quantity_max(self, _market: Market, *, on_index: bool) -> int:
        return 10**30

    def bid_ask(self, _contract: Contract, _market: Market) -> tuple[int, int]:
        return (0 if self.inputs["purchase"] == "unbid" else 5), 10

    def quote_cash(self, _legs: Sequence[Leg], _market: Market) -> tuple[int, int]:
        return -100, 10

    @property
    def worth(self) -> int:
        return VALUES[self.inputs["result"]]

    def margin_atoms(self, _legs: Sequence[Leg], _market: Market) -> int:
        return 50

    def greeks(self, contract: Contract, _market: Market) -> UnitGreeks:
        return UnitGreeks(delta_ppb=DELTA_PPB, gamma_ppb=0, vega_ppb=0)
