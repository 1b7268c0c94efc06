"""What the venue lists: expiries, strikes, lots and price ticks, as pure functions of the market.

Integers only. A contract once listed stays quotable until it expires, also when spot moves and the
strike grid with it: the grid decides what may be opened, not what may be closed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache

from bot.core.errors import NotListedError, VenueTermsError
from bot.core.market import Market
from bot.core.orders import Contract, ContractKind
from bot.core.units import BPS, DAY_S, mul_div_down, mul_div_up

EXPIRY_OF_DAY_S = 8 * 3_600  # 08:00 UTC
DAYS_OF_WEEK = 7
FRIDAY = 1  # of day number modulo 7: 1970-01-01 was a Thursday
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
MILLION = 1_000_000

STRIKE_TENTHS = (10, 20, 25, 50)  # 1, 2, 2.5, 5
TICK_TENTHS = (10, 20, 50)  # 1, 2, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingTerms:
    """How fine the venue lists. All are positive whole numbers.

    strike_step_bps: wanted distance of strikes, of spot; the step is the ladder value (1, 2, 2.5,
    5 and their tenfolds) at or below it. price_tick_ppm: wanted price tick, millionths of spot,
    in the same way on 1, 2, 5. lot_micro: smallest size, millionths of a whole base token.
    daily_days, weekly_days, monthly_days: how far ahead daily expiries, Fridays, and last Fridays
    of a month are listed.
    """

    strike_step_bps: int = 250
    price_tick_ppm: int = 100
    lot_micro: int = 10_000
    daily_days: int = 14
    weekly_days: int = 56
    monthly_days: int = 366

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value < 1:
                raise VenueTermsError(name=field.name, value=value, problem="it must be 1 or more")

    @property
    def farthest_days(self) -> int:
        """How far ahead anything is listed."""
        return max(self.daily_days, self.weekly_days, self.monthly_days)


def expiries(now_s: int, terms: ListingTerms) -> tuple[int, ...]:
    """Every listed expiry after `now_s`, unix time, ascending: at least tomorrow's."""
    return _expiries_from(_first_day(now_s), terms)


@lru_cache(maxsize=16)  # the calendar changes once a day; a year of it is asked for at every order
def _expiries_from(first_day: int, terms: ListingTerms) -> tuple[int, ...]:
    return tuple(
        day * DAY_S + EXPIRY_OF_DAY_S
        for day in range(first_day, first_day + terms.farthest_days)
        if _lists_day(day, ahead_days=day - first_day + 1, terms=terms)
    )


def expiry_near(now_s: int, *, tenor_s: int, terms: ListingTerms) -> int:
    """The listed expiry nearest to `tenor_s` from now; of two as near, the later one protects."""
    wanted_s = now_s + tenor_s
    return min(expiries(now_s, terms), key=lambda expiry_s: (abs(expiry_s - wanted_s), -expiry_s))


def strike_step_atoms(spot_atoms: int, terms: ListingTerms) -> int:
    """Distance between listed strikes, quote atoms, >= 1.

    >>> strike_step_atoms(2_000_000_000, ListingTerms())  # 2,000 USD with 6 decimals: 50 USD
    50000000
    """
    return _ladder_down(mul_div_down(spot_atoms, terms.strike_step_bps, BPS), STRIKE_TENTHS)


def price_tick_atoms(spot_atoms: int, terms: ListingTerms) -> int:
    """Smallest price step, quote atoms per whole base token, >= 1.

    >>> price_tick_atoms(2_345_000_000, ListingTerms())  # 0.2 USD
    200000
    """
    return _ladder_down(mul_div_down(spot_atoms, terms.price_tick_ppm, MILLION), TICK_TENTHS)


def lot_atoms(base_decimals: int, terms: ListingTerms) -> int:
    """Smallest size in base atoms, at least one atom.

    >>> lot_atoms(18, ListingTerms())
    10000000000000000
    """
    return mul_div_up(10**base_decimals, terms.lot_micro, MILLION)


def contract_near(
    market: Market, *, kind: ContractKind, target_atoms: int, expiry_s: int, terms: ListingTerms
) -> Contract:
    """The listed contract with the strike nearest to `target_atoms`, the higher of two as near."""
    if market.spot_atoms < 1:
        raise NotListedError(pool=market.pool, reason="spot is below one quote atom, no strikes")
    step = strike_step_atoms(market.spot_atoms, terms)
    strike = max(1, (2 * target_atoms + step) // (2 * step)) * step
    return Contract(
        code=contract_code(market, kind=kind, strike_atoms=strike, expiry_s=expiry_s),
        kind=kind,
        pool=market.pool,
        strike_atoms=strike,
        expiry_s=expiry_s,
    )


def contract_code(market: Market, *, kind: ContractKind, strike_atoms: int, expiry_s: int) -> str:
    """POOL-YYYYMMDD-STRIKE and the letters of the kind, the strike in plain decimal of the quote
    token (on the index that is vol points)."""
    whole, rest = divmod(strike_atoms, 10**market.quote_decimals)
    decimals = str(rest).zfill(market.quote_decimals).rstrip("0") if rest else ""
    strike = f"{whole}.{decimals}" if decimals else str(whole)
    day = date.fromordinal(expiry_s // DAY_S + EPOCH_ORDINAL)
    return f"{market.pool}-{day:%Y%m%d}-{strike}-{kind.letters}"


def is_listed(contract: Contract, market: Market, terms: ListingTerms) -> bool:
    """Whether the contract may be opened now: on the calendar, on the grid, under its own name."""
    return (
        is_expiry(contract.expiry_s, now_s=market.time_s, terms=terms)
        and contract.strike_atoms > 0
        and contract.strike_atoms % strike_step_atoms(market.spot_atoms, terms) == 0
        and contract.code
        == contract_code(
            market,
            kind=contract.kind,
            strike_atoms=contract.strike_atoms,
            expiry_s=contract.expiry_s,
        )
    )


def is_expiry(expiry_s: int, *, now_s: int, terms: ListingTerms) -> bool:
    """Whether the calendar of `now_s` lists this expiry."""
    day, rest = divmod(expiry_s - EXPIRY_OF_DAY_S, DAY_S)
    ahead_days = day - _first_day(now_s) + 1
    return rest == 0 and ahead_days >= 1 and _lists_day(day, ahead_days=ahead_days, terms=terms)


def _first_day(now_s: int) -> int:
    """Number of the day of the next 08:00 UTC after `now_s`."""
    return (now_s - EXPIRY_OF_DAY_S) // DAY_S + 1


def _lists_day(day: int, *, ahead_days: int, terms: ListingTerms) -> bool:
    if ahead_days <= terms.daily_days:
        return True
    if day % DAYS_OF_WEEK != FRIDAY:
        return False
    if ahead_days <= terms.weekly_days:
        return True
    return ahead_days <= terms.monthly_days and _month(day) != _month(day + DAYS_OF_WEEK)


def _month(day: int) -> int:
    return date.fromordinal(day + EPOCH_ORDINAL).month


def _ladder_down(value: int, tenths: tuple[int, ...]) -> int:
    """The largest whole ladder value at or below `value`; 1 below 1."""
    if value < 1:
        return 1
    power: int = 10 ** (len(str(value)) - 1)
    steps = (tenth * power for tenth in tenths)
    return max(step // 10 for step in steps if step % 10 == 0 and step <= 10 * value)
