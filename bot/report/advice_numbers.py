"""The numbers behind advice in words: rates in per cent, money in quote tokens, one band."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.snapshot import PoolSpec
from bot.report.figures import MINUS, amount

Numbers = Mapping[str, str | float | None]

SHARES: Mapping[str, str] = {
    "fee_yield": "fees {} a year",
    "vol": "volatility {}",
    "weighed_vol": "weighed at {}",
    "net_now": "net of losses {} now",
    "net": "{} there",
    "irr": "return {}",
    "wacc": "cost of capital {}",
}
"""Numbers that are fractions, told in per cent."""

MONEY: Mapping[str, str] = {
    "fees": "fees so far {}",
    "idle": "idle {}",
    "il": "impermanent loss {}",
    "without_fees": "without fees {}",
}
"""Numbers that are quote atoms."""

BPS_SHARES: Mapping[str, str] = {"core_bps": "share of the capital {}", "wanted_bps": "wanted {}"}
"""Numbers that are bps, told in per cent."""

PLAIN: Mapping[str, str] = {
    "correlation": "correlation {}",
    "work_now": "works {} times the full range now",
    "work": "{} there",
    "gas": "gas {}",
}
"""All others but the ends of the band; in this order they follow those above."""


def numbers_in_words(numbers: Numbers, spec: PoolSpec) -> list[str]:
    """Each in words and in its unit. What is weighed like what was seen is told once."""
    told = [name for name in (*SHARES, *BPS_SHARES, *MONEY, *PLAIN) if name in numbers]
    if numbers.get("weighed_vol") == numbers.get("vol") and "vol" in told:
        told = [name for name in told if name != "weighed_vol"]
    return [*(_number(name, numbers[name], spec) for name in told), *_band(numbers)]


def _number(name: str, value: str | float | None, spec: PoolSpec) -> str:
    words = {**SHARES, **BPS_SHARES, **MONEY, **PLAIN}[name]
    if value is None:
        return words.format("unknown")
    if name in MONEY:
        return words.format(f"{amount(int(value), spec.quote.decimals)} {spec.quote.symbol}")
    if name in BPS_SHARES:
        return words.format(f"{int(value) / 100:g} %")
    figure = f"{float(value) * 100:.1f} %" if name in SHARES else f"{float(value):.3g}"
    return words.format(figure.replace("-", MINUS))


def _band(numbers: Numbers) -> list[str]:
    """The prices between which fees pay for the loss; without an upper end, all above."""
    low, high = numbers.get("band_low"), numbers.get("band_high")
    if low is None:
        return []
    ends = f"above {float(low):,.6g}" if high is None else _between(float(low), float(high))
    return [f"fees pay for the loss {ends}"]


def _between(low: float, high: float) -> str:
    return f"between {low:,.6g} and {high:,.6g}"
