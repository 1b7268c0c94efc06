"""What the venue lists on a pool's volatility index, and how much of it stands in the book.

The calendar is that of the options; strikes, lots and ticks are whole shares of a vol point.
"""

from __future__ import annotations

from bot.core.contracts import NEVER_S, Contract, ContractKind
from bot.core.errors import NotListedError
from bot.core.listing import ListingTerms, contract_code, is_expiry
from bot.core.market import Market
from bot.core.units import MILLION, mul_div_down
from bot.core.vol_quotes import quote_unit
from bot.core.vol_terms import VolTerms


def vol_contract_near(
    market: Market, *, kind: ContractKind, target_atoms: int, expiry_s: int, terms: VolTerms
) -> Contract:
    """The listed contract with the strike nearest to `target_atoms` (quote atoms a contract), the
    higher of two as near; of the token, which has neither strike nor expiry, the only one."""
    if kind is ContractKind.VOL_TOKEN:
        return Contract(
            code=f"{market.pool}-{kind.letters}",
            kind=kind,
            pool=market.pool,
            strike_atoms=0,
            expiry_s=NEVER_S,
        )
    step = strike_step_atoms(market, terms)
    strike = max(1, (2 * target_atoms + step) // (2 * step)) * step
    return Contract(
        code=contract_code(market, kind=kind, strike_atoms=strike, expiry_s=expiry_s),
        kind=kind,
        pool=market.pool,
        strike_atoms=strike,
        expiry_s=expiry_s,
    )


def strike_step_atoms(market: Market, terms: VolTerms) -> int:
    """Distance between listed strikes, quote atoms; NotListedError where an atom is too coarse."""
    step, rest = divmod(quote_unit(market) * terms.strike_step_milli, 1_000)
    if rest or not step:
        raise NotListedError(
            pool=market.pool,
            reason=f"{market.quote_decimals} decimals cannot write strikes "
            f"{terms.strike_step_milli} thousandths of a point apart",
        )
    return step


def is_vol_listed(
    contract: Contract, market: Market, *, listing: ListingTerms, terms: VolTerms
) -> bool:
    """Whether the contract may be opened now: on the calendar, on the grid, under its own name."""
    if contract != vol_contract_near(
        market,
        kind=contract.kind,
        target_atoms=contract.strike_atoms,
        expiry_s=contract.expiry_s,
        terms=terms,
    ):
        return False
    never = contract.kind is ContractKind.VOL_TOKEN
    return never or is_expiry(contract.expiry_s, now_s=market.time_s, terms=listing)


def vol_depth_micro(*, stress: float, stress_thinning: float, terms: VolTerms) -> int:
    """Millionths of contracts that can be dealt at the quote on one side, whole lots, >= 0.

    Worked: 10,000 contracts at stress 3 are 10,000 / (1 + 3) = 2,500.
    """
    share_ppm = int(MILLION / (1.0 + stress_thinning * stress))
    shown = mul_div_down(terms.depth_contracts * MILLION, share_ppm, MILLION)
    return shown // terms.lot_micro * terms.lot_micro
