"""The three losses of an LP position as float formulas, for people and for stress tables.

The bot's own figures are exact and live in bot/core/exposure.py. V0 is the value at entry, L the
liquidity; prices are quote per base. Source: docs/maths.md sections 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, sqrt

from bot.core.errors import UsageError


def il_vs_hold(ratio: float) -> float:
    """Value of a full-range LP against holding, as a fraction <= 0, fees excluded.

    ratio: price now / price at entry, > 0. 2*sqrt(r)/(1 + r) - 1, written without cancellation.
    Symmetric: f(r) == f(1/r).

    >>> round(il_vs_hold(4.0), 12)
    -0.2
    """
    _refuse_unless_positive(ratio=ratio)
    return -((sqrt(ratio) - 1.0) ** 2) / (1.0 + ratio)


def loss_vs_entry_hold(ratio: float) -> float:
    """Loss of a full-range LP with borrowed tokens, as a fraction <= 0 of V0, fees excluded.

    ratio: price now / price at entry, > 0. sqrt(r) - (1 + r)/2, written without cancellation.

    >>> loss_vs_entry_hold(4.0)
    -0.5
    """
    _refuse_unless_positive(ratio=ratio)
    return -((sqrt(ratio) - 1.0) ** 2) / 2.0


def funded_pnl(ratio: float) -> float:
    """Profit or loss of a full-range LP paid with own money, as a fraction of V0, no fees.

    ratio: price now / price at entry, > 0. sqrt(r) - 1.

    >>> funded_pnl(4.0)
    1.0
    """
    _refuse_unless_positive(ratio=ratio)
    return sqrt(ratio) - 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRange:
    """The prices between which liquidity works, quote per base; 0 and infinity are Uniswap v2."""

    lower: float = 0.0
    upper: float = inf

    def __post_init__(self) -> None:
        if not 0.0 <= self.lower < self.upper:
            raise _refusal(f"lower {self.lower} must be at least 0 and below upper {self.upper}")

    def amounts(self, price: float) -> tuple[float, float]:
        """(base, quote) tokens per unit of liquidity.

        In range x = 1/sqrt(P) - 1/sqrt(upper), y = sqrt(P) - sqrt(lower); outside, P stands at
        the nearer bound and the position is all of one token.
        """
        _refuse_unless_positive(price=price)
        root = sqrt(min(max(price, self.lower), self.upper))
        return 1.0 / root - 1.0 / sqrt(self.upper), root - sqrt(self.lower)

    def value(self, price: float) -> float:
        """Quote value per unit of liquidity."""
        base, quote = self.amounts(price)
        return base * price + quote

    def delta(self, price: float) -> float:
        """Change of value per unit of price, per unit of liquidity: the base amount."""
        return self.amounts(price)[0]

    def gamma(self, price: float) -> float:
        """Change of delta per unit of price, per unit of liquidity: -1/(2 P^1.5), 0 outside."""
        _refuse_unless_positive(price=price)
        return -0.5 * price**-1.5 if self.lower < price < self.upper else 0.0

    def efficiency(self, price: float) -> float:
        """Liquidity of this range over that of Uniswap v2 for the same value, in range.

        >>> round(PriceRange(lower=1500.0, upper=2500.0).efficiency(2000.0), 9)
        8.349078122
        """
        return 2.0 * sqrt(price) / self.value(price)


def calc_il(
    *, entry: float, price: float, lower: float = 0.0, upper: float = inf, value: float = 1.0
) -> dict[str, float]:
    """Every figure of one position between two prices, fees excluded.

    entry, price: quote per base, > 0 (a price ratio r is entry=1, price=r). lower, upper: the
    range, all prices when left out. value: quote value at entry, > 0. The losses are fractions,
    the values are in quote, delta in base tokens and gamma in base tokens per unit of price.

    >>> round(calc_il(entry=2000.0, price=1000.0, value=1e6)["il_vs_hold"], 8)
    -0.05719096
    """
    _refuse_unless_positive(entry=entry, price=price, value=value)
    span = PriceRange(lower=lower, upper=upper)
    too_wide = _refusal(f"entry {entry}, price {price}, value {value} exceed a float's range")
    try:
        figures = _figures(span, entry=entry, price=price, value=value)
    except ArithmeticError:
        raise too_wide from None
    if not all(map(isfinite, figures.values())):
        raise too_wide
    return figures


def _figures(span: PriceRange, *, entry: float, price: float, value: float) -> dict[str, float]:
    liquidity = value / span.value(entry)
    base, quote = span.amounts(entry)
    hold_value = liquidity * (base * price + quote)
    lp_value = liquidity * span.value(price)
    return {
        "liquidity": liquidity,
        "efficiency": liquidity * 2.0 * sqrt(entry) / value,
        "entry_base": liquidity * base,
        "entry_quote": liquidity * quote,
        "il_vs_hold": min(0.0, lp_value / hold_value - 1.0),
        "loss_vs_entry_hold": min(0.0, (lp_value - hold_value) / value),
        "funded_pnl": lp_value / value - 1.0,
        "lp_value": lp_value,
        "hold_value": hold_value,
        "delta_base": liquidity * span.delta(price),
        "gamma_base": liquidity * span.gamma(price),
    }


def _refuse_unless_positive(**values: float) -> None:
    for name, value in values.items():
        if not (isfinite(value) and value > 0.0):
            raise _refusal(f"{name} {value} must be a finite number above 0")


def _refusal(problem: str) -> UsageError:
    return UsageError(problem=problem, command="calc il")
