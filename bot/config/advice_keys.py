"""The keys of the [advice] table of a rule file, each with its bounds and its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.config.keys import Flag, Key, ListOf, Number, Scaled, Text, Whole
from bot.config.places import Place
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.units import BPS, DAY_S

_PLAIN = AdviceTerms()
GWEI = 10**9


def _days(lowest: str) -> Scaled:
    return Scaled(number=Number(lowest=lowest, highest="3660"), factor=DAY_S, grain="seconds")


ADVICE_KEYS = {
    "every_hours": Key(
        Scaled(number=Number(lowest="1", highest="8784"), factor=3_600, grain="seconds"),
        "time between two weighings of a position",
        _PLAIN.every_s,
    ),
    "follow": Key(Flag(), "what is advised is also booked on paper, beside the position", False),
    "kinds": Key(
        ListOf(kind=Text(choices=tuple(kind.value for kind in Kind)), least=1),
        "what is weighed: resize, range, tier, migrate, compound; all of them when left out",
        tuple(kind.value for kind in Kind),
    ),
    "core_bps_min": Key(
        Whole(lowest=0, highest=BPS),
        "lower end of the core's share in all capital of its quote currency, bps",
        _PLAIN.core_bps_min,
    ),
    "core_bps_max": Key(Whole(lowest=0, highest=BPS), "its upper end, bps", _PLAIN.core_bps_max),
    "gain_bps_min": Key(
        Whole(lowest=0, highest=100 * BPS),
        "the least gain a year that is worth advice, bps of the value that it is of",
        _PLAIN.gain_bps_min,
    ),
    "payback_days": Key(
        _days("0"), "the longest that a cost may take to be earned back", _PLAIN.payback_s_max
    ),
    "confirmations": Key(
        Whole(lowest=1, highest=64),
        "weighings in a row that must agree before advice is given",
        _PLAIN.confirmations,
    ),
    "cooldown_days": Key(_days("0"), "time after advice without any other", _PLAIN.cooldown_s),
    "ranges_bps": Key(
        ListOf(kind=Whole(lowest=1, highest=100 * BPS)),
        "half-widths of ranges offered, bps: spot / (1 + w) to spot * (1 + w)",
        _PLAIN.ranges_bps,
    ),
    "tiers_bps": Key(
        ListOf(kind=Whole(lowest=1, highest=BPS - 1)),
        "fee tiers of the same pair offered, bps",
        _PLAIN.tiers_bps,
    ),
    "tier_elasticity": Key(
        Scaled(number=Number(lowest="0", highest="10"), factor=1_000, grain="thousandths"),
        "by how many per cent turnover that is no arbitrage falls when the fee rises by one",
        _PLAIN.tier_elasticity_milli,
    ),
    "block_seconds": Key(
        Scaled(number=Number(lowest="0.1", highest="3600"), factor=1_000, grain="milliseconds"),
        "time between blocks, for what arbitrage takes under each fee",
        _PLAIN.block_ms,
    ),
    "correlation_bps_min": Key(
        Whole(lowest=0, highest=BPS),
        "a pool to go to must be correlated by at least this, bps",
        _PLAIN.correlation_bps_min,
    ),
    "samples": Key(
        Whole(lowest=3, highest=2_000),
        "returns that correlation and another pool's volatility are read off",
        _PLAIN.samples,
    ),
    "sample_minutes": Key(
        Scaled(number=Number(lowest="1", highest="10080"), factor=60, grain="seconds"),
        "time between two of them",
        _PLAIN.sample_s,
    ),
    "gas_token": Key(
        Text(pattern="[^ ]+", wanted="a symbol"), "what gas is paid in", _PLAIN.gas_token
    ),
    "gas_units": Key(
        Whole(lowest=0, highest=100_000_000), "gas of one transaction", _PLAIN.gas_units
    ),
    "gas_gwei": Key(
        Scaled(number=Number(lowest="0", highest="100000"), factor=GWEI, grain="wei"),
        "its price where the feed `gas_wei` does not tell; left out, no cost is known then",
        None,
    ),
}


def check_advice(values: Mapping[str, Any], place: Place) -> None:
    """A band that is one."""
    low, high = values.get("core_bps_min"), values.get("core_bps_max")
    if low is not None and high is not None and low > high:
        place.child("core_bps_max").report(
            f"{high} is below core_bps_min {low}", f"give {low} or more"
        )


def advice_terms(values: Mapping[str, Any] | None) -> AdviceTerms | None:
    """The core's terms of a checked table; None where the file has none."""
    if values is None:
        return None
    return AdviceTerms(
        every_s=values["every_hours"],
        follow=values["follow"],
        kinds=tuple(kind for kind in Kind if kind.value in values["kinds"]),
        core_bps_min=values["core_bps_min"],
        core_bps_max=values["core_bps_max"],
        gain_bps_min=values["gain_bps_min"],
        payback_s_max=values["payback_days"],
        confirmations=values["confirmations"],
        cooldown_s=values["cooldown_days"],
        ranges_bps=tuple(sorted(set(values["ranges_bps"]))),
        tiers_bps=tuple(sorted(set(values["tiers_bps"]))),
        tier_elasticity_milli=values["tier_elasticity"],
        block_ms=values["block_seconds"],
        correlation_bps_min=values["correlation_bps_min"],
        samples=values["samples"],
        sample_s=values["sample_minutes"],
        gas_token=values["gas_token"],
        gas_units=values["gas_units"],
        gas_wei=values["gas_gwei"],
    )
