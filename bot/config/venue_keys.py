"""The keys of [venue]: every knob of the core's venue terms, by the name it has there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from bot.config.keys import Flag, Key, Kind, MapOf, Number, TableOf, Text, Whole
from bot.core.depth import DepthTerms
from bot.core.fees import FeeTerms
from bot.core.listing import ListingTerms
from bot.core.margin import MarginTerms
from bot.core.quotes import SpreadTerms
from bot.core.surface import SurfaceTerms
from bot.core.vol_terms import VolTerms

KNOBS: Mapping[str, str] = {
    # surface
    "atm_vol": "at-the-money volatility now, a yearly fraction",
    "atm_vol_long": "the volatility it reverts to with longer tenors, a yearly fraction",
    "decay_days": "how fast: the decay time of the difference",
    "skew": "change of volatility per unit of ln(K/F)/sqrt(years); below 0 makes puts dearer",
    "curvature": "slope of the wings of the smile, on top of the skew",
    "smile_width": "where the wings begin, in ln(K/F)/sqrt(years)",
    "vol_min": "no quote is below this volatility",
    "vol_max": "no quote is above this volatility",
    "stress_beta": "rise of the level per unit of realised volatility above `atm_vol`, 0 to 1",
    # moving
    "on": "false: the surface stands as the chain quoted it",
    "beta": "how much volatility follows realised volatility, as a share, 0 to 1",
    "fast_share": "how much of that dies out with `decay_days`; the rest with `slow_days`",
    "slow_days": "the decay time of the rest",
    "storm_skew": "rho of the smile in a storm, SSVI; below 0 makes puts dearer",
    "storm_width": "eta of that smile: how steep it is",
    "storm_flattening": "gamma of that smile: how much flatter it is for far expiries",
    "skew_beta": "share of that smile per share that realised volatility is above calm",
    # spread
    "half_vol_min": "least distance of bid and ask from the mark, in volatility",
    "half_share": "that distance as a share of the volatility, at the money and at 30 days",
    "distance_widening": "wider by this share per unit of ln(K/S)/sqrt(years)",
    "stress_widening": "wider by this share per unit of realised volatility above calm",
    "widening_max": "no spread is widened more than so many times",
    "forward_half_ppm": "that distance for a forward, millionths of spot; only stress widens it",
    # depth
    "size_base": "what stands at the best price at the money in calm times, whole base tokens",
    "distance_thinning": "less by this share per unit of ln(K/S)/sqrt(years)",
    "stress_thinning": "less by this share per unit of realised volatility above calm",
    # listing
    "strike_step_bps": "wanted distance of strikes, bps of spot",
    "price_tick_ppm": "wanted price tick, millionths of spot",
    "lot_micro": "smallest size, millionths of a whole base token, or of a contract",
    "daily_days": "how many days ahead each day is an expiry",
    "weekly_days": "how many days ahead each Friday is one",
    "monthly_days": "how many days ahead each last Friday of a month is one",
    # contracts on the volatility index
    "vol_of_vol": "volatility of the index itself, a yearly fraction",
    "vol_of_vol_days": "how long a shock to the index lasts: its decay time",
    "future_half_ppm": "bid and ask of futures and the token from the mark, millionths of index",
    "half_vol_of_vol": "bid and ask of calls from the mark, in vol of vol",
    "token_roll_ppm": "what the vol token loses at each daily roll, millionths of its value",
    "strike_step_milli": "distance of strikes, thousandths of a vol point",
    "price_tick_milli": "price tick, thousandths of a vol point",
    "depth_contracts": "what stands at the best price in calm times, contracts",
    "contracts_max": "largest size of one leg, contracts",
    # fees
    "trade_ppm": "fee of dealing, millionths of quantity times spot",
    "delivery_ppm": "fee of settling, millionths of quantity times settlement price",
    "cap_bps": "no fee is more than this share of the premium or payoff",
    "forward_ppm": "fee of dealing a forward, millionths of quantity times spot",
    "forward_delivery_ppm": "fee of settling one, millionths of quantity times settlement price",
    "vol_ppm": "fee of dealing contracts on the index, millionths of quantity times index",
    "vol_delivery_ppm": "fee of settling them, millionths of quantity times settlement index",
    # margin
    "initial_bps": "margin of a forward, and of a short option at the money, bps of spot",
    "floor_bps": "and for an option at least this, however far out of the money",
    "vol_initial_bps": "the same of contracts on the index, bps of the index",
    "vol_floor_bps": "and of a short vol call or token at least this",
}


def _terms(record: type[Any]) -> TableOf:
    """A table with one key for each knob of the core's terms; the record checks its own ranges."""
    kinds: Mapping[str, Any] = {
        "int": Whole(lowest=0, highest=10**9),
        "float": Number(lowest="-1000", highest="1000000"),
    }
    return TableOf(
        {knob.name: Key(kinds[str(knob.type)], KNOBS[knob.name], None) for knob in fields(record)}
    )


SHARE = Number(lowest="0", highest="1")
DAYS = Number(lowest="0", highest="100000", above=True)
MOVING_KINDS: Mapping[str, Kind] = {
    "on": Flag(),
    "beta": SHARE,
    "fast_share": SHARE,
    "decay_days": DAYS,
    "slow_days": DAYS,
    "storm_skew": Number(lowest="-0.99", highest="0.99"),
    "storm_width": Number(lowest="0", highest="10", above=True),
    "storm_flattening": SHARE,
    "skew_beta": Number(lowest="0", highest="1000"),
}
CHAIN = Key(
    Text(wanted="a path in quotes"),
    "an option chain, CSV or .csv.gz, to fit the surface to, relative to the file that names it; "
    "replaces `preset` and `surface`",
    None,
)
MOVING = Key(
    TableOf({name: Key(kind, KNOBS[name], None) for name, kind in MOVING_KINDS.items()}),
    "how a fitted surface moves",
)

POOL_TERMS_KEYS = {
    "preset": Key(
        Text(choices=("major", "correlated", "vol_token")),
        "what the other knobs start from: a pair like ETH/USD, one whose tokens move together, "
        "or a volatility token against money",
        None,
    ),
    "quantity_max_base": Key(
        Whole(lowest=1, highest=10**12), "largest size of one leg, whole base tokens", None
    ),
    "chain": CHAIN,
    "moving": MOVING,
    "surface": Key(_terms(SurfaceTerms), "the implied volatility quoted"),
    "spread": Key(_terms(SpreadTerms), "how far bid and ask stand from the mark"),
    "depth": Key(_terms(DepthTerms), "how much stands at bid and ask"),
    "listing": Key(_terms(ListingTerms), "expiries, strikes, lots and ticks"),
    "vol": Key(_terms(VolTerms), "contracts on the pool's volatility index"),
}

VENUE_KEYS = {
    "default": Key(TableOf(POOL_TERMS_KEYS), "how every pool is quoted"),
    "pools": Key(
        MapOf(
            kind=TableOf(POOL_TERMS_KEYS),
            pattern="[0-9A-Za-z.+_-]+",
            wanted='a pool by its name: [venue.pools."WETH-USDC"]',
        ),
        "what is quoted otherwise for one pool, by its name BASE-QUOTE",
        MappingProxyType({}),
    ),
    "fees": Key(_terms(FeeTerms), "what dealing and settling cost"),
    "margin": Key(_terms(MarginTerms), "what short options tie up"),
}
