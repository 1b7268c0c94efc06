"""What advice on the core position goes by. Part of the rules; docs/rules.md tells each key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from bot.core.canonical import Json
from bot.core.units import DAY_S


class Kind(Enum):
    """What may be advised, in the order in which it is weighed."""

    RESIZE = "resize"  # more or less capital, by its return against its cost
    RANGE = "range"  # the same capital between narrower or wider prices
    TIER = "tier"  # another fee of the same pair
    MIGRATE = "migrate"  # another watched pool that moves along
    COMPOUND = "compound"  # fees that lie idle put back to work


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceTerms:
    """every_s: between two weighings. follow: whether what is advised is also booked on paper.

    core_bps_min, core_bps_max: the band of the core's share in all capital of its currency.
    gain_bps_min: the least gain a year that is worth advice, bps of the position's value.
    payback_s_max: the longest that the cost may take to be earned back. confirmations: weighings in
    a row that must agree. cooldown_s: after advice, until other advice.
    ranges_bps: half-widths offered, spot / (1 + w) to spot * (1 + w). tiers_bps: fees offered.
    tier_elasticity_milli: by how many per mille turnover falls when the fee rises by one.
    block_ms: of the chain, for what arbitrage takes. correlation_bps_min: of a pool to go to.
    samples, sample_s: hourly or so returns that correlation and volatility are read off.
    gas_token: what gas is paid in. gas_units: of one transaction. gas_wei: where no feed tells.
    """

    every_s: int = DAY_S
    follow: bool = False
    kinds: tuple[Kind, ...] = tuple(Kind)
    core_bps_min: int = 6_000
    core_bps_max: int = 7_000
    gain_bps_min: int = 100
    payback_s_max: int = 30 * DAY_S
    confirmations: int = 2
    cooldown_s: int = 7 * DAY_S
    ranges_bps: tuple[int, ...] = (1_000, 2_500, 5_000)
    tiers_bps: tuple[int, ...] = (5, 30, 100)
    tier_elasticity_milli: int = 1_000
    block_ms: int = 12_000
    correlation_bps_min: int = 8_000
    samples: int = 168
    sample_s: int = 3_600
    gas_token: str = "WETH"
    gas_units: int = 400_000
    gas_wei: int | None = None

    @property
    def metric_names(self) -> frozenset[str]:
        """The metrics that it is weighed by."""
        sized = {"irr", "wacc"} if Kind.RESIZE in self.kinds else set()
        return frozenset({"fee_yield", *sized})

    def to_json(self) -> dict[str, Json]:
        """Return the canonical form."""
        return {**asdict(self), "kinds": [kind.value for kind in self.kinds]}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> AdviceTerms:
        """Read what `to_json` wrote."""
        return cls(
            **{
                **row,
                "kinds": tuple(Kind(kind) for kind in row["kinds"]),
                "ranges_bps": tuple(row["ranges_bps"]),
                "tiers_bps": tuple(row["tiers_bps"]),
            }
        )
