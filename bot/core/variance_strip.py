"""Model-free volatility index from an option chain: the CBOE's recipe, for any chain.

Each expiry's variance comes from a strip of out-of-the-money quotes; the two expiries around the
wanted time are interpolated in total variance. Prices are quote currency per unit of the
underlying. Source: the CBOE's VIX white paper; docs/maths.md section 5.5 has the rules in full.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.core.bars import Floats
from bot.core.errors import MarketDataError, VolIndexError
from bot.core.term_structure import vol_at
from bot.core.units import DAY_S, YEAR_S


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OptionChain:
    """Quotes of one moment, one row an option, in any order; the arrays are read-only.

    expiry_s: unix seconds. bid, ask: quote currency, 0 where there is none.
    """

    expiry_s: Floats
    strike: Floats
    is_call: NDArray[np.bool_]
    bid: Floats
    ask: Floats

    def __post_init__(self) -> None:
        for field in fields(self):
            kind = np.bool_ if field.name == "is_call" else np.float64
            column: NDArray[Any] = np.array(getattr(self, field.name), dtype=kind)
            column.flags.writeable = False
            object.__setattr__(self, field.name, column)
            if column.shape != (len(self.expiry_s),):
                raise _bad(f"column {field.name} is not as long as the others")
        _refuse_impossible(self)

    def __len__(self) -> int:
        return len(self.expiry_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class StripVariance:
    """What one expiry says.

    years: to expiry. forward: by put-call parity at the strike where call and put are closest.
    k0: highest strike at or below it. variance: a year. strikes: how many the strip has, k0 once.
    """

    expiry_s: float
    years: float
    forward: float
    k0: float
    variance: float
    strikes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VolIndex:
    """index: an annual fraction. near, next: the expiries around the wanted time.

    Where all expiries lie on one side of it, both are the nearest one, and its variance stands.
    """

    index: float
    near: StripVariance
    next: StripVariance


def vol_index(
    chain: OptionChain,
    *,
    at_s: float,
    days: float,
    rate: float = 0.0,
    rate_next: float | None = None,
) -> VolIndex:
    """Volatility over the next `days` as the chain prices it at unix second `at_s`.

    near is the last expiry at or before at + days, next the first after it. rate: continuous.
    rate_next: of the second expiry, the same when left out.
    """
    if not (math.isfinite(days) and days > 0.0):
        raise VolIndexError(expiry="any", problem=f"days {days} are not above 0")
    expiries = np.unique(chain.expiry_s)
    ahead = expiries[expiries > at_s]
    if not ahead.size:
        problem = f"none of its {expiries.size} expiries comes after the time {_moment(at_s)}"
        raise VolIndexError(expiry="any", problem=problem)
    after = np.searchsorted(ahead, at_s + days * DAY_S, side="right").item()
    around = ahead[max(0, after - 1)], ahead[min(after, ahead.size - 1)]
    near_s, next_s = around if after else (ahead[0], ahead[0])
    rates = {near_s: rate} if near_s == next_s or rate_next is None else {next_s: rate_next}
    near, following = (
        strip_variance(chain, expiry_s=expiry_s.item(), at_s=at_s, rate=rates.get(expiry_s, rate))
        for expiry_s in (near_s, next_s)
    )
    return VolIndex(
        index=interpolated(near, following, years=days * DAY_S / YEAR_S),
        near=near,
        next=following,
    )


def interpolated(near: StripVariance, following: StripVariance, *, years: float) -> float:
    """Volatility to `years` from two expiries, linear in total variance between them."""
    strips = (near,) if following.expiry_s == near.expiry_s else (near, following)
    return vol_at(
        years, [strip.years for strip in strips], [math.sqrt(strip.variance) for strip in strips]
    )


def strip_variance(
    chain: OptionChain, *, expiry_s: float, at_s: float, rate: float = 0.0
) -> StripVariance:
    """Variance a year of one expiry, T years ahead:

    (2/T) sum dK/K^2 e^(RT) Q(K) - (1/T) (F/K0 - 1)^2, dK half the distance of the neighbours.
    """
    years = (expiry_s - at_s) / YEAR_S
    growth = _growth(rate=rate, years=years, expiry_s=expiry_s)
    strikes, put, call = _mids(chain, expiry_s)
    forward = _forward(strikes, put, call, growth=growth, expiry_s=expiry_s)
    middle = np.searchsorted(strikes, forward, side="right").item() - 1
    if middle < 0:
        raise _none(expiry_s, f"no strike is at or below its forward {forward:.10g}")
    k0 = strikes[middle].item()
    if not (put[middle] > 0.0 and call[middle] > 0.0):
        raise _none(expiry_s, f"call or put is not quoted at {k0:.10g}, where the strip divides")
    below = (middle - 1 - _kept(put[:middle][::-1]))[::-1]
    above = middle + 1 + _kept(call[middle + 1 :])
    if not (below.size and above.size):
        side = "call above" if below.size else "put below"
        raise _none(expiry_s, f"no {side} the strike {k0:.10g} is quoted")
    used = strikes[np.concatenate((below, [middle], above))]
    price = np.concatenate((put[below], [(put[middle] + call[middle]) / 2.0], call[above]))
    # With unit spacing numpy's gradient is half the distance of the neighbours, whole at the ends.
    strip = np.sum(np.gradient(used) / used**2 * growth * price).item()
    variance = (2.0 * strip - (forward / k0 - 1.0) ** 2) / years
    if not (math.isfinite(variance) and variance > 0.0):
        raise _none(expiry_s, f"its {used.size} strikes sum to a variance of {variance:.6g}")
    return StripVariance(
        expiry_s=expiry_s,
        years=years,
        forward=forward,
        k0=k0,
        variance=variance,
        strikes=used.size,
    )


def _growth(*, rate: float, years: float, expiry_s: float) -> float:
    """e^(RT)."""
    if not years > 0.0:
        raise _none(expiry_s, "it is not after the time asked for")
    if not (math.isfinite(rate) and abs(rate * years) < 100.0):
        raise _none(expiry_s, f"rate {rate} is impossible over {years:.6g} years")
    return math.exp(rate * years)


def _mids(chain: OptionChain, expiry_s: float) -> tuple[Floats, Floats, Floats]:
    """(strikes in order, mids of the puts, mids of the calls), 0 where bid or ask is missing."""
    mine = chain.expiry_s == expiry_s
    strikes, row = np.unique(chain.strike[mine], return_inverse=True)
    bid, ask, is_call = chain.bid[mine], chain.ask[mine], chain.is_call[mine]
    mid = np.where((bid > 0.0) & (ask > 0.0), (bid + ask) / 2.0, 0.0)
    put, call = np.zeros_like(strikes), np.zeros_like(strikes)
    put[row[~is_call]] = mid[~is_call]
    call[row[is_call]] = mid[is_call]
    return strikes, put, call


def _forward(
    strikes: Floats, put: Floats, call: Floats, *, growth: float, expiry_s: float
) -> float:
    """K + e^(RT) (C - P) at the strike where call and put are closest, the lower one of two."""
    quoted = np.flatnonzero((put > 0.0) & (call > 0.0))
    if not quoted.size:
        raise _none(expiry_s, "no strike has both its call and its put quoted")
    gap = (call - put)[quoted]
    closest = np.argmin(np.abs(gap))
    forward: float = (strikes[quoted[closest]] + growth * gap[closest]).item()
    return forward


def _kept(mids: Floats) -> NDArray[np.intp]:
    """Which quotes the strip keeps, walking outwards: those quoted, up to two in a row that
    are not. An option that is not listed counts as one without a bid."""
    bare = mids == 0.0
    pairs = np.flatnonzero(bare[:-1] & bare[1:])
    end = pairs[0] if pairs.size else mids.size
    return np.flatnonzero(~bare[:end])


def _refuse_impossible(chain: OptionChain) -> None:
    """Refuse what no venue can have quoted; the first offender is named by its row."""
    prices = np.stack([chain.bid, chain.ask])
    checks = (
        (np.isfinite(chain.expiry_s), "the expiry is no time"),
        (np.isfinite(chain.strike) & (chain.strike > 0.0), "the strike is not a number above 0"),
        (
            (np.isfinite(prices) & (prices >= 0.0)).all(axis=0),
            "a price is not a number of 0 or more",
        ),
        ((chain.ask >= chain.bid) | (chain.ask == 0.0), "the bid is above the ask"),
    )
    for good, problem in checks:
        if not good.all():
            row = np.argmin(good).item()
            raise _bad(f"row {row + 1}, strike {chain.strike[row]:.10g}: {problem}")
    keys = np.stack([chain.expiry_s, chain.strike, chain.is_call.astype(np.float64)])
    kinds, first, counts = np.unique(keys, axis=1, return_index=True, return_counts=True)
    if kinds.shape[1] < len(chain):
        row = first[np.argmax(counts > 1)].item()
        raise _bad(f"row {row + 1}, strike {chain.strike[row]:.10g}: the option is there twice")


def _moment(time_s: float) -> str:
    return f"{np.datetime64(round(time_s), 's')}Z"


def _none(expiry_s: float, problem: str) -> VolIndexError:
    return VolIndexError(expiry=_moment(expiry_s), problem=problem)


def _bad(problem: str) -> MarketDataError:
    return MarketDataError(source="option chain", problem=problem)
