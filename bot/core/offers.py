"""Options that a venue really offers, as arrays that a hedge is chosen from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.core.checked import Floats, not_negative, positive
from bot.core.errors import NotListedError, OptionInputError
from bot.core.market import Market
from bot.core.option_legs import Bools
from bot.core.orders import Contract, ContractKind
from bot.core.ports import Quoting
from bot.core.units import YEAR_S, atoms_to_float

PROBES_MAX = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """One entry an option, all of the same length. Prices are quote per base.

    years: to expiry. bids: 0 where nobody buys. asks: at or above the bid, > 0.
    """

    is_call: Bools
    strikes: Floats
    years: Floats
    bids: Floats
    asks: Floats

    def __post_init__(self) -> None:
        lengths = {
            len(column) for column in (self.is_call, self.strikes, self.years, self.bids, self.asks)
        }
        if len(lengths) != 1 or 0 in lengths:
            raise OptionInputError(
                name="offers", value=sorted(lengths), problem="columns must be as long, and not 0"
            )
        positive("strike", self.strikes)
        positive("ask", self.asks)
        not_negative("bid", self.bids)
        not_negative("years", self.years)
        crossed = self.bids > self.asks
        if np.any(crossed):
            bid = self.bids[np.argmax(crossed)].item()
            raise OptionInputError(name="bid", value=bid, problem="it is above the ask")


def listed_contracts(
    quoting: Quoting, market: Market, *, low_atoms: int, high_atoms: int, expiries_s: Sequence[int]
) -> tuple[Contract, ...]:
    """Every listed put and call with a strike near low to high, by expiry, kind and strike.

    The venue is asked for the contract nearest to a price until each gap between two answers that
    neighbour is known to be empty. low_atoms, high_atoms: quote atoms per whole base token.
    """
    found: list[Contract] = []
    for expiry_s in expiries_s:
        for kind in (ContractKind.PUT, ContractKind.CALL):
            known = _strikes(
                quoting, market, kind=kind, ends=(low_atoms, high_atoms), expiry_s=expiry_s
            )
            found.extend(known[strike] for strike in sorted(known))
    return tuple(found)


def _strikes(
    quoting: Quoting, market: Market, *, kind: ContractKind, ends: tuple[int, int], expiry_s: int
) -> dict[int, Contract]:
    """By bisection: between two neighbours, the middle's nearest strike is one of them."""

    def nearest(target: int) -> Contract:
        return quoting.contract(market, kind=kind.value, target_atoms=target, expiry_s=expiry_s)

    edges = [nearest(end) for end in ends]
    known = {contract.strike_atoms: contract for contract in edges}
    gaps = [(edges[0].strike_atoms, edges[1].strike_atoms)]
    for _ in range(PROBES_MAX):
        if not gaps:
            return known
        low, high = gaps.pop()
        between = nearest((low + high) // 2)
        if low < between.strike_atoms < high:
            known[between.strike_atoms] = between
            gaps += [(low, between.strike_atoms), (between.strike_atoms, high)]
    raise NotListedError(pool=market.pool, reason=f"more than {PROBES_MAX // 2} strikes asked for")


def venue_offers(quoting: Quoting, market: Market, contracts: Sequence[Contract]) -> Offers:
    """The venue's bid and ask of these contracts now, in whole tokens."""
    quotes = [quoting.bid_ask(contract, market) for contract in contracts]

    def whole(atoms: int) -> float:
        return atoms_to_float(atoms, market.quote_decimals)

    return Offers(
        is_call=np.array([contract.kind is ContractKind.CALL for contract in contracts]),
        strikes=np.array([whole(contract.strike_atoms) for contract in contracts]),
        years=np.array([(contract.expiry_s - market.time_s) / YEAR_S for contract in contracts]),
        bids=np.array([whole(bid) for bid, _ in quotes]),
        asks=np.array([whole(ask) for _, ask in quotes]),
    )
