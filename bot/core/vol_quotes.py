"""Prices of contracts on the volatility index: futures, calls and the token, bid, mark and ask.

Everything is priced in millionths of a vol point and only then becomes quote atoms, so the same
market gives the same atoms on every machine. docs/maths.md section 4.8.
"""

from __future__ import annotations

import math

from bot.core.errors import NotListedError
from bot.core.market import Market
from bot.core.options import normal_cdf, time_value
from bot.core.orders import Contract, ContractKind
from bot.core.surface import Surface
from bot.core.units import MILLION, mul_div_down, mul_div_up
from bot.core.vol_index import INDEX_S, forward_micro
from bot.core.vol_terms import VolTerms

Prices = tuple[int, int, int]
"""(bid, mark, ask)."""


def future_micro(
    ahead_s: int, *, surface: Surface, realised_vol: float | None, terms: VolTerms
) -> int:
    """The index that is expected `ahead_s` from now, millionths of a point.

    The forward variance of its 30 days is the mean of its square, so its own mean is less by
    exp(-s^2/2), s its standard deviation until then. With 0 or less ahead it is the index.
    """
    root = forward_micro(surface, realised_vol, max(0, ahead_s))
    stdev = terms.index_stdev(ahead_s, vol_of_vol=terms.vol_of_vol)
    return round(root * math.exp(-0.5 * stdev * stdev))


def prices(
    contract: Contract, market: Market, *, surface: Surface, terms: VolTerms, widening: float
) -> Prices:
    """Quote atoms a contract: bid and ask whole ticks, the mark between them finer.

    widening: of bid and ask by stress, a share on top, >= 0.
    """
    bid, mark, ask = _prices_micro(contract, market, surface, terms, widening=widening)
    tick, in_atoms = tick_atoms(market, terms), mul_div_down(mark, quote_unit(market), MILLION)
    low = mul_div_down(bid, quote_unit(market), MILLION)
    high = mul_div_up(ask, quote_unit(market), MILLION)
    bid_atoms = min(low, in_atoms - 1) // tick * tick
    return (
        max(0, bid_atoms) if contract.kind.is_option else bid_atoms,
        in_atoms,
        -(-max(high, in_atoms + 1) // tick) * tick,
    )


def vega_points(contract: Contract, market: Market, *, surface: Surface, terms: VolTerms) -> float:
    """Change of a contract's price, in quote tokens, per point of the forward index to its expiry.

    1 for a future, Black's delta for a call; of the token its value over a 30-day future.
    """
    if contract.kind is ContractKind.VOL_TOKEN:
        return token_micro(market) / _future(market, surface, terms, ahead_s=INDEX_S)
    if contract.kind is ContractKind.VOL_FUTURE:
        return 1.0
    ahead_s = contract.expiry_s - market.time_s
    future = _future(market, surface, terms, ahead_s=ahead_s)
    stdev = terms.index_stdev(ahead_s, vol_of_vol=terms.vol_of_vol)
    strike = strike_micro(contract, market)
    if stdev <= 0.0:
        return 1.0 if future > strike else 0.0
    return normal_cdf(math.log(future / strike) / stdev + 0.5 * stdev)


def quote_unit(market: Market) -> int:
    """Quote atoms of one quote token."""
    unit: int = 10**market.quote_decimals
    return unit


def tick_atoms(market: Market, terms: VolTerms) -> int:
    """Smallest price step, quote atoms a contract, >= 1."""
    return max(1, mul_div_down(quote_unit(market), terms.price_tick_milli, 1_000))


def strike_micro(contract: Contract, market: Market) -> int:
    """The strike in millionths of a point."""
    return mul_div_down(contract.strike_atoms, MILLION, quote_unit(market))


def token_micro(market: Market) -> int:
    """What the market's vol token is worth; NotListedError where none has begun."""
    if market.vol_token_micro is None:
        raise NotListedError(pool=market.pool, reason="its vol token has not begun")
    return market.vol_token_micro


def _prices_micro(
    contract: Contract, market: Market, surface: Surface, terms: VolTerms, *, widening: float
) -> Prices:
    half_share = terms.future_half_ppm * (1.0 + widening) / MILLION
    if contract.kind is ContractKind.VOL_TOKEN:
        value = token_micro(market)
        half = math.ceil(value * half_share)
        return value - half, value, value + half
    ahead_s = contract.expiry_s - market.time_s
    future, strike = (
        _future(market, surface, terms, ahead_s=ahead_s),
        strike_micro(contract, market),
    )
    if contract.kind is ContractKind.VOL_FUTURE:
        half = math.ceil(future * half_share)
        return future - strike - half, future - strike, future - strike + half
    half_vol = terms.half_vol_of_vol * (1.0 + widening)
    low, mark, high = (
        future
        * time_value(
            forward=1.0,
            strike=strike / future,
            stdev=terms.index_stdev(ahead_s, vol_of_vol=vol_of_vol),
        )
        for vol_of_vol in (
            max(0.0, terms.vol_of_vol - half_vol), terms.vol_of_vol, terms.vol_of_vol + half_vol
        )
    )  # fmt: skip
    intrinsic = max(0, future - strike)
    return intrinsic + math.floor(low), intrinsic + round(mark), intrinsic + math.ceil(high)


def _future(market: Market, surface: Surface, terms: VolTerms, *, ahead_s: int) -> int:
    return future_micro(ahead_s, surface=surface, realised_vol=market.realised_vol, terms=terms)
