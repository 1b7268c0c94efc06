"""Rules as data: what a rule file says, once it has been validated (bot/config reads it)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import Enum
from math import expm1

from bot.core.advice_terms import AdviceTerms
from bot.core.bar_terms import PLAIN_BARS, BarTerms
from bot.core.canonical import Json
from bot.core.conditions import Condition, comparisons
from bot.core.guard import Guard
from bot.core.market_terms import PLAIN_MARKET, MarketTerms
from bot.core.sleeves import Sleeve
from bot.core.units import BPS, MILLION


class SizeBy(Enum):
    """What a layer's size is measured against."""

    IL = "il"  # the further IL at the stress prices
    BASE = "base"  # the base tokens in the pool; for a strip, the position's own density of strikes
    DELTA = "delta"  # the position's delta, by the structure's own
    GAMMA = "gamma"  # the position's short gamma
    VEGA = "vega"  # what a rise of volatility costs the position over the layer's tenor
    RISK = "risk"  # the value at entry, by the worst that the structure can lose
    CAPITAL = "capital"  # what the sleeve was given, by what the structure ties up


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """When a hedge is sold to be bought anew; None or 0 where that is no reason.

    before_expiry_s: when less than this is left. early_s: already when less than this is left, and
    forward volatility over the tenor after expiry is at least `forward_vol_bps` of the implied
    volatility until it (11_000 is 1.1 times). delta_drift_ppb: when its delta per unit has moved by
    so much since it was struck. target_drift_bps: when the size that the exposure calls for has
    moved by so much of what it was then: the hedge has gone stale. needs_macd_cross: early and
    drifting rolls wait for a bar on which the MACD crosses its signal.
    """

    before_expiry_s: int = 0
    early_s: int = 0
    forward_vol_bps: int | None = None
    delta_drift_ppb: int | None = None
    target_drift_bps: int | None = None
    needs_macd_cross: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """When a result is taken; None for never.

    multiple_bps: when a hedge that was paid for brings this multiple of its cost (40_000 is 4x).
    credit_share_bps: when one that brought a credit keeps this share of it if bought back now.
    stop_bps: when it has lost this multiple of its cost, or of its credit.
    """

    multiple_bps: int | None = None
    credit_share_bps: int | None = None
    stop_bps: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of the ladder. Times in seconds, thresholds inside the conditions.

    offsets_bps or offsets_milli_sigma: strike distances from spot that the instrument asks for,
    signed; exactly one of them is given. stress_bps or stress_milli_sigma: price moves from spot
    at which `SizeBy.IL` sizes the hedge, signed. A thousand milli-sigma is the move that the
    layer's tenor brings at the venue's calm volatility.
    premium_budget_bps_per_year: premium and fees spent within any 365 days, over entry value.
    freeze: while it holds, the layer neither buys nor sells; thaw: what ends that, None for the
    opposite of `freeze`. funds_budget: what its hedges earn pays for the other layers' premium.
    sleeve: whose money it spends; of the engine's layers the budget is measured by what the engine
    was given, not by entry value.
    slippage_bps_max: the most that an opening order pays above the mark (or gets below it), bps of
    its value at the mark; None for whatever the venue asks. slippage_by_breadth: that bound is
    scaled by 2 (1 - breadth): doubled when all watched pools fall, nothing when all rise.
    order_good_s: how long it is asked for.
    """

    name: str
    instrument: str
    offsets_bps: tuple[int, ...]
    arm: Condition
    disarm: Condition
    hedge_ratio_bps: int
    size_by: SizeBy
    stress_bps: tuple[int, ...]
    tenor_s: int
    premium_budget_bps_per_year: int
    cooldown_s: int
    hold_s_min: int
    roll: Roll = Roll()
    take: Take = Take()
    freeze: Condition | None = None
    thaw: Condition | None = None
    funds_budget: bool = False
    sleeve: Sleeve = Sleeve.CORE
    slippage_bps_max: int | None = None
    slippage_by_breadth: bool = False
    order_good_s: int = 0
    offsets_milli_sigma: tuple[int, ...] = ()
    stress_milli_sigma: tuple[int, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All that it looks at."""
        given = (self.arm, self.disarm, self.freeze, self.thaw)
        return tuple(condition for condition in given if condition is not None)

    def offsets(self, sigma: float) -> tuple[int, ...]:
        """Strike distances in bps of spot. sigma: log move of one sigma over the tenor, > 0."""
        return self.offsets_bps or moves_bps(self.offsets_milli_sigma, sigma=sigma)

    def stresses(self, sigma: float) -> tuple[int, ...]:
        """Stress moves in bps of spot. sigma: log move of one sigma over the tenor, > 0."""
        return self.stress_bps or moves_bps(self.stress_milli_sigma, sigma=sigma)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The second engine. capital_bps: its share of the paper cash at the opening. cap_bps: how much
    of that may be tied up or lost together. enabled: its own gate; while that is shut,
    nothing is opened and what is held is sold. multisig: whether a multi-signature must have opened
    it too, as the feed `engine_gate_s` says."""

    capital_bps: int
    cap_bps: int = BPS
    enabled: bool = True
    multisig: bool = False

    def to_json(self) -> dict[str, Json]:
        """Its terms. An engine that asks no multi-signature is spelt as before there was one."""
        told = asdict(self)
        return told if self.multisig else {k: v for k, v in told.items() if k != "multisig"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A whole strategy. `hash` is the digest of its content (terms.py): the record obeys it.

    horizon_s: the horizon of one sigma in `move_sigma`.
    vol_half_life_s, vol_sample_s: EWMA of realised volatility; vol_samples_min: until it is warm.
    twap_window_s: averaging window of the settlement price (1,800 s).
    dust_quote_micro: pools with less on their quote side are not hedged; millionths of a whole
    quote token, so that one rule file serves pools of any decimals.
    total_budget_bps_per_year: cap over all layers of a pool; None for the sum of the layers.
    income_share_bps: how much of what layers with `funds_budget` earned within any 365 days the
    others may spend on top. exposure_cap_bps: the most that the open hedges of a pool tie up,
    premium paid and margin, over entry value; None for no cap.
    engine: the second engine; None where the book has none.
    bars: what the signals on price bars go by; market: those on market, value and macro.
    metric_names: every metric that a condition speaks of; only these need be measured.
    guard: what a price must stand before a layer acts on it.
    advice: how the core position is advised on; None for not at all.
    """

    name: str
    hash: str
    horizon_s: int
    vol_half_life_s: int
    vol_sample_s: int
    vol_samples_min: int
    twap_window_s: int
    dust_quote_micro: int
    total_budget_bps_per_year: int | None
    layers: tuple[Layer, ...]
    guard: Guard
    bars: BarTerms = PLAIN_BARS
    income_share_bps: int = BPS
    exposure_cap_bps: int | None = None
    market: MarketTerms = PLAIN_MARKET
    engine: Engine | None = None
    advice: AdviceTerms | None = None
    metric_names: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spoken_of = {
            part.metric
            for layer in self.layers
            for condition in layer.conditions
            for part in comparisons(condition)
        }
        if any(layer.roll.needs_macd_cross for layer in self.layers):
            spoken_of.add("macd_cross")
        if any(layer.slippage_by_breadth for layer in self.layers):
            spoken_of.add("breadth")
        if self.advice is not None:
            spoken_of |= self.advice.metric_names
        object.__setattr__(self, "metric_names", frozenset(spoken_of))

    @property
    def engine_bps(self) -> int:
        """The share of the paper cash that the second engine is given."""
        return 0 if self.engine is None else self.engine.capital_bps

    def cap_bps(self, sleeve: Sleeve) -> int:
        """How much of what a sleeve was given may be tied up or lost together."""
        return BPS if sleeve is Sleeve.CORE or self.engine is None else self.engine.cap_bps

    def is_dust(self, reserve_quote_atoms: int, quote_decimals: int) -> bool:
        """Whether so little is left on a pool's quote side that it is not hedged; exact."""
        unit: int = 10**quote_decimals
        return reserve_quote_atoms * MILLION < self.dust_quote_micro * unit


def moves_bps(milli_sigma: tuple[int, ...], *, sigma: float) -> tuple[int, ...]:
    """Price moves in bps of spot from moves in thousandths of a sigma, log-normal.

    sigma: log move of one sigma, > 0.

    >>> moves_bps((-1_000, 1_000), sigma=0.1)
    (-952, 1052)
    """
    return tuple(round(BPS * expm1(k * sigma / 1_000)) for k in milli_sigma)
